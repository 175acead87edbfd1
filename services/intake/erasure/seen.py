"""Wait until a view has caught up, before a decision that cannot be undone."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from shared.kafka.clients import ends, reader
from shared.kafka.topics import Cluster
from shared.problems import Unavailable
from shared.projections.view import View
from shared.service.runtime import Runtime
from shared.supervision import cancelled_only_by_us

PATIENCE = 15.0
"""Seconds to wait for what was received just now, and for Kafka's answer."""
SENT = "select position >= %(stored)s from relay_position"
SEEN = """
with seen as (
  select p.topic, p.partition, p.position, p.next_offset
  from progress p join views v on p.consumer = v.name || '.g' || v.generation where v.name = %(view)s
)
select exists (select 1 from views where name = %(view)s and version = %(version)s) and not exists (
  select 1 from relay_partitions r left join seen using (topic, partition)
  where r.topic = any(%(topics)s) and r.position > coalesce(seen.position, 0)
) and not exists (
  select 1 from unnest(%(topics)s::text[], %(partitions)s::int[], %(ends)s::bigint[]) as kafka (topic, partition, ends)
  left join seen using (topic, partition) where kafka.ends > coalesce(seen.next_offset, 0)
)
"""


async def until_seen(runtime: Runtime, conn: Any, view: View) -> None:
    """All that this service has stored, and all that Kafka has of others; raises `Unavailable`.

    A view that is being rebuilt has not seen it. What another service has stored and not sent yet nobody here can know.
    """
    topics = [runtime.settings.cluster.name(topic) for topic in view.topics]
    found = await conn.execute("select coalesce(max(notification_id), 0) from intake_events")
    stored = await found.fetchone()
    await _until(conn, SENT, {"stored": stored and stored[0]})
    ends = await _ends(runtime.settings.cluster, topics)
    wanted = {
        "view": view.name, "version": view.version, "topics": [place.topic for place in ends],
        "partitions": [place.partition for place in ends], "ends": list(ends.values()),
    }  # fmt: skip
    await _until(conn, SEEN, wanted)


async def _until(conn: Any, query: str, values: Mapping[str, Any]) -> None:
    for _ in range(int(PATIENCE / 0.05)):
        if await (await conn.execute(query, values)).fetchone() == (True,):
            return
        await asyncio.sleep(0.05)
    raise Unavailable


async def _ends(cluster: Cluster, topics: Sequence[str]) -> dict[TopicPartition, int]:
    """End offsets of the partitions."""
    try:
        with cancelled_only_by_us():
            async with asyncio.timeout(PATIENCE), reader(cluster) as kafka:
                return await ends(kafka, *topics)
    except (KafkaError, OSError, TimeoutError) as error:
        raise Unavailable from error
