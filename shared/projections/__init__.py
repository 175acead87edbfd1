"""Projections: views folded from events, the consumers that feed them, rebuilds, policies."""
