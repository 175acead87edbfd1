"""How each kind of fault is done to a running site; each answers what came of it, in a few words."""

# ruff: noqa: S311 - chance that can be repeated, and no secrets

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.cli.operations import database
from tests.chaos import disks
from tests.chaos.health import Watch
from tests.chaos.load import Load
from tests.chaos.plan import PARTITIONS, Fault
from tests.chaos.strangers import MOST_COPIES, Place, Strangers
from tests.chaos.supervisor import Supervisor
from tests.processes import wait_until_ready

SEEN_WITHIN, REPLICA_READY_WITHIN = 60.0, 300.0
"""Seconds within which the state that a fault needs must come about by itself, on a machine with little time for it."""

KEPT_WAITING = "select pid from pg_stat_activity where %s = any(pg_blocking_pids(pid))"
END_LISTENER = """
select pg_terminate_backend(l.pid) from pg_locks l join pg_stat_activity a using (pid)
where l.locktype = 'advisory' and l.granted and a.datname = current_database()
and l.objid::bigint = hashtext('recourse.relay')::bigint & 4294967295
"""


@dataclass
class Stage:
    """What faults are done to."""

    supervisor: Supervisor
    load: Load
    watch: Watch
    strangers: Strangers


def kill_service(stage: Stage, fault: Fault) -> str:
    time.sleep(random.Random(fault.seed).random())  # anywhere in a batch
    stage.supervisor.kill(fault.target)
    return "killed"


def kill_unrecorded(stage: Stage, fault: Fault) -> str:
    """A lock on the row of its position lets the relay send and keeps it from recording; then it is killed."""
    url = database(stage.supervisor.site.at, fault.target)
    with psycopg.connect(url) as conn, psycopg.connect(url, autocommit=True) as other:
        conn.execute("select 1 from relay_position for update")
        until(lambda: bool(other.execute(KEPT_WAITING, [conn.info.backend_pid]).fetchall()))
        stage.supervisor.kill(fault.target)
    return "killed while it waited to record what it had sent"


def replicas(stage: Stage, fault: Fault) -> str:
    """Further processes join at once, work for a while under load, and go: killed or told to."""
    chance = random.Random(fault.seed)
    names = [f"{fault.target}.{number}" for number in range(2, 2 + fault.amount)]
    ways = [chance.choice((signal.SIGKILL, signal.SIGTERM)) for _ in names]
    try:
        for name in names:
            stage.supervisor.add(name)
        for name in names:
            wait_until_ready(f"http://127.0.0.1:{stage.supervisor.ports[name]}", REPLICA_READY_WITHIN)
        time.sleep(2 + 3 * chance.random())
    finally:
        for name, how in zip(names, ways, strict=True):
            if name in stage.supervisor.ports:
                stage.supervisor.remove(name, how)
    return ", ".join(f"{name} ended by {how.name}" for name, how in zip(names, ways, strict=True))


def kill_broker(stage: Stage, fault: Fault) -> str:
    os.kill(stage.supervisor.server("kafka").pid, signal.SIGKILL)
    return "killed"


def pause_broker(stage: Stage, fault: Fault) -> str:
    pid = stage.supervisor.server("kafka").pid
    os.kill(pid, signal.SIGSTOP)
    time.sleep(fault.amount)
    os.kill(pid, signal.SIGCONT)
    return f"paused for {fault.amount} s"


def stop_database(stage: Stage, fault: Fault) -> str:
    """Immediate shutdown: no checkpoint, so that the next start recovers from the log."""
    seconds = 3 * random.Random(fault.seed).random()
    with stage.supervisor.held("postgres") as server:
        os.kill(server.pid, signal.SIGQUIT)
        until(lambda: not server.running)
        time.sleep(seconds)
    return f"down for {seconds:.1f} s"


def lose_listener(stage: Stage, fault: Fault) -> str:
    """The backend in which the relay listens is ended: what is notified until it listens again is lost."""
    with psycopg.connect(database(stage.supervisor.site.at, fault.target), autocommit=True) as conn:
        until(lambda: bool(conn.execute(END_LISTENER).fetchall()))
    return "its backend was ended"


def send_copies(stage: Stage, fault: Fault) -> str:
    until(lambda: _ends(stage, [_place(fault)[0]]) > PARTITIONS * MOST_COPIES)
    return f"{stage.strangers.copy(_place(fault), random.Random(fault.seed))} records"


def send_reversed(stage: Stage, fault: Fault) -> str:
    until(lambda: _ends(stage, [_place(fault)[0]]) > PARTITIONS * MOST_COPIES)
    return f"{stage.strangers.reverse(_place(fault), random.Random(fault.seed))} records"


def send_poison(stage: Stage, fault: Fault) -> str:
    return stage.strangers.poison(_place(fault), random.Random(fault.seed))


def send_oversize(stage: Stage, fault: Fault) -> str:
    return stage.strangers.oversize(_place(fault))


def fill_disk(stage: Stage, fault: Fault) -> str:
    """Until it hurts: the server ends, or clients are refused. Then there is room again, and only then is a server that
    ended started: one that starts on a full disk may take its own half-written files for broken, and clear them."""
    disk, errors = stage.supervisor.site.folder / fault.target, stage.load.errors
    with stage.supervisor.held(fault.target) as server:
        disks.fill(disk)
        try:
            with suppress(TimeoutError):
                until(lambda: not server.running or stage.load.errors > errors + 3, 30)
            felt = [f"{fault.target} ended"] * (not server.running)
            felt += [f"{stage.load.errors - errors} requests failed"] * (stage.load.errors > errors)
            time.sleep(2)
        finally:
            disks.free(disk)
    return ", ".join(felt) or "nothing was felt"


def step_clock(stage: Stage, fault: Fault) -> str:
    stage.supervisor.clocks.step(fault.target, fault.amount)
    time.sleep(6)
    stage.supervisor.clocks.step(fault.target, 0)
    return f"{fault.amount:+} s and back"


DONE_BY: dict[str, Callable[[Stage, Fault], str]] = {
    "kill a service": kill_service, "kill a relay that has sent and not recorded": kill_unrecorded,
    "replicas come and go": replicas, "kill the broker": kill_broker, "pause the broker": pause_broker,
    "stop the database": stop_database, "lose the listener": lose_listener, "send copies": send_copies,
    "send old records in reverse": send_reversed, "send poison": send_poison,
    "send what is too large": send_oversize, "fill the database's disk": fill_disk,
    "fill the broker's disk": fill_disk, "step a clock": step_clock,
}  # fmt: skip


def until(condition: Callable[[], bool], seconds: float = SEEN_WITHIN) -> None:
    """Wait for what comes about by itself; raises TimeoutError."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"it did not come about within {seconds:.0f} s")
        time.sleep(0.02)


def _place(fault: Fault) -> Place:
    topic, _, partition = fault.target.partition("/")
    return topic, int(partition)


def _ends(stage: Stage, topics: list[str]) -> int:
    async def read() -> int:
        async with AIOKafkaConsumer(bootstrap_servers=stage.supervisor.site.at.kafka) as kafka:
            places = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS)]
            return sum((await kafka.end_offsets(places)).values())

    return asyncio.run(read())
