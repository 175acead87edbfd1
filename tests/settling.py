"""When has everything that was stored reached every view and policy? Asked of the databases, as operators could."""

import json
import time
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Any

import psycopg

from deploy.cli.operations import database
from deploy.installation import Installation
from deploy.services import SERVICES
from shared.projections.view import View

STAND = """
select json_build_object(
  'head', (select coalesce(max(notification_id), 0) from {service}_events),
  'relayed', (select position from relay_position),
  'ends', (select json_agg(json_build_array(topic, partition, position)) from relay_partitions),
  'progress', (select json_agg(json_build_array(consumer, topic, partition, position)) from progress),
  'views', (select json_object_agg(name, generation) from views)
)::text
"""
EVERY = 0.1
"""Seconds between looks: as exactly are the moments known."""


class NeverSettled(TimeoutError):
    """Events were left behind for longer than the bound."""


@dataclass
class Reader:
    """A view or policy by the name under which it keeps its progress, and the topics that it reads."""

    service: str
    of: View | str
    topics: tuple[str, ...]

    def name(self, generations: dict[str, int]) -> str:
        return self.of if isinstance(self.of, str) else self.of.consumer(generations[self.of.name])


@cache
def _readers() -> list[Reader]:
    """Of all services; to build them opens nothing."""
    nowhere = Installation(postgres="", kafka="", master_key="00" * 32, secret="of nobody")
    return [
        Reader(name, one if isinstance(one, View) else one.name, one.topics)
        for name, service in SERVICES.items()
        for runtime in [service.build(nowhere).state.runtime]
        for one in (*runtime.views, *runtime.policies)
    ]


@dataclass
class Watch:
    """Connections to the six databases for as long as somebody looks at them."""

    at: Installation
    last_behind: dict[str, float] = field(default_factory=dict)

    def __enter__(self) -> "Watch":
        self._open = ExitStack()
        urls = {name: database(self.at, name) for name in SERVICES}
        self._conns = {
            name: self._open.enter_context(psycopg.connect(url, autocommit=True)) for name, url in urls.items()
        }
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.close()

    def settle(self, seconds: float = 600, *, readers: Collection[str] = tuple(SERVICES)) -> float:
        """Wait until these have read all that anybody has stored; answers the moment (`monotonic`) that was seen."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            now = time.monotonic()
            if not self.behind(now, readers):
                return now
            time.sleep(EVERY)
        raise NeverSettled(f"after {seconds:.0f} s there is still something to do for {self.behind(until, readers)}")

    def behind(self, now: float, readers: Collection[str]) -> set[str]:
        """The services that have something to send or to read; when each was seen so last is kept."""
        before = {name: self._stand(name) for name in SERVICES}
        ends = {(t, p): position for stand in before.values() for t, p, position in stand["ends"] or ()}
        late = {name for name, stand in before.items() if stand["head"] != stand["relayed"]}
        for reader in (one for one in _readers() if one.service in readers):
            stand = before[reader.service]
            name = reader.name(stand["views"] or {})
            read = {(t, p): at for consumer, t, p, at in stand["progress"] or () if consumer == name}
            topics = set(map(self.at.cluster.name, reader.topics))
            if any(read.get(place, 0) < end for place, end in ends.items() if place[0] in topics):
                late.add(reader.service)
        if not late:  # what a policy has saved since is only seen in a second look
            late = {name for name, stand in before.items() if self._stand(name)["head"] != stand["head"]}
        self.last_behind |= dict.fromkeys(late, now)
        return late

    def events(self) -> dict[str, int]:
        """The number of events that each service has stored."""
        return {name: self._one(name, f"select count(*) from {name}_events") for name in SERVICES}

    def bytes(self) -> dict[str, int]:
        """The size of each service's database: tables, indexes and what they hold for reuse."""
        return {name: self._one(name, "select pg_database_size(current_database())") for name in SERVICES}

    def count(self, service: str, table: str) -> int:
        return self._one(service, f"select count(*) from {table}")

    def _one(self, service: str, query: str) -> int:
        row = self._conns[service].execute(query).fetchone()
        assert row is not None
        return int(row[0])

    def _stand(self, service: str) -> dict[str, Any]:
        row = self._conns[service].execute(STAND.format(service=service)).fetchone()
        assert row is not None
        stand: dict[str, Any] = json.loads(row[0])
        return stand
