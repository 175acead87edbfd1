"""The `recourse` command: a module or a folder for each group of its commands."""
