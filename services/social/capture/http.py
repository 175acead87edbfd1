"""The JSON API of mentions that come in, in the neutral form or as a network sent them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, Field, ValidationError

from services.social.capture import formats
from services.social.capture.commands import Captured, take_in
from services.social.mention.state import Post
from shared.features.codes import MENTION_KINDS
from shared.http.requests import allow, asker
from shared.offload import offload
from shared.problems import OnlyTheDemoInvents
from shared.security.permissions import Who, may
from shared.service.runtime import CurrentRuntime, Runtime
from shared.text import printable
from shared.times import Happened

LONGEST = 65_000
MOST = 500
Network = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9._-]{0,39}$")]


def web_address(value: str) -> str:
    if not value.startswith(("https://", "http://")):
        raise ValueError("the address begins with https:// or http://")
    return value


def required(value: str) -> str:
    if not value:
        raise ValueError("the text is empty")
    return value


Short = Annotated[str, Field(max_length=300), AfterValidator(printable)]


class CaptureMention(BaseModel):
    """One mention, from whatever network."""

    network: Network = Field(description="For example `mastodon`, `x`, `reviews`.")
    external_id: Annotated[Short, AfterValidator(required)] = Field(
        description="Its id there; with the network it names the mention."
    )
    text: Annotated[str, Field(max_length=LONGEST), AfterValidator(printable), AfterValidator(required)] = Field(
        description="What it says, as plain text."
    )
    kind: Annotated[str, MENTION_KINDS] = Field("post", description="What it is.")
    author: Short | None = Field(None, description="The author's name there.")
    handle: Short | None = Field(None, description="The author's address there; the same handle is the same person.")
    url: Annotated[str, Field(max_length=2000), AfterValidator(printable), AfterValidator(web_address)] | None = None
    posted_at: Happened | None = Field(None, description="When it was posted; now, if it is left out.")
    language: Annotated[str, Field(pattern="^[A-Za-z0-9-]{1,35}$")] | None = Field(None, description="BCP 47.")
    invented: bool = Field(False, description="True for demonstration data; only `recourse demo` may say so.")

    def post(self) -> Post:
        return Post(**self.model_dump() | {"handle": self.handle or None, "author": self.author or None})


class CaptureMentions(BaseModel):
    """Many at once: all are taken in, or none."""

    mentions: list[CaptureMention] = Field(min_length=1, max_length=formats.MOST)


class Receipt(BaseModel):
    """The mention is stored."""

    id: UUID
    position: str | None = Field(description="Wait for it with `at_least`; absent when it was known before.")


class Receipts(BaseModel):
    """The mentions are stored."""

    ids: list[UUID] = Field(description="One per mention, in the order in which they came.")
    captured: int = Field(description="How many are new.")
    known: int = Field(description="How many were known before.")
    position: str | None = Field(description="Wait for it with `at_least`; absent when all were known before.")


routes = APIRouter(prefix="/api/v1/mentions", tags=["mentions"])


async def _receipts(runtime: Runtime, done: Captured) -> Receipts:
    return Receipts(
        ids=done.ids, captured=len(done.new), known=len(done.ids) - len(done.new),
        position=await runtime.positions.token(done.saved) if done.saved else None,
    )  # fmt: skip


@routes.post(
    "", status_code=201, dependencies=[allow("mentions.work")],
    responses={200: {"model": Receipt, "description": "The mention was known before."}},
)  # fmt: skip
async def capture_mention(
    runtime: CurrentRuntime, body: CaptureMention, request: Request, response: Response
) -> Receipt:
    """Take a mention in. Delivered again, with the same text or another, it is the same mention (200)."""
    done = await take_in(runtime, _told([body], asker(request)), actor=asker(request).id)
    response.status_code = 201 if done.new else 200
    response.headers["Location"] = f"/api/v1/mentions/{done.ids[0]}"
    return Receipt(id=done.ids[0], position=await runtime.positions.token(done.saved) if done.saved else None)


@routes.post("/batch", dependencies=[allow("mentions.work")])
async def capture_mentions(runtime: CurrentRuntime, body: CaptureMentions, request: Request) -> Receipts:
    """Take up to 500 mentions in; those that are known add nothing."""
    posts = _told(body.mentions, asker(request))
    return await _receipts(runtime, await take_in(runtime, posts, actor=asker(request).id))


@routes.post("/from/{network}", dependencies=[allow("mentions.work")])
async def capture_object(
    runtime: CurrentRuntime,
    network: Annotated[str, Path(max_length=40)],
    request: Request,
    sent: Annotated[dict[str, Any], Body()],
) -> Receipts:
    """Take in what a network's API sent, as it is: `mastodon`, `x`, `bluesky`, `facebook`, `instagram`, `reddit`.

    What only repeats somebody else's words (a boost, a retweet) is read and adds nothing.
    """
    posts = await offload(_posts, network, sent)
    return await _receipts(runtime, await take_in(runtime, posts, actor=asker(request).id))


def _told(mentions: Sequence[CaptureMention], who: Who) -> list[Post]:
    if any(mention.invented for mention in mentions) and not may(who, "complaints.invent"):
        raise OnlyTheDemoInvents
    return [mention.post() for mention in mentions]


def _posts(network: str, sent: dict[str, Any]) -> list[Post]:
    """Not on the event loop: markup takes a tenth of a second to read."""
    try:
        return [CaptureMention.model_validate(asdict(post)).post() for post in formats.read(network, sent)]
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_context=False, include_input=False)) from None
