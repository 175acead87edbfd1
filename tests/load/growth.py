"""Does a complaint cost the same when the log has grown ten times, and ten times again?"""

import tempfile
import time
from pathlib import Path

from deploy.services import SERVICES
from tests.load.filling import bring_in, rows_file
from tests.load.measuring import Figure, cpu_of
from tests.processes import Site
from tests.settling import Watch

FULL, SMALL = ((1_000, 10_000, 50_000), 1_000), ((50, 150), 50)
"""Complaints in the log when it is measured, and how many are then brought in."""


def measure(site: Site, small: bool) -> list[Figure]:
    """CPU of the services and time until all is shown, beside what the first thousand took."""
    sizes, some = SMALL if small else FULL
    figures: list[Figure] = []
    cpu = wall = 0.0
    with tempfile.TemporaryDirectory() as folder, Watch(site.at) as watch:
        for size in sizes:
            lacking = size - watch.count("cases", "caseload where reference is not null")
            if lacking > 0:
                bring_in(site, rows_file(Path(folder), lacking))
            watch.settle(1800)
            path = rows_file(Path(folder), some)
            with cpu_of(site) as used:
                began = time.monotonic()
                bring_in(site, path)
                seconds = watch.settle() - began
            services = sum(used[name] for name in SERVICES)
            cpu, wall = cpu or services, wall or seconds
            at, beside = f"with {size:,} complaints in the log", f"with {sizes[0]:,}"
            figures += [
                Figure(f"CPU of the services per 1,000, {at}", services * 1000 / some, "s", cpu * 1000 / some, beside),
                Figure(f"until shown, {some:,} together, {at}", seconds, "s", wall, beside),
            ]
    return figures
