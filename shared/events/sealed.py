"""Sealed text: plain in memory, ciphertext under one person's key wherever the event is stored or sent.

AES-256-GCM with a fresh 96-bit nonce (NIST SP 800-38D); the person's id is authenticated with it, so that a
box cannot be passed off as another person's.
"""

import re
from base64 import b64encode
from binascii import a2b_base64
from collections.abc import Iterable
from typing import Any, Protocol
from uuid import UUID

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

OF_PERSON = re.compile(rb'"person":"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"')


class Keys(Protocol):
    """Seals and opens text under a person's key; `open` answers None where the key is not to be had."""

    def seal(self, person: UUID, text: str) -> bytes: ...
    def open(self, person: UUID, box: bytes) -> str | None: ...


class Sealed:
    """Text about or by a person; `text` is None once they are erased."""

    __slots__ = ("person", "text")

    def __init__(self, person: UUID, text: str | None) -> None:
        self.person = person
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and (self.person, self.text) == (other.person, other.text)

    def __hash__(self) -> int:
        return hash((self.person, self.text))

    def __repr__(self) -> str:
        """Never the text: representations end in logs and tracebacks."""
        return f"Sealed({self.person})"

    @classmethod
    def of(cls, person: UUID, text: str | None) -> "Sealed | None":
        """Seal the text for the person; None stays None."""
        return None if text is None else cls(person, text)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            cls._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(
                cls._serialize, info_arg=True, when_used="json"
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {
            "title": "Sealed",
            "description": "Personal text as AES-256-GCM ciphertext under the person's key.",
            "type": "object",
            "properties": {
                "person": {"type": "string", "format": "uuid"},
                "box": {"type": "string", "contentEncoding": "base64"},
            },
            "required": ["person", "box"],
        }

    @classmethod
    def _validate(cls, value: Any, info: core_schema.ValidationInfo) -> "Sealed":
        if isinstance(value, Sealed):
            return value
        if not isinstance(value, dict):
            raise ValueError("a sealed field is an object with person and box")
        person, keys = UUID(value["person"]), info.context
        return cls(person, None if keys is None else keys.open(person, a2b_base64(value["box"])))

    @staticmethod
    def _serialize(value: "Sealed", info: core_schema.SerializationInfo) -> dict[str, str]:
        keys = info.context
        if keys is None or value.text is None:
            raise ValueError("sealed text is written only with keys, and only while it can be read")
        return {"person": str(value.person), "box": b64encode(keys.seal(value.person, value.text)).decode()}


def people_in(values: Iterable[bytes]) -> set[UUID]:
    """The people whose keys the sealed fields of these events need, as stored, without decoding them."""
    found = {person for value in values for person in OF_PERSON.findall(value)}
    return {UUID(person.decode()) for person in found}


def plaintext(sealed: Sealed | None) -> str | None:
    """The text where there is one and it may still be read."""
    return None if sealed is None else sealed.text
