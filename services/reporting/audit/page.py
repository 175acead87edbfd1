"""The pages of the seal: checkpoints, and evidence to take away."""

import json
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, RedirectResponse, Response

from services.reporting.audit import check
from services.reporting.audit.evidence import Evidence
from services.reporting.audit.listing import CHECKPOINTS, Number
from services.reporting.audit.sealer import Sealer
from services.reporting.audit.view import checkpoints
from services.reporting.pages import pages
from shared.features.listing import Asked, asked, one, show
from shared.http.paging import Page
from shared.http.requests import Form, allow, asker
from shared.offload import offload
from shared.security.permissions import may
from shared.service.runtime import CurrentRuntime

routes = APIRouter(include_in_schema=False)


@routes.get("/audit/checkpoints", dependencies=[allow("audit.read")])
async def show_checkpoints(
    request: Request, runtime: CurrentRuntime, asked: Annotated[Asked, Depends(asked(CHECKPOINTS))], page: Page
) -> Response:
    """Every seal of the log, the newest first."""
    sealer = Sealer(runtime)
    return pages.render(
        request, "checkpoints.html", area="audit", list=await show(CHECKPOINTS, request, asked, page),
        key=sealer.key.verifier if sealer.key else None, may_seal=may(asker(request), "audit.seal"),
        minutes=round(sealer.every / 60), rebuilding=checkpoints.name in runtime.rebuilding,
    )  # fmt: skip


@routes.post("/audit/checkpoints", dependencies=[allow("audit.seal")])
async def seal_now(request: Request, runtime: CurrentRuntime, form: Form) -> Response:
    _, saved = await Sealer(runtime).seal(asker(request).id)
    await runtime.positions.wait(checkpoints, await runtime.positions.token(saved))
    return RedirectResponse("/audit/checkpoints", 303)


@routes.get("/audit/checkpoints/{number}.txt", dependencies=[allow("audit.read")])
async def download_checkpoint(runtime: CurrentRuntime, number: Number) -> Response:
    """The signed note, to be kept outside."""
    async with runtime.pool.connection() as conn:
        found = await one(conn, CHECKPOINTS, number)
    return _file(found["note"], "text/plain; charset=utf-8", f"checkpoint-{number}.txt")


@routes.get("/audit/check.py", dependencies=[allow("audit.read")])
async def download_checker() -> Response:
    """The checker, as it stands in the code."""
    return FileResponse(str(check.__file__), media_type="text/x-python", filename="check.py")


@routes.post("/audit/{subject}/evidence", dependencies=[allow("audit.read")])
async def download_evidence(request: Request, runtime: CurrentRuntime, subject: UUID, form: Form) -> Response:
    document = await Evidence(runtime).bundle(subject, asker(request).id)
    return _file(await offload(json.dumps, document, indent=1), "application/json", f"evidence-{subject}.json")


def _file(content: str, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private"}
    return Response(content, media_type=kind, headers=headers)
