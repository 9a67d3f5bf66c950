"""Identity vigilance: the desk that obtains, verifies and qualifies identities, the alerts, and who waits for it."""
