"""The questions of the complaint form, one a page, and what makes an answer complete."""

import re
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field
from pydantic_core import PydanticCustomError

from shared.features.codes import CHANNELS
from shared.features.config import ConfigFile
from shared.features.forms import Invalid, read
from shared.text import not_blank, one_line, printable
from shared.web.templating import gettext as _

FIRST, LAST = "happened", "check"
OURS = ("channel", "received", "preferred")
"""Questions for staff alone."""
EARLIEST = date(2000, 1, 1)


Product = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(one_line), AfterValidator(not_blank)]


class Products(BaseModel):
    """Products that customers choose from."""

    model_config = ConfigDict(extra="forbid")
    products: list[Product] = Field(min_length=1)


PRODUCTS: ConfigFile[Products] = ConfigFile(Path(__file__).with_name("products.toml"), Products)


def recorded() -> dict[str, str]:
    """Channels of complaints that staff record, with labels; a customer is not asked."""
    return {code: CHANNELS[code] for code, channel in CHANNELS.entries().items() if channel.staff}


def preferred() -> dict[str, str]:
    """Preferred contact, as staff record it; the first if nobody says."""
    return {code: CHANNELS[code] for code, channel in CHANNELS.entries().items() if channel.answers}


def _among(offered: Callable[[], Collection[str]]) -> AfterValidator:
    def check(text: str) -> str:
        if text not in offered():
            raise PydanticCustomError("not_offered", "Choose one of those that are offered")
        return text

    return AfterValidator(check)


def _possible(day: date) -> date:
    if not EARLIEST <= day <= datetime.now(UTC).date():
        raise PydanticCustomError("not_possible", "Nobody of us can have received it on that day")
    return day


Line = Annotated[str, Field(max_length=200), AfterValidator(one_line), AfterValidator(not_blank)]
Preferred = Annotated[str, _among(preferred)]


class Happened(BaseModel):
    narrative: Annotated[str, Field(max_length=20_000), AfterValidator(printable)] = Field(
        json_schema_extra={"enter": "Tell us what happened."}
    )


class Recorded(Happened):
    """The same of staff, who say how it came."""

    channel: Annotated[str, _among(recorded)] = Field(json_schema_extra={"enter": "Choose a channel."})
    received: Annotated[date, AfterValidator(_possible)] | None = Field(
        None, json_schema_extra={"enter": "Enter a date like 2026-03-14, from 2000 onwards and not in the future."}
    )


class About(BaseModel):
    product: Annotated[str, _among(lambda: PRODUCTS().products)] | None = Field(
        None, json_schema_extra={"enter": "Choose one of the products or services in the list."}
    )
    organisation: Line | None = Field(None, title="Branch or office")
    wanted: Annotated[str, Field(max_length=5_000), AfterValidator(printable)] | None = None


class You(BaseModel):
    """An address is what the API takes too: what passes a simpler rule may be none that a letter can be sent to."""

    name: Line | None = None
    email: EmailStr | None = Field(None, json_schema_extra={"enter": "Write the address like name@example.org."})
    phone: Annotated[str, Field(max_length=50), AfterValidator(one_line), AfterValidator(not_blank)] | None = None
    preferred: Preferred | None = None
    needs: Annotated[str, Field(max_length=2_000), AfterValidator(printable)] | None = None


ASKED: dict[str, type[BaseModel]] = {FIRST: Happened, "about": About, "you": You}
"""The page of each question: an error is shown where its field is."""
STEPS = (*ASKED, LAST)


def check(step: str, go: str, given: dict[str, str]) -> tuple[str | None, dict[str, str]]:
    """The page to show next, None when all is answered and sent; errors by field."""
    if step not in STEPS:
        return FIRST, {}
    if go in STEPS:
        return go, {}
    for asked in ASKED if step == LAST else [step]:
        if errors := wrong(asked, given):
            return asked, errors
    return (None if step == LAST else STEPS[STEPS.index(step) + 1]), {}


def wrong(step: str, given: dict[str, str]) -> dict[str, str]:
    """Errors on this page, by field; what is given is as it will be stored where there are none."""
    errors: dict[str, str] = {}
    try:
        answers = read(Recorded if step == FIRST and "channel" in given else ASKED[step], given)
        given |= {name: str(value or "") for name, value in answers if name in given}
    except Invalid as invalid:
        errors |= invalid.errors
    if not re.fullmatch(r"[\w-]{8,64}", given.get("key", "")):
        errors["narrative"] = _("The form has lost its place. Go back to the start of the form.")
    return errors


def received_at(given: dict[str, str]) -> datetime | None:
    """The beginning of the day that staff name, so that no clock starts too late; None for now."""
    return datetime.combine(date.fromisoformat(given["received"]), time(), UTC) if given.get("received") else None
