"""A package, so that its services end with its last test, and none idles beside the tests of others."""
