"""Checkpoints as the database has them: of a consumer, and of the live generation of each view."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from shared.kafka.chain import Checkpoint, Place
from shared.projections.view import View

Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class LockedView:
    """A live generation, the last erasure in it, and its checkpoints."""

    version: int
    generation: int
    erasure: UUID | None
    checkpoints: dict[Place, Checkpoint]


async def read(conn: Connection, consumer: str) -> dict[Place, Checkpoint]:
    """A consumer's, by partition."""
    found = await conn.execute(
        "select topic, partition, position, next_offset, link from progress where consumer = %s", [consumer]
    )
    return {(row[0], row[1]): Checkpoint(*row[2:]) for row in await found.fetchall()}


async def read_live(conn: Connection, views: Sequence[View]) -> dict[str, dict[Place, Checkpoint]]:
    """Checkpoints of each view's live generation, by the view's name, without waiting for a batch."""
    rows = await conn.execute(
        "select v.name, p.topic, p.partition, p.position, p.next_offset, p.link"
        " from views v join progress p on p.consumer = v.name || '.g' || v.generation where v.name = any(%s)",
        [[view.name for view in views]],
    )
    found: dict[str, dict[Place, Checkpoint]] = {view.name: {} for view in views}
    for name, topic, partition, *checkpoint in await rows.fetchall():
        found[name][topic, partition] = Checkpoint(*checkpoint)
    return found


async def lock(conn: Connection, views: Sequence[View]) -> dict[str, LockedView]:
    """The live generation of each view with its checkpoints, by the view's name.

    Held until the transaction ends: a switch waits for the batch, a batch for the switch, and for that of another
    process, as a row may follow from partitions of both.
    """
    rows = await conn.execute(
        "select v.name, v.version, v.generation, v.erasure, p.topic, p.partition, p.position, p.next_offset, p.link"
        " from views v left join progress p on p.consumer = v.name || '.g' || v.generation"
        " where v.name = any(%s) order by v.name for update of v",
        [[view.name for view in views]],
    )
    found: dict[str, LockedView] = {}
    for name, version, generation, erasure, topic, partition, *checkpoint in await rows.fetchall():
        at = found.setdefault(name, LockedView(version, generation, erasure, {}))
        if topic is not None:
            at.checkpoints[topic, partition] = Checkpoint(*checkpoint)
    return found
