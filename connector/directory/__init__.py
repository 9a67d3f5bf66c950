"""The list of members: who they are, where they answer, which keys speak for them."""
