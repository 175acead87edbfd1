"""The model card: what the model is and cannot do, what it has found, and a place to try it."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from markupsafe import Markup, escape

from services.sentiment.card import card
from services.sentiment.card.listing import HEATS, MEASUREMENTS, by_heat
from services.sentiment.card.view import measurements
from services.sentiment.measuring.model import Deciding, measure
from services.sentiment.pages import pages
from shared.features.listing import Asked, asked
from shared.features.listing import show as show_list
from shared.http.live import live_updates
from shared.http.paging import Page, Paging
from shared.http.requests import Form, allow
from shared.offload import offload
from shared.service.runtime import Runtime
from shared.text import CANNOT_BE_READ, printable
from shared.web.charts import Mark
from shared.web.templating import gettext as _

EVERYTHING, FIRST = Asked(), Paging(50)
LONGEST = 20_000
TONES = {heat: tone for heat, (_label, tone) in HEATS.items()}


def marked(text: str, deciding: Sequence[Deciding]) -> Markup:
    """The text with the words that decided marked; each says which way it pulls."""
    parts, at = [], 0
    for word in deciding:
        pulls = _("pulls to negative") if word.weight < 0 else _("pulls to positive")
        parts += [
            escape(text[at : word.start]),
            Markup('<mark title="{}">{}</mark>').format(f"{pulls} ({word.weight})", text[word.start : word.end]),
        ]
        at = word.end
    return Markup("").join([*parts, escape(text[at:])])


def _names() -> dict[str, str]:
    return {heat: _(label) for heat, (label, _tone) in HEATS.items()}


def _marks(counts: dict[str, int]) -> list[Mark]:
    """One bar for each colour."""
    names = _names()
    return [Mark(names[heat], n, f"/sentiment?heat={heat}", TONES[heat]) for heat, n in counts.items()]


def router(runtime: Runtime) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    async def show(
        request: Request, status: int = 200, asked: Asked = EVERYTHING, page: Paging = FIRST, text: str = "",
        error: str = "",
    ) -> Response:  # fmt: skip
        async with runtime.pool.connection() as conn:
            counts = await by_heat(conn, card.MODEL)
        found = await offload(measure, text) if text else None
        return pages.render(
            request, "sentiment.html", status, card=card, totals=counts, names=_names(), tones=TONES,
            marks=_marks(counts), list=await show_list(MEASUREMENTS, request, asked, page), text=text, error=error,
            found=found,
            words=marked(text, found.deciding) if found else "", live="" if text else "/sentiment/live",
            now=runtime.clock.now(),
        )  # fmt: skip

    @routes.get("/sentiment", dependencies=[allow("complaints.read")])
    async def model_card(
        request: Request, asked: Annotated[Asked, Depends(asked(MEASUREMENTS))], page: Page
    ) -> Response:
        return await show(request, asked=asked, page=page)

    @routes.post("/sentiment", dependencies=[allow("complaints.read")])
    async def try_text(request: Request, form: Form) -> Response:
        """Measures a text that somebody typed; nothing of it is kept, so there is nothing to redirect to."""
        text = str(form.get("text", ""))
        try:
            text = printable(text)
        except ValueError:
            return await show(request, 422, error=_(CANNOT_BE_READ))
        if not text:
            return await show(request, 422, error=_("Enter a sentence to measure."))
        if len(text) > LONGEST:
            return await show(request, 422, error=_("Shorten the text to 20,000 characters."))
        return await show(request, text=text)

    @routes.get("/sentiment/live", dependencies=[allow("complaints.read")])
    async def live(request: Request) -> Response:
        return live_updates(request, runtime.pool, measurements)

    return routes
