"""What must survive a restart: the state in SQLite behind one writer, the keys, and the vault of documents."""
