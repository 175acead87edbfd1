"""Backup, restore, and one history again after a database or the log was lost."""
