"""What every benchmark uses: figures beside their limit, percentiles, CPU seconds, and what the machine is."""

import platform
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import psycopg

from deploy.embedded.jars import ROOTS
from tests.processes import Site

ROOT = Path(__file__).parents[2]
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Figure:
    """What was measured, and the limit that the same run measured for it: the least that the work could cost."""

    what: str
    value: float
    unit: str
    limit: float | None = None
    beside: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times the limit."""
        return self.value / self.limit if self.limit else None


@dataclass(frozen=True)
class Run:
    """One benchmark's figures, with where, when and of which commit they are."""

    name: str
    date: str
    commit: str
    machine: Mapping[str, str]
    figures: Sequence[Figure]

    @classmethod
    def of(cls, name: str, figures: Sequence[Figure], site: Site) -> "Run":
        """Done just now."""
        return cls(name, f"{datetime.now(UTC):%Y-%m-%d}", commit(), machine(site.at.postgres), figures)

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> "Run":
        """From what `json` made of one."""
        return cls(**{**found, "figures": [Figure(**one) for one in found["figures"]]})

    def json(self) -> dict[str, Any]:
        return asdict(self)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, -(-len(ordered) * int(share * 1000) // 1000) - 1))]


def seconds_of(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def cpu_seconds(site: Site) -> dict[str, float]:
    """User and system time so far of each service, of Kafka and of PostgreSQL with the backends that have ended."""
    used: dict[str, float] = {
        name: sum(psutil.Process(one.pid).cpu_times()[:2]) for name, one in site.processes.items()
    }
    used["kafka"] = sum(psutil.Process(site.broker.pid).cpu_times()[:2])
    postmaster = psutil.Process(site.database.pid)
    used["postgresql"] = sum(postmaster.cpu_times()[:4])
    for backend in postmaster.children():
        with suppress(psutil.NoSuchProcess):
            used["postgresql"] += sum(backend.cpu_times()[:2])
    return used


@contextmanager
def cpu_of(site: Site) -> Iterator[dict[str, float]]:
    """Filled, at the end of the block, with the CPU seconds that each process has used in it."""
    before, used = cpu_seconds(site), dict[str, float]()
    yield used
    used |= {name: spent - before.get(name, 0.0) for name, spent in cpu_seconds(site).items()}


def resident(pid: int) -> float:
    """Megabytes of memory that the process holds."""
    return float(psutil.Process(pid).memory_info().rss) / MEGABYTE


def wal_bytes(postgres: str) -> int:
    """How far PostgreSQL's write-ahead log has come."""
    with psycopg.connect(postgres) as conn:
        row = conn.execute("select pg_current_wal_lsn() - '0/0'::pg_lsn").fetchone()
    assert row is not None
    return int(row[0])


@cache
def commit() -> str:
    """The commit that is measured, marked where files differed from it before a page was written."""
    asked = ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+", "--abbrev=8"]
    return subprocess.run(asked, check=False, capture_output=True, text=True).stdout.strip() or "unknown"


def machine(postgres: str) -> dict[str, str]:
    """What the figures depend on."""
    with psycopg.connect(postgres) as conn:
        server = conn.info.parameter_status("server_version") or "unknown"
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "CPU": models[0] if models else platform.processor() or platform.machine(),
        "cores": str(psutil.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / MEGABYTE / 1024:.0f} GB",
        "kernel": f"{platform.system()} {platform.release().partition('-')[0]}",
        "Python": platform.python_version(),
        "PostgreSQL": server,
        "Kafka": ROOTS[0][2],
        "aiokafka": version("aiokafka"),
    }
