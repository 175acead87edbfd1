"""Surveys asks people how their complaint was handled, once a case, and counts what they say.

It writes `surveys`, and listens to `cases` and `people`.
"""
