"""The commands of cases: what a handler does with a case, and what is done with many at once."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4, uuid5

import orjson

from services.cases.case import state as cases
from services.cases.case.refusals import CaseChangedMeanwhile, RootCauseUnknown
from services.cases.case.state import Case, Decision, Subject
from services.cases.root_causes.definition import RootCauses
from shared.events import By, Event
from shared.events.cases import Priority
from shared.eventstore.store import Saved
from shared.problems import RuleBroken, Unavailable
from shared.projections.view import View
from shared.service.runtime import Runtime

Decide = Callable[[Case, By], list[Event]]


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for it, and which version of the case they were looking at, if they say."""

    actor: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a command over many cases: `refused` says why, case by case."""

    saved: list[Saved]
    refused: dict[UUID, str]


class Cases:
    """Every command answers the events that it saved; none where things are as asked already."""

    def __init__(self, runtime: Runtime, root_causes: RootCauses) -> None:
        self.runtime, self.root_causes = runtime, root_causes

    async def raise_aspect(
        self, case_id: UUID, subject: Subject, summary: str | None, asked: Asked, key: str | None = None
    ) -> tuple[UUID, list[Saved]]:
        """Answers the aspect's id, which follows from the request where that has a key."""
        aspect_id = self._new_id(case_id, "aspect", asked.actor, key, [subject, summary])
        saved = await self._decide(
            case_id, asked, lambda case, by: cases.raise_aspect(case, aspect_id, subject, summary, by)
        )
        return aspect_id, saved

    async def classify(self, case_id: UUID, aspect_id: UUID, subject: Subject, asked: Asked) -> list[Saved]:
        return await self._decide(case_id, asked, lambda case, by: cases.classify_aspect(case, aspect_id, subject, by))

    async def assign(self, case_id: UUID, aspect_id: UUID, handler: str | None, asked: Asked) -> list[Saved]:
        return await self._decide(case_id, asked, lambda case, by: cases.assign_aspect(case, aspect_id, handler, by))

    async def resolve(self, case_id: UUID, aspect_id: UUID, decision: Decision, asked: Asked) -> list[Saved]:
        if decision.root_cause and decision.root_cause not in self.root_causes.names:
            raise RootCauseUnknown
        return await self._decide(case_id, asked, lambda case, by: cases.resolve_aspect(case, aspect_id, decision, by))

    async def note(self, case_id: UUID, text: str, asked: Asked, key: str | None = None) -> list[Saved]:
        note_id = self._new_id(case_id, "note", asked.actor, key, text)
        return await self._decide(case_id, asked, lambda case, by: cases.add_note(case, note_id, text, by))

    async def prioritise(self, case_id: UUID, priority: Priority, reason: str, asked: Asked) -> list[Saved]:
        return await self._decide(case_id, asked, lambda case, by: cases.change_priority(case, priority, reason, by))

    async def close(self, case_id: UUID, asked: Asked) -> list[Saved]:
        return await self._decide(case_id, asked, cases.close_case)

    async def reopen(self, case_id: UUID, reason: str, asked: Asked) -> list[Saved]:
        return await self._decide(case_id, asked, lambda case, by: cases.reopen_case(case, reason, by))

    async def assign_many(self, ids: Sequence[UUID], handler: str, asked: Asked) -> Done:
        return await self._each(ids, asked, lambda case, by: cases.assign_case(case, handler, by))

    async def prioritise_many(self, ids: Sequence[UUID], priority: Priority, reason: str, asked: Asked) -> Done:
        return await self._each(ids, asked, lambda case, by: cases.change_priority(case, priority, reason, by))

    async def position(self, saved: Sequence[Saved]) -> str | None:
        """Where the last of these came to stand, for whoever wants to read their own write."""
        return await self.runtime.positions.token(list(saved)) if saved else None

    async def seen(self, at_least: str | None, first: View, *others: View) -> None:
        """Until `first` has seen the position, and each of the others that hears its topic."""
        await self.runtime.positions.wait(first, at_least)
        topic = (at_least or "").rpartition("/")[0]
        for view in others:
            if topic in map(self.runtime.settings.kafka.name, view.topics):
                await self.runtime.positions.wait(view, at_least)

    async def settle(self, saved: Sequence[Saved], *views: View) -> None:
        """Until pages show it, on every partition that it is on; where that takes long, it is done all the same."""
        latest: dict[str, int] = {}
        for one in saved:
            place, _, at = (await self.runtime.positions.token([one])).rpartition(":")
            latest[place] = max(latest.get(place, 0), int(at))
        with suppress(Unavailable):
            for place, position in latest.items():
                await self.seen(f"{place}:{position}", *views)

    async def _each(self, ids: Sequence[UUID], asked: Asked, decide: Decide) -> Done:
        """Together, so that they share a commit; one that is refused does not keep the others back."""
        answers = await asyncio.gather(
            *(self._decide(id_, asked, decide) for id_ in dict.fromkeys(ids)), return_exceptions=True
        )
        done = Done([], {})
        for id_, answer in zip(dict.fromkeys(ids), answers, strict=True):
            if isinstance(answer, RuleBroken):
                done.refused[id_] = str(answer)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                done.saved.extend(answer)
        return done

    async def _decide(self, case_id: UUID, asked: Asked, decide: Decide) -> list[Saved]:
        by = By(asked.actor, datetime.now(UTC))

        def decision(case: Case) -> list[Event]:
            if asked.version not in (None, case.version):
                raise CaseChangedMeanwhile
            return decide(case, by)

        return await self.runtime.commits.decide(case_id, cases.evolve, decision)

    def _new_id(self, case_id: UUID, kind: str, actor: str, key: str | None, content: object) -> UUID:
        """The same request twice makes the same thing, not a second; a key of somebody else, or with other words, is
        another request. Under our secret: the id stays when words are erased, and nobody may try words against it."""
        if not key:
            return uuid4()
        secret = self.runtime.settings.ids.encode()
        return uuid5(case_id, hmac.new(secret, orjson.dumps([kind, actor, key, content]), hashlib.sha256).hexdigest())
