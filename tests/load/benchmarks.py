"""The benchmarks by name, in the order of the page."""

from collections.abc import Callable, Sequence

from tests.load import (
    acceptance,
    end_to_end,
    footprint,
    growth,
    letters,
    reading,
    rebuilding,
    relaying,
    replicas,
    visibility,
)
from tests.load.measuring import Figure
from tests.processes import Site

BENCHMARKS: dict[str, Callable[[Site, bool], Sequence[Figure]]] = {
    "acceptance": acceptance.measure,
    "visibility": visibility.measure,
    "end-to-end": end_to_end.measure,
    "relay": relaying.measure,
    "rebuild": rebuilding.measure,
    "reading": reading.measure,
    "letters": letters.measure,
    "footprint": footprint.measure,
    "growth": growth.measure,
    "replicas": replicas.measure,
}
