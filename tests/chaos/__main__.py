"""`make chaos`: runs the fault tests; exit 1 if anything does not hold."""

import argparse
import signal
import sys
from pathlib import Path

from rich.console import Console

from tests.chaos import report
from tests.chaos.plan import KINDS
from tests.chaos.run import Wanted, run


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    options.add_argument("--faults", type=int, default=300)
    options.add_argument("--seed", type=int, default=1, help="the same seed draws the same faults")
    options.add_argument("--longest-pause", type=int, default=30, help="seconds for which the broker stands still")
    options.add_argument("--report", type=Path, default=Path("chaos-report.json"))
    options.add_argument("--only", action="append", choices=list(KINDS), help="faults of these kinds alone")
    given = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is stopped
    console = Console(soft_wrap=True)
    kinds = tuple(given.only or KINDS)
    made = run(Wanted(given.faults, given.seed, given.longest_pause, given.report, kinds), console)
    report.show(made, console)
    sys.exit(not made["holds"])


if __name__ == "__main__":
    main()
