"""How much memory does each service hold and how soon is it ready, with nothing and with 10,000 complaints?"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from deploy.services import SERVICES
from tests.load.filling import bring_in, rows_file
from tests.load.measuring import ROOT, Figure, cpu_of, resident
from tests.processes import Site, wait_until_ready
from tests.settling import Watch
from tests.system.conftest import free_port

FULL, SMALL = (10_000, 30, tuple(SERVICES)), (100, 1, ("surveys",))
"""Complaints, seconds of idleness, and services that are stopped and started."""


def measure(site: Site, small: bool) -> list[Figure]:
    """One service after the other, while the rest runs idle, beside a bare FastAPI application."""
    complaints, idle, services = SMALL if small else FULL
    start, memory = _bare()
    empty = {name: _restart(site, name) for name in services}
    with tempfile.TemporaryDirectory() as folder, Watch(site.at) as watch:
        bring_in(site, rows_file(Path(folder), complaints))
        watch.settle()
    with cpu_of(site) as used:
        time.sleep(idle)
    worked = {name: resident(site.processes[name].pid) for name in services}
    full = {name: _restart(site, name) for name in services}
    after, beside = f"after {complaints:,} complaints", "a bare application"
    figures = [
        figure
        for name in services
        for figure in (
            Figure(f"{name}: memory, started empty", empty[name][1], "MB", memory, beside),
            Figure(f"{name}: memory {after}", worked[name], "MB", memory, beside),
            Figure(f"{name}: ready, started empty", empty[name][0], "s", start, beside),
            Figure(f"{name}: ready, started {after}", full[name][0], "s", start, beside),
        )
    ]
    return figures + [Figure(f"{name}: CPU while idle", s * 100 / idle, "% of a core") for name, s in used.items()]


def _restart(site: Site, service: str) -> tuple[float, float]:
    """Seconds from starting the process until it is ready, and the megabytes that it then holds."""
    site.processes[service].terminate()
    site.processes[service].wait(60)
    began = time.perf_counter()
    site.processes[service] = site.start(service)
    wait_until_ready(site.url(service))
    return time.perf_counter() - began, resident(site.processes[service].pid)


def _bare() -> tuple[float, float]:
    port, began = free_port(), time.perf_counter()
    command = [sys.executable, "-m", "uvicorn", "tests.load.bare_app:app", "--no-access-log", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}")
        return time.perf_counter() - began, resident(process.pid)
    finally:
        process.terminate()
        process.wait(30)
