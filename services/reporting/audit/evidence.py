"""Evidence to hand out: the events of one complaint with their proofs, and proof that the log only grew."""

import asyncio
import json
from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from aiokafka import TopicPartition

from services.reporting.audit.check import BUNDLE, GROWTH, Refused, boxes_in, check
from services.reporting.audit.log import merkle, tiles
from services.reporting.audit.log.growing import fetch, reader
from services.reporting.audit.seal import Seal, sealed_heads
from services.reporting.audit.sealer import Sealer
from services.reporting.trail.listing import MOST, NothingRecorded, trail_of
from shared.events import OWNERS
from shared.kafka.records import FIRST_CHAIN, Record
from shared.problems import RuleBroken, Unprocessable
from shared.service.runtime import Runtime

Places = dict[tuple[str, int], list[int]]
"""Positions by topic and partition."""
Document = dict[str, Any]
LARGEST = 2**53


class EvidenceIncomplete(RuleBroken):
    """The evidence does not verify, so it cannot be downloaded. Run `recourse audit verify`."""


class Evidence:
    """Makes evidence, and never hands out what does not pass the check."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime, self.sealer = runtime, Sealer(runtime)

    async def bundle(self, subject: UUID, actor: str, *, opened: bool = False) -> Document:
        """All events of the complaint and of what belongs to it, under a checkpoint that covers them.

        Where the last one does not, the log is sealed. With `opened`, the words of sealed fields stand beside.
        """
        places = await self._places(subject)
        last = await self.sealer.last()
        records = await self._records(places, last) if last else None
        if last is None or records is None:
            last, _ = await self.sealer.seal(actor)
            records = await self._records(places, last)
        assert records is not None, "it covers all that there is"
        document = {
            "format": BUNDLE, "subject": str(subject), "key": last.key, "checkpoint": last.note, "records": records,
        }  # fmt: skip
        if opened:
            document["opened"] = await self._opened(records)
        try:
            await asyncio.to_thread(check, json.dumps(document), [last.key])
        except Refused as why:
            raise EvidenceIncomplete(f"{why} Run `recourse audit verify`.") from None
        return document

    async def growth(self, old: str, new: str) -> Document:
        """Proof that the log of the checkpoint `new` begins with that of `old`; both are notes of ours."""
        last = await self.sealer.last()
        if last is None:
            raise Unprocessable("Nothing was sealed yet.")
        try:
            ours, later = sealed_heads(old), sealed_heads(new)
            async with self.runtime.pool.connection() as conn:
                proofs = {name: await _grown(conn, name, head.size, later[name].size) for name, head in ours.items()}
                found = await conn.execute("select distinct key from checkpoints")
                keys = [row[0] for row in await found.fetchall()]
            document = {"format": GROWTH, "key": last.key, "old": old, "new": new, "proofs": proofs}
            await asyncio.to_thread(check, json.dumps(document), keys)
        except Refused as why:
            raise Unprocessable(f"From these two there is no proof. {why}") from None
        except (LookupError, ValueError):
            raise Unprocessable(
                "From these two there is no proof. Each is a text of five lines and more, as it was handed out here,"
                " the earlier first."
            ) from None
        return document

    async def _places(self, subject: UUID) -> Places:
        """Every event of every aggregate that has to do with it, so that none is left out between."""
        async with self.runtime.pool.connection() as conn:
            rows = await trail_of(conn, subject)
            if not rows:
                raise NothingRecorded
            if len(rows) >= MOST:
                raise Unprocessable(f"There are {MOST:,} events and more about this: too many for one bundle.")
            found = await conn.execute(
                "select topic, partition, position from trail where originator_id = any(%(ids)s)"
                " and (subject = any(%(ids)s) or subject <> originator_id) order by 1, 2, 3",
                {"ids": list({row["originator_id"] for row in rows})},
            )
            places: Places = defaultdict(list)
            for topic, partition, position in await found.fetchall():
                places[topic, partition].append(position)
        return places

    async def _records(self, places: Places, seal: Seal) -> list[Document] | None:
        """None where the seal does not reach so far."""
        heads = sealed_heads(seal.note)
        records: list[Document] = []
        cluster = self.runtime.settings.cluster
        async with self.runtime.pool.connection() as conn, reader(cluster, 65_536) as kafka:
            for (topic, partition), positions in places.items():
                head = heads.get(f"{topic}/{partition}")
                if head is None:
                    return None
                leaves = [(0, number) for number in await tiles.numbers_of(conn, topic, partition, positions)]
                held = await tiles.load(conn, topic, partition, leaves)
                indexes = [index for at in positions if (index := held.index_of(at)) is not None and index < head.size]
                if len(indexes) < len(positions):
                    return None
                ways = {*indexes, *(index - 1 for index in indexes if index)}
                tree = await tiles.load(conn, topic, partition, tiles.around(ways, head.size))
                for index in indexes:
                    at, offset = tree.place(index)
                    record = await fetch(kafka, TopicPartition(cluster.name(topic), partition), offset, at)
                    previous = tree.link(index - 1) if index else FIRST_CHAIN
                    proof = merkle.inclusion_proof(index, head.size, tree.node)
                    records.append(_shown(topic, record, index, previous, proof))
        return records

    async def _opened(self, records: Sequence[Document]) -> list[Document]:
        """The text of each sealed field that can still be read."""
        boxes = [
            (dict(record["headers"])["ce_id"], field, UUID(person), box)
            for record in records
            for field, (person, box) in boxes_in(json.loads(b64decode(record["value"]))).items()
        ]
        await self.runtime.keys.fetch({person for _, _, person, _ in boxes})
        texts = [(event, field, self.runtime.keyring.open(person, box)) for event, field, person, box in boxes]
        return [{"event": event, "field": field, "text": text} for event, field, text in texts if text is not None]


async def _grown(conn: Any, name: str, old: int, new: int) -> list[str]:
    topic, _, partition = name.rpartition("/")
    if topic not in OWNERS or not 0 < old <= new <= LARGEST:
        raise Refused(f"The second does not follow the first: {name} has shrunk.")
    tree = await tiles.load(conn, topic, int(partition[:4]), tiles.around((), old, new))
    return [_text(step) for step in merkle.consistency_proof(old, new, tree.node)]


def _shown(topic: str, record: Record, index: int, previous: bytes, proof: Sequence[bytes]) -> Document:
    """The record as it was sent, and where it stands in the tree of its partition."""
    return {
        "topic": topic, "partition": record.partition, "index": index,
        "headers": [[name, value.decode()] for name, value in record.headers], "value": _text(record.value),
        "previous": previous.hex(), "proof": [_text(step) for step in proof],
    }  # fmt: skip


def _text(data: bytes) -> str:
    return b64encode(data).decode()
