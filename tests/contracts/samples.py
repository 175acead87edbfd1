"""One stored sample per event type and version: `python -m tests.contracts.samples` writes those that are missing."""

import json
import types
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from shared.events import EVENTS, Event, wire_name
from shared.events.codes import Code
from shared.events.sealed import Sealed
from shared.features.codes import LISTS

FOLDER = Path(__file__).parent / "samples"
PERSON = UUID("0198c0de-0000-7000-8000-000000000001")
AGGREGATE = UUID("0198c0de-0000-7000-8000-000000000002")
WORDS = "Words of a person."


class SampleKeys:
    """One key for all: what it seals is in the samples for ever."""

    _key = AESGCM(b"the key of the published samples"[:32])

    def seal(self, person: UUID, text: str) -> bytes:
        nonce = bytes(12)
        return nonce + self._key.encrypt(nonce, text.encode(), person.bytes)

    def open(self, person: UUID, box: bytes) -> str | None:
        return self._key.decrypt(box[:12], box[12:], person.bytes).decode()


def full(model: type[BaseModel]) -> dict[str, Any]:
    """Every field given, so that a sample says all that the event can."""
    return {name: _code(field) or _value(field.annotation, name) for name, field in model.model_fields.items()}


def _code(field: FieldInfo) -> str | None:
    """The first that is on the field's list, if it has one."""
    return next((next(iter(LISTS[mark.list])) for mark in field.metadata if isinstance(mark, Code)), None)


def _value(annotation: Any, name: str) -> Any:
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return _value(next(a for a in get_args(annotation) if a is not type(None)), name)
    if origin is Literal:
        return get_args(annotation)[0]
    if origin is list:
        return [_value(get_args(annotation)[0], name)]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return full(annotation)
    named: dict[str, Any] = {"currency": "GBP", "originator_id": AGGREGATE, "originator_version": 1}
    if name in named:
        return named[name]
    plain: dict[Any, Any] = {
        UUID: PERSON, str: name, int: 1, float: -0.5, bool: True, Decimal: Decimal("12.50"),
        Sealed: Sealed(PERSON, WORDS), date: date(2026, 3, 14),
    }  # fmt: skip
    return plain.get(annotation, datetime(2026, 3, 14, 9, 30, tzinfo=UTC))


def sample(event: type[Event]) -> bytes:
    return event(**full(event)).model_dump_json(context=SampleKeys()).encode()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for event in EVENTS.values():
        path = FOLDER / f"{wire_name(event)}.json"
        if not path.exists():
            path.write_text(json.dumps(json.loads(sample(event)), indent=2) + "\n")
