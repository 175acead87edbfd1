"""`recourse demo`: a year of invented history, through the public API alone."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Annotated, Any, TypeVar

import httpx
import typer

from deploy.cli.clients import SelfIssued, accepted
from deploy.cli.console import Data, Refused, Say, bars, console, installation
from deploy.cli.data import demo_story
from deploy.installation import Installation

app = typer.Typer()
AT_ONCE = 8
PATIENCE = 30.0
ANSWERED = 0.45
"""The share of customers who answer when they are asked."""
LINK = re.compile(r"/(?:surveys/answer|complain/track)/[\w.~-]+")
CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')
Item = TypeVar("Item")
Answer = TypeVar("Answer")


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
    with bars() as say:
        made = asyncio.run(_fill(at, complaints, seed, say, more=more))
    console.print(f"{made} See {at.url}/cases", highlight=False)


async def _fill(at: Installation, number: int, seed: int, say: Say, *, more: bool) -> str:
    today, all_asked = datetime.now(UTC), asyncio.Event()
    complaints = demo_story.complaints(seed, number, today)
    mentions = demo_story.mentions(seed, max(1, number * 3 // 20), today)
    async with _client(at, "demo") as machine, _client(at, "leader") as reader, _client(at) as customer:
        api = Api(machine, say)
        if not more and accepted(await machine.get("/api/v1/complaints?page[size]=1")).json()["data"]:
            raise Refused(
                "There are complaints here already. --more adds to them; with the seed of an interrupted run it"
                " goes on where that stopped."
            )
        ids = await api.each("Complaints", complaints, api.complain)
        wanted = round(ANSWERED * sum(map(demo_story.is_asked, complaints)))
        answering = asyncio.create_task(_answer_surveys(reader, customer, seed, wanted, all_asked, say))
        closed = await api.each("Cases", list(zip(ids, complaints, strict=True)), api.work)
        await api.each("Mentions", mentions, api.mention)
        all_asked.set()
        answers = await answering
    return (
        f"{len(ids):,} complaints, {len(mentions):,} mentions and {answers:,} survey answers were invented;"
        f" {sum(closed):,} cases are closed."
    )


class Api:
    """The public API, as an integrator would use it; every request may be repeated."""

    def __init__(self, client: httpx.AsyncClient, say: Say) -> None:
        self._client, self._say = client, say

    async def post(self, path: str, body: dict[str, Any] | None = None, key: str = "") -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        for attempt in range(5):
            answer = await self._client.post(path, json=body, headers=headers)
            if answer.status_code != 503:
                break
            await asyncio.sleep(2.0**attempt / 4)
        return accepted(answer).json()

    async def each(self, step: str, items: Sequence[Item], do: Callable[[Item], Awaitable[Answer]]) -> list[Answer]:
        """A few at once; the first that fails ends it."""
        free, done = asyncio.Semaphore(AT_ONCE), count(1)

        async def take(item: Item) -> Answer:
            async with free:
                answer = await do(item)
            self._say(step, next(done), len(items))
            return answer

        return await asyncio.gather(*map(take, items))

    async def complain(self, complaint: demo_story.Complaint) -> str:
        """Answers the complaint's id."""
        return str((await self.post("/api/v1/complaints", complaint.body, complaint.key))["id"])

    async def work(self, pair: tuple[str, demo_story.Complaint]) -> bool:
        """Do what is planned and not yet done; answers whether the case is closed."""
        path, complaint = f"/api/v1/cases/{pair[0]}", pair[1]
        case = await self._opened(path)
        reopened = any(entry["kind"] == "case.reopened" for entry in case["timeline"])
        if complaint.handler is None or case["status"] == "closed" or reopened:
            return bool(case["status"] == "closed")
        aspects = [case["aspects"][0]["aspect_id"]]
        if "product" not in complaint.body:
            await self.post(f"{path}/aspects/{aspects[0]}/classification", complaint.subject)
        for number, further in enumerate(complaint.further):
            aspects.append((await self.post(f"{path}/aspects", further, f"{complaint.key}-{number}"))["id"])
        for aspect in aspects:
            await self.post(f"{path}/aspects/{aspect}/assignment", {"handler": complaint.handler})
        for number, note in enumerate(complaint.notes):
            await self.post(f"{path}/notes", {"text": note}, f"{complaint.key}-{number}")
        if not complaint.decisions:
            return False
        decided = {aspect["aspect_id"] for aspect in case["aspects"] if aspect["outcome"]}
        for aspect, decision in zip(aspects, complaint.decisions, strict=True):
            if aspect not in decided:
                await self.post(f"{path}/aspects/{aspect}/resolution", decision)
        await self.post(f"{path}/closing")
        if complaint.reopened:
            await self.post(f"{path}/reopening", {"reason": complaint.reopened})
        return complaint.reopened is None

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
            if answer.status_code != 404 and (case := accepted(answer).json())["aspects"]:
                return case
            await asyncio.sleep(0.2)
        raise Refused(f"{path} did not open. `recourse lag` shows what is behind; then run it again with --more.")


async def _answer_surveys(
    reader: httpx.AsyncClient, customer: httpx.AsyncClient, seed: int, wanted: int, all_asked: asyncio.Event, say: Say
) -> int:
    """Customers open the link in their mail and answer, until as many have as were wanted.

    Mail goes out in its own time; the mailbox is the embedded mode's own, elsewhere nobody answers.
    """
    random, opened, answered, seen, idle = demo_story.seeded("survey", seed, 0), 0, 0, set[str](), 0.0
    while opened < wanted and idle < PATIENCE:
        mailbox = await reader.get("/mailbox")
        if mailbox.status_code == 404:
            break
        new = set(LINK.findall(accepted(mailbox).text)) - seen
        for link in sorted(link for link in new if "/surveys/" in link)[: wanted - opened]:
            opened += 1
            if form := CSRF.search((await customer.get(link)).text):  # else it was answered before
                answers = demo_story.answers(random) | {"csrf": form[1]}
                answered += (await customer.post(link, data=answers)).status_code == 303
            say("Survey answers", opened, wanted)
        seen |= new
        idle = 0 if new or not all_asked.is_set() else idle + 0.5
        await asyncio.sleep(0.5)
    return answered


def _client(at: Installation, role: str | None = None) -> httpx.AsyncClient:
    """As the same sender each time: an Idempotency-Key belongs to whoever sends it."""
    auth = None if role is None else SelfIssued(at, role, "recourse demo", "demo")
    return httpx.AsyncClient(base_url=at.url, auth=auth, timeout=60)
