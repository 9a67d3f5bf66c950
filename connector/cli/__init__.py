"""The command `spsti-connector`: one module for each group of commands, loaded when it is called for."""
