"""The JSON API of the seal: checkpoints, the evidence of one complaint, and proof that the log only grew."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from services.reporting.audit.evidence import Evidence
from services.reporting.audit.listing import CHECKPOINTS, CheckpointShown, Number, checkpoint
from services.reporting.audit.sealer import NoSealKey
from shared.features.listing import add_api
from shared.http.requests import allow, asker
from shared.problems import NotAllowed, NotFound
from shared.security.permissions import may

Opened = Annotated[
    bool, Query(description="Put the words of sealed fields beside their ciphertext. They are stated, not proved.")
]


class CheckpointMade(CheckpointShown):
    position: str = Field(description="For `at_least`.")


class VerifierKey(BaseModel):
    key: str = Field(description="Name, key id and public key, as C2SP signed notes have them.")


class GrowthAsked(BaseModel):
    """Two checkpoints as they were handed out, the earlier first."""

    old: str = Field(max_length=100_000)
    new: str = Field(max_length=100_000)


def router(evidence: Evidence) -> APIRouter:
    routes = APIRouter(prefix="/api/v1/audit", tags=["reporting"])
    runtime, sealer = evidence.runtime, evidence.sealer

    @routes.get("/key", dependencies=[allow("audit.read")])
    async def read_key() -> VerifierKey:
        """What checkpoints are checked with; take it over a way that you trust, and keep it."""
        if sealer.key is None:
            raise NoSealKey
        return VerifierKey(key=sealer.key.verifier)

    add_api(routes, CHECKPOINTS, "/checkpoints", "Every seal of the log, the newest first.")

    @routes.get("/checkpoints/{number}", dependencies=[allow("audit.read")], response_model=CheckpointShown)
    async def read_checkpoint(number: Number) -> dict[str, Any]:
        """One seal of the log."""
        async with runtime.pool.connection() as conn:
            found = await checkpoint(conn, number)
        if found is None:
            raise NotFound(f"There is no checkpoint {number}.")
        return found

    @routes.post("/checkpoints", status_code=201, dependencies=[allow("audit.seal")])
    async def make_checkpoint(request: Request) -> CheckpointMade:
        """Seal all that is in the log now."""
        _, saved = await sealer.seal(asker(request).id)
        event = saved[-1].event
        return CheckpointMade(
            number=event.originator_version, sealed_at=event.recorded_at, position=await runtime.positions.token(saved),
            **event.model_dump(include={"size", "root", "key", "note"}),
        )  # fmt: skip

    @routes.post("/growth", dependencies=[allow("audit.read")])
    async def prove_growth(asked: GrowthAsked) -> dict[str, Any]:
        """Proof that the log only grew from one checkpoint to another (RFC 9162, 2.1.4), for the checker."""
        return await evidence.growth(asked.old, asked.new)

    @routes.post("/{subject}/evidence", dependencies=[allow("audit.read")])
    async def make_evidence(request: Request, subject: UUID, opened: Opened = False) -> dict[str, Any]:
        """The events of one complaint and of what belongs to it, with proofs that hold without this installation.

        Where the last checkpoint does not cover them, the log is sealed first.
        """
        who = asker(request)
        if opened and not may(who, "evidence.open"):
            raise NotAllowed
        return await evidence.bundle(subject, who.id, opened=opened)

    return routes
