"""Keys, signatures, ciphers, keyed hashes, certificates, signed notes: with `wire`, all that imports cryptography."""
