"""Codes: values from lists that each firm keeps, open strings so that a new code breaks no published form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import StringConstraints

from shared.events.base import Upcast


@dataclass(frozen=True, slots=True)
class Code:
    """Mark of a field whose values are on the code list of this name."""

    list: str


CODE = "^[a-z0-9-]{1,60}$"
OPEN = StringConstraints(pattern=CODE)
AlertKind = Annotated[str, OPEN, Code("alerts")]
Channel = Annotated[str, OPEN, Code("channels")]
MentionKind = Annotated[str, OPEN, Code("mention_kinds")]
Outcome = Annotated[str, OPEN, Code("outcomes")]
Priority = Annotated[str, OPEN, Code("priorities")]
Purpose = Annotated[str, OPEN, Code("purposes")]
Redress = Annotated[str, OPEN, Code("redress")]
WaitingFor = Annotated[str, OPEN, Code("waits")]

CODES_OPENED: Mapping[int, Upcast] = {1: dict}
"""Upcasts of an event whose version 1 named all codes of its day: what it says stays as it is."""
