"""Revoked sessions and tokens: the compacted topic `access`, which every service follows in memory.

Services ask each other nothing, so sessions are signed and every service can check one; what a signature cannot say
(it was ended, this token was revoked) comes by this topic, as keys of people do. It is small, so it is read from its
beginning at each start, and no request ever waits for it. The price: a service that is cut off from Kafka goes on
with what it knew, until the session's own limits end it. A token that it has not heard of does not work.

Each record is signed with the secret of the installation: whoever may write to Kafka lets nobody in by it.

    token/<SHA-256>   what is kept of a token        use/<SHA-256>   when it was last used
    session/<id>      the session was ended          account/<id>    sessions begun before then are ended
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from shared.kafka.clients import read_to, reader
from shared.kafka.records import ConsumerRecord
from shared.kafka.topics import ACCESS, Cluster
from shared.problems import Unavailable
from shared.security.permissions import Who
from shared.security.signing import Signer
from shared.security.tokens import Token, actor, digest
from shared.supervision import cancelled_only_by_us, closed
from shared.telemetry import log, redacted

NOTE_USE_EVERY = 60.0
PATIENCE = 10.0


class Access:
    """One follower per service; what is put is in force here at once, and elsewhere when it is heard."""

    def __init__(self, cluster: Cluster, signer: Signer) -> None:
        self._cluster, self._signer = cluster, signer
        self._at = TopicPartition(cluster.name(ACCESS), 0)
        self._producer: AIOKafkaProducer | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsent: dict[str, dict[str, Any]] = {}
        self._ended: dict[str, float] = {}
        self._cuts: dict[str, float] = {}
        self.tokens: dict[str, Token] = {}
        self.used: dict[str, float] = {}

    async def start(self) -> None:
        """Read all that there is, then follow."""
        self._consumer = reader(self._cluster)
        await self._consumer.start()
        self._consumer.assign([self._at])
        async for records in read_to(self._consumer, await self._consumer.end_offsets([self._at])):
            self._take(records)
        self._spawn(self._follow())

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await closed(self._consumer.stop())
        if self._producer:
            await self._producer.stop()

    def ended(self, session: str, account: str, began: float) -> bool:
        """True if the session was signed out, or all sessions of the account were ended after it began."""
        return session in self._ended or began < self._cuts.get(account, 0)

    def token_holder(self, secret: str) -> Who | None:
        """The account of a valid token; its use is recorded once a minute."""
        known_by = digest(secret)
        token, now = self.tokens.get(known_by), time.time()
        if token is None or not token.works(now):
            return None
        if now - self.used.get(known_by, 0) > NOTE_USE_EVERY:
            self.used[known_by] = now
            self._spawn(self._note_use(known_by, now))
        return Who(actor(known_by), token.name, token.role, scopes=token.scopes)

    async def end_session(self, session: str, until: float) -> None:
        """Sign out everywhere; `until` is when the session would have ended by itself."""
        await self._put(f"session/{session}", {"until": until})

    async def end_sessions_of(self, account: str) -> None:
        """Sign the account out wherever it is signed in."""
        await self._put(f"account/{account}", {"before": time.time()})

    async def keep_token(self, known_by: str, token: Token) -> None:
        await self._put(f"token/{known_by}", token.model_dump(mode="json", exclude_none=True))

    async def revoke_token(self, known_by: str) -> None:
        """Revoke a token; it stays listed with the day."""
        await self.keep_token(known_by, self.tokens[known_by].model_copy(update={"revoked_at": datetime.now(UTC)}))

    async def _put(self, key: str, value: dict[str, Any]) -> None:
        """In force here at once. `Unavailable` where Kafka does not take it now: it is sent again until it does."""
        self._learn(key, value)
        self._unsent[key] = value
        await self._send(key, value)
        self._unsent.pop(key, None)

    async def _send(self, key: str, value: dict[str, Any] | None) -> None:
        signed = value and orjson.dumps(value | {"signed": self._signer.sign("access", [key, value])})
        try:
            with cancelled_only_by_us():
                async with asyncio.timeout(PATIENCE):
                    if self._producer is None:
                        producer = AIOKafkaProducer(bootstrap_servers=self._cluster.bootstrap, enable_idempotence=True)
                        await producer.start()
                        self._producer = producer
                    await self._producer.send_and_wait(self._at.topic, signed, key.encode(), partition=0)
        except (KafkaError, TimeoutError) as error:
            raise Unavailable("This is in force here, and everywhere as soon as Kafka answers again.") from error

    async def _note_use(self, known_by: str, at: float) -> None:
        with suppress(Unavailable):
            await self._send(f"use/{known_by}", {"at": at})

    async def _follow(self) -> None:
        await self._forget_the_past()
        if self._signer.changes:  # tokens outlive the secret: the new one comes to vouch for them too
            for known_by, token in list(self.tokens.items()):
                self._unsent.setdefault(f"token/{known_by}", token.model_dump(mode="json", exclude_none=True))
        while True:
            try:
                with cancelled_only_by_us():
                    for records in (await self._consumer.getmany(self._at, timeout_ms=1000)).values():
                        self._take(records)
                    for key, value in list(self._unsent.items()):
                        await self._put(key, value)
            except Unavailable:
                await asyncio.sleep(1)
            except (KafkaError, OSError) as error:
                log.warning("access is not followed", error=redacted(error))
                await asyncio.sleep(1)

    def _take(self, records: Sequence[ConsumerRecord]) -> None:
        for record in records:
            if record.key and record.value:
                with suppress(ValueError, LookupError, TypeError, AttributeError):
                    key, value = record.key.decode(), orjson.loads(record.value)
                    if self._signer.read("access", value.pop("signed")) == [key, value]:
                        self._learn(key, value)
                        continue
                log.warning("a record of access that is not ours is passed by", offset=record.offset)

    def _learn(self, key: str, value: dict[str, Any]) -> None:
        kind, _, name = key.partition("/")
        match kind:
            case "session":
                self._ended[name] = value["until"]
            case "account":
                self._cuts[name] = value["before"]
            case "token":
                known, token = self.tokens.get(name), Token.model_validate(value)
                if known and known.revoked_at and not token.revoked_at:  # somebody has sent an older record again
                    self._unsent[key] = known.model_dump(mode="json", exclude_none=True)
                else:
                    self.tokens[name] = token
            case "use":
                self.used[name] = max(value["at"], self.used.get(name, 0))

    async def _forget_the_past(self) -> None:
        """A session that has run out by itself needs no word that it was ended."""
        for name in [name for name, until in self._ended.items() if until < time.time()]:
            with suppress(Unavailable):
                await self._send(f"session/{name}", None)
            del self._ended[name]

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
