"""Sentiment measures every customer text as it arrives: a stream function, with no aggregate of its own.

It writes `sentiments`, and listens to `complaints`, `mentions` and `surveys`.
"""
