"""Intake hears every complaint: it owns complaints as received, people, and the messages exchanged with them.

Writes: `complaints`, `people`. Hears: `cases`, `complaints`, `mentions`, `people`, `surveys`.
"""
