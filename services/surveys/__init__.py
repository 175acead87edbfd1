"""Surveys asks people how their complaint was handled, once a case, and counts what they say.

Writes: `surveys`. Hears: `cases`, `complaints`, `people`, `surveys`.
"""
