"""Intake hears every complaint: it owns complaints as received, people, and the messages exchanged with them.

It writes `complaints` and `people`, and listens to `cases`, `mentions` and `surveys`.
"""
