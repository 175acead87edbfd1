"""A running service: its settings, and all that starts and stops with it."""
