"""Templates of replies, which the firm keeps as data: text with fields in braces that a case fills."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.cases.case.fields import Long, Named
from shared.events.codes import CODE
from shared.features.config import ConfigFile
from shared.problems import Unprocessable
from shared.text import one_line
from shared.web.templating import day
from shared.web.templating import gettext as _

FIELDS = {
    "name": "the customer’s name", "reference": "the reference", "product": "the product or service",
    "organisation": "the branch or office", "received": "the date of receipt",
    "final_response": "the date of the final response", "handler": "your name",
}  # fmt: skip
"""Fields that a template may name, in words for the case that has no value for it."""
BRACES = re.compile(r"\{[^{}\s]*\}?|\}")
FIELD = re.compile(rf"\{{({'|'.join(FIELDS)})\}}")


class TemplateUnknown(Unprocessable):
    """Select a template."""

    field = "template"


class FieldsMissing(Unprocessable):
    """The case has no value for a field of this template."""

    field = "template"

    def __init__(self, missing: list[str]) -> None:
        *most, last = [_(FIELDS[name]) for name in missing]
        what = _("%(most)s and %(last)s") % {"most": ", ".join(most), "last": last} if most else last
        said = _("This template needs %(what)s. Choose another or write the reply yourself.")
        super().__init__(said % {"what": what})


def _known(text: str) -> str:
    if wrong := [found for found in BRACES.findall(text) if not FIELD.fullmatch(found)]:
        known = ", ".join(f"{{{name}}}" for name in FIELDS)
        raise ValueError(f"{wrong[0]} is no field. There are: {known}")
    return text


@dataclass(frozen=True, slots=True)
class Filled:
    """A template's text for one case, none of it where a field is missing."""

    subject: str | None
    body: str | None
    missing: list[str]


class Template(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    label: Annotated[str, Field(min_length=1, max_length=80), AfterValidator(one_line)]
    subject: Annotated[Named, AfterValidator(one_line), AfterValidator(_known)]
    body: Annotated[Long, AfterValidator(_known)]

    def fill(self, values: Mapping[str, str | None]) -> Filled:
        subject, body = _(self.subject), _(self.body)
        named = dict.fromkeys(FIELD.findall(f"{subject} {body}"))
        if missing := [name for name in named if not values[name]]:
            return Filled(None, None, missing)
        # One pass, by a function: braces and backslashes of a value are text.
        subject, body = (FIELD.sub(lambda found: values[found[1]] or "", text) for text in (subject, body))
        return Filled(subject, body, [])


TEMPLATES: ConfigFile[dict[str, Template]] = ConfigFile(
    Path(__file__).with_name("reply_templates.toml"), dict[Annotated[str, Field(pattern=CODE)], Template]
)


def offered() -> list[tuple[str, str]]:
    """Codes with their labels, as a form offers them."""
    return [(code, _(template.label)) for code, template in TEMPLATES().items()]


def values_of(row: Mapping[str, Any], writer: str) -> dict[str, str | None]:
    """The values of all fields, for whoever writes about the case of this row."""
    return {
        "name": row["person_name"], "reference": row["reference"], "product": row["product"],
        "organisation": row["organisation"], "received": day(row["received_at"]),
        "final_response": day(row["due_at"]), "handler": writer,
    }  # fmt: skip


def insert(code: str, values: Mapping[str, str | None]) -> Filled:
    """The text that the composer begins with."""
    if (template := TEMPLATES().get(code)) is None:
        raise TemplateUnknown
    filled = template.fill(values)
    if filled.missing:
        raise FieldsMissing(filled.missing)
    return filled
