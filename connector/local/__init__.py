"""The physician's side: the local REST API, its events, and the words that people read."""
