"""The model card: what the model is and cannot do, what it has found, and a place to try it."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, Field

from services.sentiment.card.card import GOEMOTIONS
from services.sentiment.card.listing import HEATS, MEASUREMENTS, by_heat
from services.sentiment.card.view import measurements
from services.sentiment.measuring import model
from services.sentiment.pages import pages
from shared.features.forms import Invalid, read
from shared.features.listing import Asked, add_api, asked, show
from shared.http.live import add_live
from shared.http.paging import Page, Paging
from shared.http.requests import Form, allow
from shared.offload import offload
from shared.service.runtime import CurrentRuntime, Runtime
from shared.text import printable
from shared.web.charts import Mark
from shared.web.templating import gettext as _

api = APIRouter(prefix="/api/v1/sentiments", tags=["sentiments"])
add_api(api, MEASUREMENTS, "", "The newest first. A response has one measurement for each answer in words.")
EVERYTHING, FIRST = Asked(), Paging(50)
routes = APIRouter(include_in_schema=False)
add_live(routes, "/sentiment/live", "complaints.read", measurements)


class TryText(BaseModel):
    """A text to measure; nothing of it is kept."""

    text: Annotated[str, Field(max_length=20_000), AfterValidator(printable)] = Field(
        title="Your text", json_schema_extra={"enter": "Enter a sentence to measure."}
    )


@routes.get("/sentiment", dependencies=[allow("complaints.read")])
async def model_card(
    request: Request, runtime: CurrentRuntime, asked: Annotated[Asked, Depends(asked(MEASUREMENTS))], page: Page
) -> Response:
    return await _show(request, runtime, asked, page)


@routes.post("/sentiment", dependencies=[allow("complaints.read")])
async def try_text(request: Request, runtime: CurrentRuntime, form: Form) -> Response:
    """Measures a text that somebody typed; nothing of it is kept, so there is nothing to redirect to."""
    try:
        text = read(TryText, {"text": str(form.get("text", ""))}).text
    except Invalid as invalid:
        return await _show(request, runtime, errors=invalid.errors)
    return await _show(request, runtime, text=text)


async def _show(
    request: Request, runtime: Runtime, asked: Asked = EVERYTHING, page: Paging = FIRST, *, text: str = "",
    errors: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    async with runtime.pool.connection() as conn:
        totals = await by_heat(conn, model.MODEL)
    marks = [Mark(_(label), totals[heat], f"/sentiment?heat={heat}", tone) for heat, (label, tone) in HEATS.items()]
    return pages.render(
        request, "sentiment.html", 422 if errors else 200, model=model, public=GOEMOTIONS, totals=totals, heats=HEATS,
        marks=marks, figures=[mark[:2] for mark in marks], list=await show(MEASUREMENTS, request, asked, page),
        text=text, errors=errors or {}, found=await offload(model.measure, text) if text else None,
        live="" if text else "/sentiment/live", now=runtime.clock.now(),
    )  # fmt: skip
