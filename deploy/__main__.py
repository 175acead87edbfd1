"""`python -m deploy` is the `recourse` command."""

from deploy.command import main

main()
