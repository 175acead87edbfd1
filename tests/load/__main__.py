"""Runs the benchmarks: `make bench`, or `python -m tests.load [NAME...]`; `--help` tells the rest."""

import argparse
import signal
import sys
from pathlib import Path

from tests.load import page
from tests.load.benchmarks import BENCHMARKS
from tests.load.client import in_process
from tests.load.measuring import Run
from tests.processes import running


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.load", description="Measures Recourse on this machine.")
    asked.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all without one")
    asked.add_argument("--small", action="store_true", help="few of everything: to see that they run, not how fast")
    asked.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    asked.add_argument("--against", type=Path, metavar="FILE", help="show what changed since such a file")
    asked.add_argument(
        "--page", action="store_true", help="put the figures into docs/performance.md and docs/scaling.md"
    )
    options = asked.parse_args()
    if unknown := set(options.names) - set(BENCHMARKS):
        asked.error(f"there is no {', '.join(sorted(unknown))}: choose from {', '.join(BENCHMARKS)}")
    if options.small and options.page:
        asked.error("figures of small counts say nothing about time, and have no place on a page")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is stopped
    before = {} if options.against is None else page.read(options.against)
    runs = {}
    for name in options.names or BENCHMARKS:
        runs[name] = run(name, options.small)
        sys.stdout.write(f"\n{name}\n{page.text(runs[name], before.get(name))}")
        sys.stdout.flush()
        if options.json:
            page.write(options.json, runs)
        if options.page:
            page.keep(runs[name])


def run(name: str, small: bool) -> Run:
    """On an installation of its own, that is empty."""
    in_process(int)  # what clients are forked from is there before anything is measured
    with running() as site:
        return Run.of(name, BENCHMARKS[name](site, small), site)


if __name__ == "__main__":
    main()
