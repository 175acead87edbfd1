"""The JSON API of the seal: checkpoints, the evidence of one complaint, and proof that the log only grew."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from services.reporting.audit.evidence import Evidence
from services.reporting.audit.listing import CHECKPOINTS, CheckpointShown
from services.reporting.audit.sealer import NoSealKey, Sealer
from shared.features.listing import add_api, add_one
from shared.http.requests import allow, asker
from shared.problems import NotAllowed
from shared.security.permissions import may
from shared.service.runtime import CurrentRuntime

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


routes = APIRouter(prefix="/api/v1/audit", tags=["reporting"])
add_api(routes, CHECKPOINTS, "/checkpoints", "Every seal of the log, the newest first.")
add_one(routes, CHECKPOINTS, "/checkpoints", "One seal of the log.")


@routes.get("/key", dependencies=[allow("audit.read")])
async def read_key(runtime: CurrentRuntime) -> VerifierKey:
    """The key that verifies checkpoints. Get it in a way that you trust, and keep it."""
    key = Sealer(runtime).key
    if key is None:
        raise NoSealKey
    return VerifierKey(key=key.verifier)


@routes.post("/checkpoints", status_code=201, dependencies=[allow("audit.seal")])
async def make_checkpoint(request: Request, runtime: CurrentRuntime) -> CheckpointMade:
    """Seal all that is in the log now."""
    _, saved = await Sealer(runtime).seal(asker(request).id)
    event = saved[-1].event
    return CheckpointMade(
        number=event.originator_version, sealed_at=event.recorded_at, position=await runtime.positions.token(saved),
        **event.model_dump(include={"size", "root", "key", "note"}),
    )  # fmt: skip


@routes.post("/growth", dependencies=[allow("audit.read")])
async def prove_growth(runtime: CurrentRuntime, asked: GrowthAsked) -> dict[str, Any]:
    """Proof that the log only grew from one checkpoint to another (RFC 9162, 2.1.4), for the checker."""
    return await Evidence(runtime).growth(asked.old, asked.new)


@routes.post("/{subject}/evidence", dependencies=[allow("audit.read")])
async def make_evidence(
    request: Request, runtime: CurrentRuntime, subject: UUID, opened: Opened = False
) -> dict[str, Any]:
    """The events of one complaint and of what belongs to it, with proofs that hold without this installation.

    Where the last checkpoint does not cover them, the log is sealed first.
    """
    who = asker(request)
    if opened and not may(who, "evidence.open"):
        raise NotAllowed
    return await Evidence(runtime).bundle(subject, who.id, opened=opened)
