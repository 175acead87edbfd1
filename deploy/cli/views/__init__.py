"""Views: rebuilding them, and how far they are."""
