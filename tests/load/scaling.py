"""The arithmetic of docs/scaling.md: from measured figures to a rate, each formula in the names of its rows."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.load.measuring import Figure, Run

TARGET = 10_000
"""Complaints a second."""
BUSY = 0.7
"""How much of a core or of a writer is planned for; the rest takes peaks and failures."""
COPIES = 3
"""Of each Kafka record."""
SECONDS_A_YEAR = 365 * 24 * 3600
SERVICES = ("intake", "cases", "sentiment", "reporting", "social", "surveys")
WRITERS = ("intake", "cases", "sentiment")
"""Those that write events of every complaint."""
Rows = Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Known:
    """The figures by benchmark and row, and what follows from them for one complaint."""

    runs: Mapping[str, Run]

    def figure(self, benchmark: str, what: str) -> Figure:
        return next(one for one in self.runs[benchmark].figures if one.what == what)

    def value(self, benchmark: str, what: str) -> float:
        return self.figure(benchmark, what).value

    def cpu(self, process: str) -> float:
        """Seconds."""
        return self.value("end-to-end", f"CPU of {process} per 1,000 complaints") / 1000

    def events(self, service: str) -> float:
        return self.value("end-to-end", f"events per complaint by {service}")

    def bytes(self, what: str) -> float:
        """The sum of the rows that begin so."""
        found = [one.value for one in self.runs["end-to-end"].figures if one.what.startswith(what)]
        assert found, what
        return sum(found) * 1024

    @property
    def written(self) -> float:
        """Events a second that a bare writer inserts: there is one at a time in each service's event table."""
        limit = self.figure("end-to-end", "events stored, sent and read").limit
        assert limit
        return limit


def needs(runs: Mapping[str, Run]) -> str:
    """What the target needs."""
    known, rows = Known(runs), list[tuple[str, str, str]]()
    rows.append(("events", "*events per complaint*, all", f"{TARGET * sum(map(known.events, WRITERS)):,.0f} /s"))
    processes = {name: _whole(TARGET * known.cpu(name) / BUSY) for name in SERVICES}
    for name, count in processes.items():
        rows.append(
            (f"processes of {name}, a core each", f"*CPU of {name} per 1,000 complaints* / {BUSY}", f"{count:,}")
        )
    one_each = TARGET * known.value("acceptance", "64 clients: CPU of intake per 1,000") / 1000 / BUSY
    rows.append(("the same, a request for each complaint", f"*64 clients: CPU of intake per 1,000* / {BUSY}",
                 f"{_whole(one_each):,}"))  # fmt: skip
    most = max(one_each, *processes.values())
    rows.append(
        (
            "partitions of a topic",
            "the most processes of these, up to a power of two",
            f"{2 ** _whole(math.log2(most))}",
        )
    )
    for name in ("postgresql", "kafka"):
        cores = TARGET * known.cpu(name) / BUSY
        rows.append((f"cores for {name}", f"*CPU of {name} per 1,000 complaints* / {BUSY}", f"{_whole(cores):,}"))
    for name in WRITERS:
        tables = TARGET * known.events(name) / known.written / BUSY
        how = f"*events per complaint by {name}* / limit of *events stored, sent and read* / {BUSY}"
        rows.append((f"event tables of {name}", how, f"{_whole(tables)}"))
    return _table(("What", "From", f"For {TARGET:,} complaints/s"), rows)


def bytes_of(runs: Mapping[str, Run]) -> str:
    """What that writes and keeps."""
    known = Known(runs)
    rows = []
    for what, row, copies in (
        ("Kafka", "log of Kafka", COPIES), ("PostgreSQL, written ahead", "written ahead by PostgreSQL", 1),
        ("PostgreSQL, kept", "database of", 1),
    ):  # fmt: skip
        each = known.bytes(row) * copies
        year = f"{each * TARGET * SECONDS_A_YEAR / 1e12:,.0f} TB"
        how = f"*{row} … per complaint*" + (f", {copies} copies" if copies > 1 else "")
        rows.append((what, how, f"{each / 1e3:,.1f} GB", f"{each * TARGET / 1e6:,.0f} MB/s", year))
    return _table(("What", "From", "A million complaints", f"At {TARGET:,}/s", "A year of that"), rows)


def ceilings(runs: Mapping[str, Run]) -> str:
    """How many complaints a second one of each takes, the lowest first: what breaks, in which order."""
    known = Known(runs)
    cores = float(runs["end-to-end"].machine["cores"])
    accepted = 1000 / known.value("acceptance", "64 clients: CPU of intake per 1,000")
    found = [
        (known.value("letters", "letters handed over"), "the mailer, if each is acknowledged", "*letters handed over*"),
        (accepted, "a process of intake, a request for each", "1 / *64 clients: CPU of intake per 1,000*"),
    ]
    for name in SERVICES:
        found.append(
            (1 / known.cpu(name), f"a process of {name}, on a core", f"1 / *CPU of {name} per 1,000 complaints*")
        )
    for name in ("postgresql", "kafka"):
        how = f"{cores:.0f} cores / *CPU of {name} per 1,000 complaints*"
        found.append((cores / known.cpu(name), f"a server of {name} on this machine", how))
    relayed = known.value("relay", "events relayed")
    for name in WRITERS:
        per = f"*events per complaint by {name}*"
        found.append((relayed / known.events(name), f"the relay of {name}", f"*events relayed* / {per}"))
        how = f"limit of *events stored, sent and read* / {per}"
        found.append((known.written / known.events(name), f"the event table of {name}", how))
    return _table(("What", "From", "Complaints/s"), [(what, how, f"{rate:,.0f}") for rate, what, how in sorted(found)])


BLOCKS = {"needs": needs, "bytes": bytes_of, "ceilings": ceilings}


def _whole(value: float) -> int:
    """Rounded up, but for what binary fractions add."""
    return math.ceil(round(value, 6))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * 2 + ["---:"] * (len(head) - 2), *rows]
    return "\n" + "".join(f"| {' | '.join(cells)} |\n" for cells in lines) + "\n"
