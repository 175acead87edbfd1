"""The questions of the complaint form, one a page, and what makes an answer complete."""

import re
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field, TypeAdapter, ValidationError

from shared.features.codes import CHANNELS
from shared.features.config import ConfigFile
from shared.text import CANNOT_BE_READ, one_line, printable
from shared.web.templating import gettext as _

FIRST, LAST = "happened", "check"
STEPS = (FIRST, "about", "you", LAST)
IN_LINES = frozenset({"narrative", "wanted", "needs"})
ADDRESS = TypeAdapter(EmailStr)
"""As the API asks: what passes a simpler rule may be none that a letter can be sent to."""
LIMITS = {
    "narrative": 20_000,
    "wanted": 5_000,
    "organisation": 200,
    "product": 200,
    "name": 200,
    "email": 200,
    "phone": 50,
    "needs": 2_000,
}
ASKED = {
    FIRST: ("narrative",),
    "about": ("product", "organisation", "wanted"),
    "you": ("name", "email", "phone", "needs"),
}
"""On which page: an error is told where its field stands."""
OURS = ("channel", "received", "preferred")
"""What only staff are asked."""
EARLIEST = date(2000, 1, 1)


class Products(BaseModel):
    """What customers choose from."""

    model_config = ConfigDict(extra="forbid")
    products: list[Annotated[str, Field(min_length=1, max_length=200), AfterValidator(one_line)]] = Field(min_length=1)


PRODUCTS: ConfigFile[Products] = ConfigFile(Path(__file__).with_name("products.toml"), Products)


def recorded() -> dict[str, str]:
    """How a complaint came that staff record, with labels; a customer is not asked."""
    return {code: CHANNELS[code] for code, channel in CHANNELS.entries().items() if channel.staff}


def preferred() -> dict[str, str]:
    """How the customer wants to hear from us, as staff are told; the first where nobody says."""
    return {code: CHANNELS[code] for code, channel in CHANNELS.entries().items() if channel.answers}


def check(step: str, go: str, given: dict[str, str], today: date) -> tuple[str | None, dict[str, str]]:
    """The page to show next, None when all is answered and sent; errors by field."""
    if step not in STEPS:
        return FIRST, {}
    if go in STEPS:
        return go, {}
    errors = wrong(step, given, today) if step != LAST else {}
    if step == LAST:
        for earlier in STEPS[:-1]:
            if found := wrong(earlier, given, today):
                return earlier, found
        return None, {}
    return (step, errors) if errors else (STEPS[STEPS.index(step) + 1], {})


def wrong(step: str, given: dict[str, str], today: date) -> dict[str, str]:
    """What a person has to put right on this page."""
    errors = {}
    if step == FIRST and "channel" in given and given["channel"] not in recorded():
        errors["channel"] = _("Choose a channel.")
    if step == FIRST:
        try:
            received_at(given, today)
        except ValueError:
            errors["received"] = _("Enter a date like 2026-03-14, from 2000 onwards and not in the future.")
    for name in ASKED[step]:
        if len(given.get(name, "")) > (limit := LIMITS[name]):
            errors[name] = _("Use at most %(limit)s characters. You have %(count)s.") % {
                "limit": f"{limit:,}", "count": f"{len(given[name]):,}",
            }  # fmt: skip
            continue
        try:
            kept = printable if name in IN_LINES else one_line
            given[name] = kept(given.get(name, "").replace("\r\n", "\n"))
        except ValueError:
            errors[name] = _(CANNOT_BE_READ)
    if step == FIRST and not given.get("narrative", "").strip():
        errors["narrative"] = _("Tell us what happened.")
    if step == "about" and given.get("product") and given["product"] not in PRODUCTS().products:
        errors["product"] = _("Choose one of the products or services in the list.")
    if step == "you" and given.get("email"):
        try:
            given["email"] = ADDRESS.validate_python(given["email"])  # without the name that may stand before it
        except ValidationError:
            errors["email"] = _("Write the address like name@example.org.")
    if not re.fullmatch(r"[\w-]{8,64}", given.get("key", "")):
        errors["narrative"] = _("The form has lost its place. Go back to the start of the form.")
    return errors


def received_at(given: dict[str, str], today: date) -> datetime | None:
    """The beginning of the day that staff name, so that no clock starts too late; None for now."""
    if not given.get("received"):
        return None
    day = date.fromisoformat(given["received"])
    if not EARLIEST <= day <= today:
        raise ValueError("nobody of us can have received it on that day")
    return datetime.combine(day, time(), UTC)
