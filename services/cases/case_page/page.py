"""One case on one page: its aspects with the next thing to do, its timeline, its person."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response

from services.cases.case.commands import Cases
from services.cases.case_page import aspects, timeline
from services.cases.caseload.listing import CASES, case_with_details
from services.cases.caseload.page import lag_of, rail
from services.cases.clocks import due as deadline
from services.cases.pages import pages
from shared.features.listing import Asked, counts, rows
from shared.http.paging import Paging
from shared.http.requests import asker
from shared.problems import NotFound
from shared.security.permissions import may

OTHERS = 5


class CasePage:
    """Shows a case as it is, or with what was refused beside everything that was typed."""

    def __init__(self, cases: Cases) -> None:
        self._cases = cases

    async def row(self, case_id: UUID) -> dict[str, Any]:
        async with self._cases.runtime.pool.connection() as conn:
            row = await case_with_details(conn, case_id)
        if row is None:
            raise NotFound("There is no case at this address. Look it up by its reference.")
        return row

    async def show(
        self, request: Request, case_id: UUID, status: int = 200,
        errors: Mapping[str, str] | None = None, given: Mapping[str, str] | None = None,
    ) -> Response:  # fmt: skip
        who, now, runtime = asker(request), datetime.now(UTC), self._cases.runtime
        row = await self.row(case_id)
        async with runtime.pool.connection() as conn:
            found = await aspects.of_case(conn, case_id)
            entries = await timeline.of_case(conn, case_id)
            handlers = await aspects.known_handlers(conn)
            counted = await counts(conn, CASES, who.id, now)
            theirs = Asked({"person": row["person_id"]}, sort="-received")
            others = (await rows(conn, CASES, theirs, Paging(OTHERS + 1), who.id, now)).rows
        mark_work(row, found)
        return pages.render(
            request, "case.html", status, area="cases", live="/cases/live", counts=rail(counted), case=row, now=now,
            aspects=found, entries=with_delivery(entries), handlers=sorted({*handlers, who.id}), rule=deadline.RULE,
            others=[other for other in others if other["case_id"] != case_id][:OTHERS],
            causes=self._cases.root_causes.names, most=timeline.MOST, cut=len(entries) >= timeline.MOST,
            can_work=may(who, "cases.work"), may_erase=may(who, "people.erase"), errors=dict(errors or {}),
            given={"key": secrets.token_urlsafe(12)} | dict(given or {}),
            rebuilding=sorted(runtime.rebuilding), lag=lag_of(runtime),
        )  # fmt: skip


def mark_work(row: Mapping[str, Any], found: Sequence[dict[str, Any]]) -> None:
    """Say of each aspect what comes next, and of one of them that it is the next thing to do in the case."""
    decided_in = {part["id"]: part["decided_in"] for part in row["parts"]}
    for aspect in found:
        aspect["decidable"] = row["closed_at"] is None and decided_in.get(str(aspect["aspect_id"])) != row["round"]
        aspect["next"] = ""
        if aspect["decidable"]:
            known = aspect["product"] and aspect["issue"]
            aspect["next"] = "assign" if aspect["handler"] is None else "resolve" if known else "classify"
    first = next((aspect for aspect in found if aspect["next"]), None)
    for aspect in found:
        aspect["first"] = aspect is first


def with_delivery(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One entry per message, which says how far it got: three would say less."""
    state = {entry["about"]: entry for entry in entries if entry["kind"] in ("message.sent", "message.failed")}
    return [
        entry | {"delivery": state.get(entry["about"])}
        for entry in entries
        if entry["kind"] not in ("message.sent", "message.failed")
    ]
