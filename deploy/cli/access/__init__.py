"""Accounts of staff, and tokens for programs."""
