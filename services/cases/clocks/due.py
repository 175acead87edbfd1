"""Deadline of the final response: the one regulatory clock that never pauses."""

from datetime import datetime, timedelta

FINAL_RESPONSE = timedelta(weeks=8)
"""DISP 1.6.2R: a final response, or a written reason why there is none yet, within eight weeks of receipt."""
RULE = "DISP 1.6.2R"


def due(received_at: datetime) -> datetime:
    """Calendar weeks, so no holiday moves it."""
    return received_at + FINAL_RESPONSE
