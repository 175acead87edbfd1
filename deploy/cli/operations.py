"""The operator's work on a running installation: rebuild views, see lag, handle dead letters, erase, verify."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from aiokafka import TopicPartition

from deploy.cli.console import Refused
from deploy.embedded.databases import create_database
from deploy.installation import Installation
from deploy.services import SERVICES, Service
from shared.kafka import clients
from shared.postgres.purge import Rewritten, rewrite
from shared.projections import versions
from shared.projections.policies import Policy
from shared.projections.rebuild import Rebuilt, rebuild
from shared.projections.view import View

if TYPE_CHECKING:  # most commands need neither
    from shared.eventstore.store import Store
    from shared.service.runtime import Runtime

Progress = Callable[[int, int], None]


def database(installation: Installation, service: str) -> str:
    return create_database(installation.postgres, f"recourse_{service}")


def databases(installation: Installation) -> dict[str, str]:
    return {service: database(installation, service) for service in SERVICES}


def runtime_of(installation: Installation, service: str) -> "Runtime":
    """The service as it is built, and not opened yet."""
    settings = installation.settings(database(installation, service))
    runtime: Runtime = SERVICES[service].build(settings).state.runtime
    return runtime


@asynccontextmanager
async def opened(runtime: "Runtime") -> AsyncIterator["Store"]:
    """The parts of a service that a command needs, with every key that there is; no relay, no worker, no HTTP."""
    async with runtime.opened() as store:
        await runtime.keys.start()
        try:
            await runtime.keys.catch_up()
            yield store
        finally:
            await runtime.keys.stop()


def chosen(name: str | None) -> list[tuple[Service, View]]:
    """All views, those of SERVICE, or SERVICE.VIEW; raises `Refused` with what there is."""
    service, _, view = (name or "").partition(".")
    found = [(s, v) for s in SERVICES.values() for v in s.views if service in ("", s.name) and view in ("", v.name)]
    if not found:
        there = ", ".join(f"{s.name}.{v.name}" for s in SERVICES.values() for v in s.views)
        raise Refused(f"There is no view called {name}. There are: {there}")
    return found


async def rebuild_view(
    installation: Installation, service: Service, view: View, *, verify: bool, progress: Progress
) -> Rebuilt:
    """Build it beside the live one and switch; with `verify` only where the two are equal."""
    runtime = runtime_of(installation, service.name)
    async with opened(runtime):
        return await rebuild(
            view, runtime.pool, installation.cluster, runtime.keyring, runtime.keys, verify=verify, progress=progress
        )


async def purge(installation: Installation, service: str) -> Rewritten:
    """Rewrite now what erasures have left in the files of the service's database."""
    url = await asyncio.to_thread(database, installation, service)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
        return await rewrite(conn)


@dataclass(frozen=True)
class Behind:
    """One consumer's distance to the end of its topics."""

    consumer: str
    behind: int
    dead: int


async def lags(installation: Installation) -> list[Behind]:
    """Every view and policy of every service, as its database says and Kafka's ends are."""
    async with clients.reader(installation.cluster) as kafka:
        ends = await clients.ends(kafka, *await clients.topics(kafka))
    found = []
    for service in SERVICES.values():
        runtime = runtime_of(installation, service.name)
        async with await psycopg.AsyncConnection.connect(runtime.settings.postgres, autocommit=True) as conn:
            names = {
                view.consumer((await versions.prepare(conn, view)).generation): view.name for view in runtime.views
            } | {policy.name: policy.name for policy in runtime.policies}
            rows = await (await conn.execute("select consumer, topic, partition, next_offset from progress")).fetchall()
        readers: list[View | Policy] = [*runtime.views, *runtime.policies]
        topics = {one.name: set(map(installation.cluster.name, one.topics)) for one in readers}
        for consumer in {row[0] for row in rows} | set(names):
            read = topics.get(consumer.rpartition(".g")[0] or consumer, ())
            at = {partition: 0 for partition in ends if partition.topic in read}
            at |= {TopicPartition(topic, p): offset for name, topic, p, offset in rows if name == consumer}
            behind = sum(max(0, ends.get(partition, 0) - offset) for partition, offset in at.items())
            group = f"{service.name}.{names.get(consumer, consumer)}"
            dead_topic = installation.cluster.name(f"{group}.dead")
            dead = sum(end for partition, end in ends.items() if partition.topic == dead_topic)
            found.append(Behind(group, behind, dead))
    return sorted(found, key=lambda one: one.consumer)
