"""The kinds of text that forms and the API of cases take."""

from typing import Annotated

from pydantic import AfterValidator, Field

from shared.text import not_blank, printable

Short = Annotated[str, Field(max_length=200), AfterValidator(printable)]
Named = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(printable), AfterValidator(not_blank)]
Account = Annotated[Named, AfterValidator(str.lower)]
Long = Annotated[str, Field(min_length=1, max_length=20_000), AfterValidator(printable), AfterValidator(not_blank)]
