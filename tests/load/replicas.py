"""How much faster do two or three processes of a service take a backlog in than one?"""

import asyncio
import time
from contextlib import ExitStack
from subprocess import Popen

from deploy.cli.operations import database
from shared.eventstore.relay import Relay
from shared.keys.keyring import Keyring
from tests.load.filling import put_complaints
from tests.load.measuring import Figure
from tests.processes import Site, wait_until_ready
from tests.settling import Watch
from tests.system.conftest import free_port

FULL, SMALL = (5_000, ("cases", "reporting"), (1, 2, 3)), (50, ("cases",), (1, 2))
"""Complaints, by which services and by how many processes they are taken in."""
WARM = 50
UNTIL_SHARED = 8.0
"""Seconds: the members of a group learn with a heartbeat, each 3 s, that others have come, and join again."""


def measure(site: Site, small: bool) -> list[Figure]:
    """All other services are stopped: a relay alone sends complaints, and the replicas share the partitions."""
    site.stop()
    site.processes.clear()
    complaints, services, counts = SMALL if small else FULL
    figures: list[Figure] = []
    with Watch(site.at) as watch:
        for service in services:
            alone = 0.0
            for replicas in counts:
                with ExitStack() as stack:
                    _start(site, service, replicas, stack)
                    _take_in(site, watch, service, WARM)
                    rate = _take_in(site, watch, service, complaints)
                alone = alone or rate
                name = f"{service}, {replicas} replica{'s' * (replicas > 1)}: complaints taken in"
                figures.append(Figure(name, rate, "/s", alone, "one replica"))
    return figures


def _start(site: Site, service: str, replicas: int, stack: ExitStack) -> None:
    ports = [free_port() for _ in range(replicas)]
    for port in ports:
        stack.callback(_stop, site.start(service, port))
    for port in ports:
        wait_until_ready(f"http://127.0.0.1:{port}")
    time.sleep(UNTIL_SHARED)


def _stop(process: Popen[bytes]) -> None:
    process.terminate()
    process.wait(60)


def _take_in(site: Site, watch: Watch, service: str, complaints: int) -> float:
    """Complaints a second from the first sent until the service has taken all in."""
    put_complaints(database(site.at, "intake"), Keyring(site.at.masters()), complaints)
    began = time.monotonic()
    return complaints / (asyncio.run(_relay_until(site, watch, service)) - began)


async def _relay_until(site: Site, watch: Watch, service: str) -> float:
    sender = Relay("intake", database(site.at, "intake"), site.at.cluster)
    sender.start()
    try:
        return await asyncio.to_thread(watch.settle, readers={service})
    finally:
        await sender.stop()
