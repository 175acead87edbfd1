"""`python -m deploy` is the `recourse` command."""

from deploy.cli.command import main

main()
