"""Composition of all six services: the gateway, the embedded servers and the `recourse` command."""
