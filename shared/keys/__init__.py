"""People's keys: the keyring, the master keys that wrap it, and the topic `people-keys` that carries it."""
