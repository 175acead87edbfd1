"""Checkpoints as the database has them: of a consumer, and of the live generation of each view."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.kafka.chain import Checkpoint, Place
from shared.postgres.pools import Connection
from shared.projections.view import View

LIVE = """
select v.name, v.version, v.generation, v.erasure, p.topic, p.partition, p.position, p.next_offset, p.link
from views v left join progress p on p.consumer = v.name || '.g' || v.generation where v.name = any(%s)
"""


@dataclass(frozen=True, slots=True)
class Live:
    """The generation of a view that pages read, the last erasure in it, and its checkpoints."""

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


async def read_live(conn: Connection, views: Sequence[View], statement: str = LIVE) -> dict[str, Live]:
    """The live generation of each view by the view's name, without waiting for a batch."""
    rows = await conn.execute(statement, [[view.name for view in views]])
    found: dict[str, Live] = {}
    for name, version, generation, erasure, topic, partition, *checkpoint in await rows.fetchall():
        live = found.setdefault(name, Live(version, generation, erasure, {}))
        if topic is not None:
            live.checkpoints[topic, partition] = Checkpoint(*checkpoint)
    return found


async def lock(conn: Connection, views: Sequence[View]) -> dict[str, Live]:
    """The same, held until the transaction ends.

    A switch waits for the batch, a batch for the switch, and for that of another process, as a row may follow from
    partitions of both.
    """
    return await read_live(conn, views, LIVE + " order by v.name for update of v")
