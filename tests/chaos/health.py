"""Watches from outside: what health says, and whether views move, by Kafka's ends and the databases alone."""

import asyncio
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import httpx
import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from deploy.cli.operations import database
from deploy.services import SERVICES
from shared.events import OWNERS
from shared.kafka.clients import ends, reader
from tests.chaos.supervisor import Supervisor
from tests.chaos.threads import beside

EVERY = 1.0
STUCK = 45.0
"""Seconds that a consumer may stand still, while there is something to read, and a process be green all the time."""


@dataclass
class Watch:
    """Samples of every process's health, and of every consumer's progress."""

    supervisor: Supervisor
    health: dict[str, tuple[float, int, str]] = field(default_factory=dict)
    """By process: when it was asked last, its status (0 for no answer), and what it said."""
    behind: dict[str, int] = field(default_factory=dict)
    green_while_stuck: list[str] = field(default_factory=list)
    samples: int = 0
    _moved: dict[str, tuple[int, float]] = field(default_factory=dict)
    _recent: dict[str, deque[int]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=int(STUCK / EVERY)))
    )
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[None]:
        with beside(self._over, [self._ask, lambda: asyncio.run(self._look())]):
            yield

    @property
    def lag(self) -> int:
        return sum(self.behind.values())

    def red(self) -> dict[str, str]:
        """Processes that do not say that they are ready, and what they say."""
        return {
            name: self.health[name][2] if name in self.health else "never asked"
            for name in self.supervisor.ports
            if name not in self.health or self.health[name][1] != 200
        }

    def all_ready(self, since: float) -> bool:
        """Every process was asked after that moment and is ready."""
        return not self.red() and all(self.health[name][0] > since for name in self.supervisor.ports)

    def _ask(self) -> None:
        with httpx.Client(timeout=5) as client:
            while not self._over.wait(EVERY):
                for name, port in dict(self.supervisor.ports).items():
                    began, status, said = time.monotonic(), 0, "no answer"
                    with suppress(httpx.HTTPError):
                        answer = client.get(f"http://127.0.0.1:{port}/health/ready")
                        status, said = answer.status_code, answer.text
                    self.health[name] = (began, status, said)
                    self._recent[name].append(status)
                    self.samples += 1

    async def _look(self) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # clients that a dead broker left half open
        while not self._over.is_set():
            with suppress(KafkaError, psycopg.Error, OSError):
                async with reader(self.supervisor.site.at.cluster, request_timeout_ms=5000) as kafka:
                    while not self._over.is_set():
                        await self._compare(kafka)
                        await asyncio.sleep(2 * EVERY)
            self._moved.clear()  # nothing is known of what happened meanwhile
            await asyncio.sleep(EVERY)

    async def _compare(self, kafka: AIOKafkaConsumer) -> None:
        limits = await ends(kafka, *OWNERS)
        for service in SERVICES:
            async with await psycopg.AsyncConnection.connect(database(self.supervisor.site.at, service)) as conn:
                rows = await (
                    await conn.execute("select consumer, topic, partition, next_offset from progress")
                ).fetchall()
            stands: dict[str, dict[TopicPartition, int]] = defaultdict(dict)
            for consumer, topic, partition, offset in rows:
                stands[consumer][TopicPartition(topic, partition)] = offset
            for consumer, at in stands.items():
                self._judge(service, f"{service}.{consumer}", at, limits)

    def _judge(
        self, service: str, consumer: str, at: dict[TopicPartition, int], ends: dict[TopicPartition, int]
    ) -> None:
        now, reached = time.monotonic(), sum(at.values())
        behind = sum(max(0, ends[place] - offset) for place, offset in at.items() if place in ends)
        before, since = self._moved.get(consumer, (-1, now))
        if reached != before or behind == 0:
            since = now
        self._moved[consumer], self.behind[consumer] = (reached, since), behind
        if now - since > STUCK:
            for name in self.supervisor.ports:
                green = self._recent[name]
                if name.startswith(service) and len(green) == green.maxlen and set(green) == {200}:
                    self.green_while_stuck.append(f"{name}: {consumer} is {behind} behind for {now - since:.0f} s")
