"""Backups of one member's house: taken while it runs, put back elsewhere, and never answered from as if nothing was."""
