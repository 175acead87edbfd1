"""Master keys: which one wraps how many keys, and rotation to another."""
