"""A hole in the log: the views that need what is missing stop and say so, and how they go on again.

A stranger's record that claims to follow what was never there looks like a hole, until the owner's next record shows
that nothing is missing. Records that were really taken out stay a hole: health is red until the log is made again.
"""

import asyncio
import signal
import time
from collections.abc import Callable

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from deploy.cli.operations import chosen, database
from services.reporting.audit.findings import Finding
from services.reporting.audit.verify import verify
from shared.events import OWNERS
from tests.chaos.faults import Stage, until
from tests.chaos.plan import PARTITIONS
from tests.chaos.strangers import Place

TOLD_WITHIN = 120.0
FORGED: Place = ("sentiments", 2)
EMPTIED = "complaints"
MOST = 200
"""Complaints within which one has a measurement in any given partition."""


def leave_gaps(stage: Stage) -> list[str]:
    """What did not hold, in sentences; the load has stopped, and everything is read."""
    wrong = _forged(stage)
    return wrong or _emptied(stage)


def _forged(stage: Stage) -> list[str]:
    """Nothing was lost: the views wait, and go on by themselves."""
    _, _, offset = stage.strangers.forge(FORGED)
    readers = {service.name for service, view in chosen(None) if FORGED[0] in view.topics}
    others = set(stage.supervisor.ports) - readers
    if not _within(lambda: readers <= _telling(stage)):
        return [f"a forged record was not told by {sorted(readers - _telling(stage))}"]
    if red := others & stage.watch.red().keys():
        return [f"{sorted(red)} do not read {FORGED[0]} and are red"]
    if not any((f.topic, f.partition, f.offset) == (*FORGED, offset) for f in _audit(stage)):
        return ["the audit does not name the forged record"]
    with stage.load.client() as client:
        for number in range(MOST):
            stage.load.complain(client, f"after the gap {number}", "It broke, and nobody answered.")
            if not stage.watch.red() and number > 2 * PARTITIONS:
                break
            time.sleep(0.5)
    if not _within(lambda: not stage.watch.red()):
        return [f"the views did not go on from a forged record: {stage.watch.red()}"]
    return []


def _emptied(stage: Stage) -> list[str]:
    """A service that was away comes back, and what it has not read was deleted meanwhile."""
    stage.supervisor.remove("sentiment", signal.SIGTERM)
    with stage.load.client() as client:
        for number in range(3 * PARTITIONS):
            stage.load.complain(client, f"deleted {number}", "It broke, and nobody answered.")
        time.sleep(5)  # the relay's
        asyncio.run(_delete(stage, EMPTIED))
        for number in range(3 * PARTITIONS):
            stage.load.complain(client, f"kept {number}", "It broke, and nobody answered.")
    stage.supervisor.add("sentiment", stage.supervisor.site.ports["sentiment"])
    if not _within(lambda: "sentiment" in _telling(stage)):
        return [f"records were deleted, and sentiment does not tell: {stage.watch.health['sentiment']}"]
    if not any(finding.kind == "missing" and finding.topic == EMPTIED for finding in _audit(stage)):
        return ["records were deleted, and the audit does not miss them"]
    return []


def _telling(stage: Stage) -> set[str]:
    """Services whose health is red, and says what to do."""
    return {name for name, said in stage.watch.red().items() if "recourse audit verify" in said}


def _audit(stage: Stage) -> list[Finding]:
    databases = {service: database(stage.supervisor.site.at, service) for service in sorted(set(OWNERS.values()))}
    return list(asyncio.run(verify(stage.supervisor.site.at.cluster, databases)).findings)


async def _delete(stage: Stage, topic: str) -> None:
    """Everything that stands in the topic now."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stage.supervisor.site.at.kafka)
    await admin.start()
    try:
        places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        await admin.delete_records({place: RecordsToDelete(before_offset=-1) for place in places})
    finally:
        await admin.close()


def _within(condition: Callable[[], bool]) -> bool:
    try:
        until(condition, TOLD_WITHIN)
    except TimeoutError:
        return False
    return True
