"""The model card: what the model is and cannot do, what it has found, and a place to try it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from services.sentiment.card import card
from services.sentiment.card.listing import HEATS, MEASUREMENTS, by_heat
from services.sentiment.card.view import measurements
from services.sentiment.measuring.model import measure
from services.sentiment.pages import pages
from shared.features.listing import Asked, asked
from shared.features.listing import show as show_list
from shared.http.live import add_live
from shared.http.paging import Page, Paging
from shared.http.requests import Form, allow
from shared.offload import offload
from shared.service.runtime import CurrentRuntime, Runtime
from shared.text import CANNOT_BE_READ, printable
from shared.web.charts import Mark
from shared.web.templating import gettext as _

EVERYTHING, FIRST = Asked(), Paging(50)
LONGEST = 20_000
TONES = {heat: tone for heat, (_label, tone) in HEATS.items()}
routes = APIRouter(include_in_schema=False)
add_live(routes, "/sentiment/live", "complaints.read", measurements)


def _names() -> dict[str, str]:
    return {heat: _(label) for heat, (label, _tone) in HEATS.items()}


def _marks(counts: dict[str, int]) -> list[Mark]:
    """One bar for each colour."""
    names = _names()
    return [Mark(names[heat], n, f"/sentiment?heat={heat}", TONES[heat]) for heat, n in counts.items()]


async def show(
    request: Request, runtime: Runtime, status: int = 200, asked: Asked = EVERYTHING, page: Paging = FIRST,
    text: str = "", error: str = "",
) -> Response:  # fmt: skip
    async with runtime.pool.connection() as conn:
        counts = await by_heat(conn, card.MODEL)
    return pages.render(
        request, "sentiment.html", status, card=card, totals=counts, names=_names(), tones=TONES,
        marks=_marks(counts), list=await show_list(MEASUREMENTS, request, asked, page), text=text, error=error,
        found=await offload(measure, text) if text else None, live="" if text else "/sentiment/live",
        now=runtime.clock.now(),
    )  # fmt: skip


@routes.get("/sentiment", dependencies=[allow("complaints.read")])
async def model_card(
    request: Request, runtime: CurrentRuntime, asked: Annotated[Asked, Depends(asked(MEASUREMENTS))], page: Page
) -> Response:
    return await show(request, runtime, asked=asked, page=page)


@routes.post("/sentiment", dependencies=[allow("complaints.read")])
async def try_text(request: Request, runtime: CurrentRuntime, form: Form) -> Response:
    """Measures a text that somebody typed; nothing of it is kept, so there is nothing to redirect to."""
    try:
        text = printable(str(form.get("text", "")))
    except ValueError:
        return await show(request, runtime, 422, error=_(CANNOT_BE_READ))
    if not text:
        return await show(request, runtime, 422, error=_("Enter a sentence to measure."))
    if len(text) > LONGEST:
        return await show(request, runtime, 422, error=_("Shorten the text to 20,000 characters."))
    return await show(request, runtime, text=text)
