"""Sentiment measures every customer text as it arrives: a stream function, with no aggregate of its own.

Writes: `sentiments`. Hears: `complaints`, `mentions`, `sentiments`, `surveys`.
"""
