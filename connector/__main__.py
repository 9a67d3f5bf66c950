"""`python -m connector` is the command `spsti-connector`."""

from connector.cli.main import main

main()
