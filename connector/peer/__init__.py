"""The way between two members: mutual TLS, the server that hands to `holder`, the client that serves `requester`."""
