"""`recourse demo`: a year of invented history, through the public API alone."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import httpx
import typer
from rich.progress import Progress

from deploy.cli.clients import SelfIssued
from deploy.cli.console import Data, bars, console, fail, installation
from deploy.cli.data import demo_story
from deploy.installation import Installation

app = typer.Typer()
AT_ONCE = 8
PATIENCE = 30.0
ANSWERED = 0.45
"""The share of customers who answer when they are asked."""
LINK = re.compile(r"/(?:surveys/answer|complain/track)/[\w.~-]+")
CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')
T = TypeVar("T")
Advance = Callable[[], None]


class Refused(Exception):
    """The installation did not take something; the message says why."""


@app.command()
def demo(
    data: Data = None,
    complaints: Annotated[int, typer.Option("--complaints", min=1, max=20_000, help="How many.")] = 400,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another seed is another history.")] = 7,
    more: Annotated[
        bool, typer.Option("--more", help="Also where complaints are; goes on after an interruption.")
    ] = False,
) -> None:  # fmt: skip
    """Fill an empty installation with a year of invented history, marked as such."""
    at = installation(data)
    try:
        made = asyncio.run(_fill(at, complaints, seed, more=more))
    except Refused as error:
        raise fail(str(error)) from None
    except httpx.HTTPError as error:
        raise fail(f"{at.url} did not answer ({type(error).__name__}). Run it again with --more.") from None
    console.print(
        f"{made.complaints:,} complaints, {made.mentions:,} mentions and {made.answers:,} survey answers were invented;"
        f" {made.closed:,} cases are closed. See {at.url}/cases",
        highlight=False,
    )


@dataclass
class Made:
    complaints: int = 0
    mentions: int = 0
    closed: int = 0
    answers: int = 0


async def _fill(at: Installation, count: int, seed: int, *, more: bool) -> Made:
    today, made = datetime.now(UTC), Made()
    async with _client(at, "demo") as machine, _client(at, "leader") as reader, _client(at) as customer:
        api = Api(machine)
        if not more and (await api.get("/api/v1/complaints?page[size]=1"))["data"]:
            raise Refused(
                "There are complaints here already. --more adds to them; with the seed of an interrupted run it"
                " goes on where that stopped."
            )
        complaints = demo_story.complaints(seed, count, today)
        mentions = demo_story.mentions(seed, max(1, count * 3 // 20), today)
        with bars() as progress:
            receipts = await _each(complaints, api.complain, _bar(progress, "Complaints", len(complaints)))
            made.complaints = len(receipts)
            wanted = round(ANSWERED * sum(map(demo_story.is_asked, complaints)))
            surveys = Surveys(reader, customer, seed, wanted, _bar(progress, "Survey answers", wanted))
            answering = asyncio.create_task(surveys.answer_all())
            pairs = list(zip(receipts, complaints, strict=True))
            states = await _each(pairs, api.work, _bar(progress, "Cases", len(pairs)))
            made.closed = sum(states)
            made.mentions = len(await _each(mentions, api.mention, _bar(progress, "Mentions", len(mentions))))
            surveys.all_asked = True
            made.answers = await answering
    return made


class Api:
    """The public API, as an integrator would use it; every request may be repeated."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def get(self, path: str) -> Any:
        return (await self._send("GET", path)).json()

    async def post(self, path: str, body: dict[str, Any] | None = None, key: str | None = None) -> Any:
        return (await self._send("POST", path, json=body, headers={"Idempotency-Key": key} if key else {})).json()

    async def complain(self, complaint: demo_story.Complaint) -> str:
        """Answers the complaint's id."""
        return str((await self.post("/api/v1/complaints", complaint.body, complaint.key))["id"])

    async def work(self, pair: tuple[str, demo_story.Complaint]) -> bool:
        """Do what is planned and not yet done; answers whether the case is closed."""
        path, complaint = f"/api/v1/cases/{pair[0]}", pair[1]
        plan = complaint.work
        case = await self._opened(path)
        if plan.handler is None or case["status"] == "closed" or _was_reopened(case):
            return bool(case["status"] == "closed")
        if "product" not in complaint.body:
            await self.post(f"{path}/aspects/{case['aspects'][0]['aspect_id']}/classification", plan.subject)
        aspects = [case["aspects"][0]["aspect_id"]]
        for number, further in enumerate(plan.further):
            aspects.append((await self.post(f"{path}/aspects", further, f"{complaint.key}-{number}"))["id"])
        for aspect in aspects:
            await self.post(f"{path}/aspects/{aspect}/assignment", {"handler": plan.handler})
        for number, note in enumerate(plan.notes):
            await self.post(f"{path}/notes", {"text": note}, f"{complaint.key}-{number}")
        if not plan.decisions:
            return False
        decided = {aspect["aspect_id"] for aspect in case["aspects"] if aspect["outcome"]}
        for aspect, decision in zip(aspects, plan.decisions, strict=True):
            if aspect not in decided:
                await self.post(f"{path}/aspects/{aspect}/resolution", decision)
        await self.post(f"{path}/closing")
        if plan.reopened:
            await self.post(f"{path}/reopening", {"reason": plan.reopened})
        return plan.reopened is None

    async def mention(self, mention: demo_story.Mention) -> None:
        """Capture it, and decide about it as planned."""
        id_ = (await self.post("/api/v1/mentions", mention.body))["id"]
        if mention.promoted:
            await self.post(f"/api/v1/mentions/{id_}/promotion")
        elif mention.dismissed:
            await self.post(f"/api/v1/mentions/{id_}/dismissal", {"reason": mention.dismissed})

    async def _opened(self, path: str) -> Any:
        """The case, which opens a moment after its complaint was accepted."""
        for _ in range(int(PATIENCE / 0.2)):
            answer = await self._client.get(path)
            if answer.status_code == 200 and answer.json()["aspects"]:
                return answer.json()
            if answer.status_code not in (200, 404):
                _check(answer)
            await asyncio.sleep(0.2)
        raise Refused(f"{path} did not open. `recourse lag` shows what is behind; then run it again with --more.")

    async def _send(self, method: str, path: str, **given: Any) -> httpx.Response:
        for attempt in range(5):
            answer = await self._client.request(method, path, **given)
            if answer.status_code != 503:
                break
            await asyncio.sleep(2.0**attempt / 4)
        return _check(answer)


class Surveys:
    """Customers who open the link in their mail and answer, until as many have as were wanted."""

    def __init__(
        self, reader: httpx.AsyncClient, customer: httpx.AsyncClient, seed: int, wanted: int, advance: Advance
    ) -> None:
        self._reader, self._customer, self._wanted, self._advance = reader, customer, wanted, advance
        self._random = demo_story.seeded("survey", seed, 0)
        self.all_asked = False

    async def answer_all(self) -> int:
        """Mail goes out in its own time; the mailbox is the embedded mode's own, elsewhere nobody answers."""
        count, opened, seen, idle = 0, 0, set[str](), 0.0
        while opened < self._wanted and idle < PATIENCE:
            answer = await self._reader.get("/mailbox")
            if answer.status_code == 404:
                break
            new = set(LINK.findall(_check(answer).text)) - seen
            invitations = sorted(link for link in new if "/surveys/" in link)
            for link in invitations[: self._wanted - opened]:
                opened += 1
                count += await self._answer(link)
            seen |= new
            idle = 0 if new or not self.all_asked else idle + 0.5
            await asyncio.sleep(0.5)
        return count

    async def _answer(self, link: str) -> int:
        """As a browser does it; 0 where it was answered before."""
        form = CSRF.search((await self._customer.get(link)).text)
        if form is None:
            return 0
        given = demo_story.answers(self._random) | {"csrf": form[1]}
        answer = await self._customer.post(link, data=given)
        self._advance()
        return int(answer.status_code == 303)


def _client(at: Installation, role: str | None = None) -> httpx.AsyncClient:
    """As the same sender each time: an Idempotency-Key belongs to whoever sends it."""
    auth = None if role is None else SelfIssued(at, role, "recourse demo", "demo")
    return httpx.AsyncClient(base_url=at.url, auth=auth, timeout=60)


async def _each(items: Sequence[Any], do: Callable[[Any], Awaitable[T]], advance: Advance) -> list[T]:
    """A few at once, in order; the first that fails ends it."""
    answers: list[Any] = [None] * len(items)
    waiting = iter(enumerate(items))

    async def take() -> None:
        for number, item in waiting:
            answers[number] = await do(item)
            advance()

    await asyncio.gather(*(take() for _ in range(AT_ONCE)))
    return answers


def _check(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    detail: Any = None
    with suppress(ValueError, AttributeError):
        detail = answer.json().get("detail")
    path = answer.request.url.path
    raise Refused(f"{answer.request.method} {path}: {detail or f'the service answered {answer.status_code}'}")


def _was_reopened(case: Any) -> bool:
    return any(entry["kind"] == "case.reopened" for entry in case["timeline"])


def _bar(progress: Progress, name: str, total: int | None) -> Advance:
    task = progress.add_task(name, total=total)
    return lambda: progress.advance(task)
