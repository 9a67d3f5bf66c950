"""Who signs in here, how, and what they may open (DESIGN section 7)."""
