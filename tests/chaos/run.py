"""One run: start the site, load it, do the faults one after the other, let it settle, and check."""

import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from rich.console import Console

from tests.chaos import clocks, disks, gaps, report, texts
from tests.chaos.checks import judge, settled, shown
from tests.chaos.faults import DONE_BY, Stage, until
from tests.chaos.health import Watch
from tests.chaos.load import Load
from tests.chaos.plan import KINDS, Fault, plan
from tests.chaos.report import Happened
from tests.chaos.strangers import Strangers
from tests.chaos.supervisor import Supervisor
from tests.processes import empty
from tests.system.conftest import free_port

RECOVERED_WITHIN = 300.0
READY_WITHIN = SETTLED_WITHIN = 300.0
GREEN_WITHIN = 60.0
"""Seconds after which no health may be red on a site that has read everything."""


@dataclass(frozen=True)
class Wanted:
    """What a run is told."""

    faults: int
    seed: int
    longest_pause: int
    report: Path
    kinds: tuple[str, ...] = tuple(KINDS)


def run(wanted: Wanted, console: Console) -> dict[str, Any]:
    """Answers the summary, which is also written where `wanted` says."""
    began = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        kinds, left_out = _possible(wanted, folder, stack, console)
        smtp = Controller(Sink(), hostname="127.0.0.1", port=free_port())
        smtp.start()
        stack.callback(smtp.stop)
        logs = wanted.report.with_suffix(".logs")
        shutil.rmtree(logs, ignore_errors=True)
        logs.mkdir(parents=True)
        site = stack.enter_context(empty(folder, smtp=f"127.0.0.1:{smtp.port}", logs=logs))
        supervisor = Supervisor(site, clocks.Clocks(folder))
        stack.enter_context(supervisor.watching())
        watch = Watch(supervisor)
        stack.enter_context(watch.running())
        until(lambda: watch.all_ready(0), READY_WITHIN)
        load = Load(supervisor, wanted.seed)
        stage = Stage(supervisor, load, watch, Strangers(site.at.cluster))
        console.print(f"All is ready after {time.monotonic() - began:.1f} s; the load is {texts.told()}.")
        happened: list[Happened] = []
        with load.running():
            time.sleep(2)
            with wanted.report.with_suffix(".jsonl").open("w") as lines:
                for faults in _together(plan(wanted.faults, wanted.seed, kinds, wanted.longest_pause)):
                    for one in _do(stage, faults):
                        happened.append(one)
                        lines.write(json.dumps(asdict(one)) + "\n")
                        lines.flush()
                        console.print(_said(one), highlight=False)
        wrong, settling = _settle(stage, happened)
        verdict = judge(site, load, stage.strangers)
        wrong["red at the end"] = [f"{name}: {said}" for name, said in watch.red().items()]
        wrong["gaps"] = gaps.leave_gaps(stage)
        made = report.summary(happened, verdict, wrong, {
            "settled_after": settling, "health_samples": watch.samples, "copies_sent": stage.strangers.copies,
            "failed_requests_sent_again": load.errors, "restarts": supervisor.restarts, "left_out": left_out,
            "seed": wanted.seed, "load": texts.told(), "seconds": round(time.monotonic() - began, 1),
        })  # fmt: skip
        report.write(made, wanted.report)
        return made


def _possible(wanted: Wanted, folder: Path, stack: ExitStack, console: Console) -> tuple[list[str], list[str]]:
    """The kinds that this machine allows; what is left out is said."""
    left_out = []
    if disks.available(folder):
        stack.enter_context(disks.mounted(folder))
    else:
        left_out += [kind for kind in wanted.kinds if kind.startswith("fill")]
        console.print("Left out: full disks. Mounting a small file system needs root and mkfs.ext4.")
    if not clocks.available():
        left_out += [kind for kind in wanted.kinds if "clock" in kind]
        console.print("Left out: clocks that step. They need Linux and a C compiler.")
    return [kind for kind in wanted.kinds if kind not in left_out], left_out


def _together(faults: Sequence[Fault]) -> Iterator[list[Fault]]:
    """Those that overlap."""
    group: list[Fault] = []
    for fault in faults:
        group.append(fault)
        if fault.alone:
            yield group
            group = []


def _do(stage: Stage, faults: Sequence[Fault]) -> list[Happened]:
    """These faults one upon the other, and the wait until all is well again, which is counted for each of them."""
    done = [(_bring_about(stage, fault), time.monotonic()) for fault in faults]
    over = done[-1][1]
    try:
        with stage.load.client() as client:
            probe = stage.load.complain(client, f"probe-{faults[-1].number}", "It broke, and nobody answered.")
        assert probe is not None, stage.load.refused[-1]
        until(lambda: _shown(stage, probe) and stage.watch.all_ready(over), RECOVERED_WITHIN)
    except (TimeoutError, AssertionError):
        why = f"; then red: {stage.watch.red()}, behind: {stage.watch.behind}"
        return [replace(one, came_of_it=one.came_of_it + why) for one, _ in done]
    well = time.monotonic()
    return [replace(one, recovered=round(well - ended, 2)) for one, ended in done]


def _bring_about(stage: Stage, fault: Fault) -> Happened:
    """What the test could not bring about is said, not hidden."""
    at, began = datetime.now(UTC).isoformat(timespec="milliseconds"), time.monotonic()
    before = (len(stage.load.accepted) + len(stage.load.rows), stage.watch.lag, stage.load.unanswered)
    brought_about = True
    try:
        came_of_it = DONE_BY[fault.kind](stage, fault)
    except (TimeoutError, AssertionError) as error:
        brought_about, came_of_it = False, f"it could not be brought about: {error}"
    lasted = round(time.monotonic() - began, 2)
    return Happened(fault.number, fault.kind, fault.target, at, *before, lasted, came_of_it, None, brought_about)


def _shown(stage: Stage, probe: Any) -> bool:
    try:
        return shown(stage.supervisor.site, probe)
    except psycopg.Error:
        return False


def _settle(stage: Stage, happened: list[Happened]) -> tuple[dict[str, list[str]], float | None]:
    """Everything that was accepted comes to its end by itself, and then health is green, and stays so."""
    began = time.monotonic()
    wrong = {
        "never recovered": [f"{one.number} {one.kind} {one.target}" for one in happened if one.recovered is None],
        "not brought about": [
            f"{one.number} {one.kind}: {one.came_of_it}" for one in happened if not one.brought_about
        ],
        "wrongly refused": stage.load.refused,
        "green while stuck": stage.watch.green_while_stuck,
    }
    try:
        until(settled(stage.supervisor.site), SETTLED_WITHIN)
    except TimeoutError:
        return wrong | {"not settled": [str(stage.watch.behind)]}, None
    settling = round(time.monotonic() - began, 1)
    now = time.monotonic()
    try:
        until(lambda: stage.watch.all_ready(now), GREEN_WITHIN)
    except TimeoutError:
        wrong["red after recovery"] = [f"{name}: {said}" for name, said in stage.watch.red().items()]
    return wrong, settling


def _said(one: Happened) -> str:
    well = "not well again" if one.recovered is None else f"well again after {one.recovered:.1f} s"
    return (
        f"{one.number:3} {one.kind} ({one.target}) at {one.answered:,} answered, {one.lag} behind,"
        f" {one.unanswered} unanswered: {one.came_of_it}; {well}"
    )
