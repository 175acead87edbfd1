"""Security: who may do what, accounts, sessions, tokens, signatures, revocations."""
