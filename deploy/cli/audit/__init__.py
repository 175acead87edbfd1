"""Verification of the log, checkpoints, and evidence bundles."""
