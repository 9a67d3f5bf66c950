"""The daemon: builds the rooms in one visible order, joins them by their ports, runs until it is told to stop."""
