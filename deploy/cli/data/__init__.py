"""Data in and out: imports, the demo, published contracts, screenshots."""
