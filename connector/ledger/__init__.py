"""The two tamper-evident ledgers: append, prove, find, verify, export (PROTOCOL section 6)."""
