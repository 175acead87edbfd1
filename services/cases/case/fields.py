"""The kinds of text that forms and the API of cases take."""

from typing import Annotated

from pydantic import AfterValidator, Field

from shared.text import printable


def _not_blank(text: str) -> str:
    if not text:
        raise ValueError("Enter some text.")
    return text


Short = Annotated[str, Field(max_length=200), AfterValidator(printable)]
Named = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(printable), AfterValidator(_not_blank)]
Account = Annotated[Named, AfterValidator(str.lower)]
Long = Annotated[str, Field(min_length=1, max_length=20_000), AfterValidator(printable), AfterValidator(_not_blank)]
