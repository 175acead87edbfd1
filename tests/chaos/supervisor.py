"""Keeps everything running, as an operator's supervisor does: what has ended is started again, for ever."""

import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

from deploy.embedded.process import EmbeddedServerError, ServerProcess
from deploy.services import SERVICES
from tests.chaos.clocks import Clocks
from tests.chaos.threads import beside
from tests.processes import Site
from tests.system.conftest import free_port

EVERY = 0.2
SERVERS = ("kafka", "postgres")


@dataclass
class Supervisor:
    """Processes by name: `cases` is the first of its service, `cases.2` the second."""

    site: Site
    clocks: Clocks
    ports: dict[str, int] = field(default_factory=dict)
    restarts: dict[str, int] = field(default_factory=dict)
    _held: set[str] = field(default_factory=set)
    _turn: threading.RLock = field(default_factory=threading.RLock)
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Start all services and keep everything up until the block ends."""
        for name in SERVICES:
            self.add(name, self.site.ports[name])
        with beside(self._over, [partial(self._watch, name) for name in (*SERVERS, "services")]):
            yield

    def add(self, name: str, port: int | None = None) -> None:
        """One more process of a service."""
        with self._turn:
            self.ports[name] = port or free_port()
            self._start(name)

    def remove(self, name: str, how: signal.Signals) -> None:
        """Let a further process go, and do not start it again."""
        with self._turn:
            process = self.site.processes.pop(name)
            self.ports.pop(name)
        process.send_signal(how)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self, name: str) -> None:
        """As `kill -9` does, or the kernel when memory runs out."""
        self.site.processes[name].kill()
        self.site.processes[name].wait()

    @contextmanager
    def held(self, server: str) -> Iterator[ServerProcess]:
        """A server that is not started again before the block has ended."""
        self._held.add(server)
        try:
            yield self.server(server)
        finally:
            self._held.discard(server)

    def server(self, name: str) -> ServerProcess:
        return self.site.broker if name == "kafka" else self.site.database

    def _watch(self, name: str) -> None:
        while not self._over.wait(EVERY):
            if name == "services":
                self._services()
            elif name not in self._held and not self.server(name).running:
                self._restart(name)

    def _restart(self, name: str) -> None:
        self.restarts[name] = self.restarts.get(name, 0) + 1
        try:
            self.site.restart_broker() if name == "kafka" else self.site.restart_database()
        except (EmbeddedServerError, OSError):
            time.sleep(1)  # a disk that is full still: again, until it is not

    def _services(self) -> None:
        with self._turn:
            for name, process in list(self.site.processes.items()):
                if process.poll() is not None:
                    self.restarts[name] = self.restarts.get(name, 0) + 1
                    with suppress(OSError):  # no process could be made: at the next look
                        self._start(name)

    def _start(self, name: str) -> None:
        service = name.partition(".")[0]
        self.site.processes[name] = self.site.start(service, self.ports[name], **self.clocks.environment(name))
