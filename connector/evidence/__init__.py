"""Evidence: what a house exports of an exchange, and what anybody verifies of it offline (PROTOCOL sections 4, 6)."""
