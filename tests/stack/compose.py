"""The containers of compose.yaml, under a name of their own, and what is done to them."""

import json
import os
import secrets
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.system.conftest import free_port

ROOT = Path(__file__).parents[2]
SECONDS = 600
TAG = "tests"


def has_docker() -> bool:
    try:
        return subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0 and (
            subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0
        )
    except FileNotFoundError:
        return False


@dataclass
class Stack:
    """A copy of the stack with networks, volumes, secrets and a port that no other has."""

    secrets: Path
    mail_port: int
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        name = secrets.token_hex(4)
        self.environment = os.environ | {
            "COMPOSE_PROJECT_NAME": f"recourse-{name}", "RECOURSE_VERSION": TAG, "RECOURSE_PORT": str(self.port),
            "RECOURSE_NET": f"172.29.{int(name[:2], 16) % 250}", "RECOURSE_SECRETS": str(self.secrets),
            "RECOURSE_URL": self.url, "RECOURSE_SMTP": f"host.docker.internal:{self.mail_port}",
        }  # fmt: skip

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def password(self) -> str:
        return (self.secrets / "password").read_text()

    def docker(self, *words: str, check: bool = True) -> str:
        """What `docker WORDS` prints; a failure says what it said."""
        done = subprocess.run(
            ["docker", *words], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0 or not check, (
            f"docker {' '.join(words)}\n{done.stdout[-4000:]}{done.stderr[-6000:]}"
        )
        return done.stdout

    def compose(self, *words: str, check: bool = True) -> str:
        return self.docker("compose", "--profile", "observe", *words, check=check)

    def recourse(self, *words: str) -> str:
        """What the command prints, run in a container as an operator would."""
        return self.compose("run", "--rm", "--no-deps", "-T", "recourse", *words)

    def start(self) -> None:
        """From nothing but the sources to a stack that is ready."""
        self.compose("build", "--quiet", "prepare", "gateway")
        user = f"{os.getuid()}:{os.getgid()}"
        self.docker("run", "--rm", f"--user={user}", f"--volume={self.secrets}:/s", f"recourse:{TAG}", "secrets", "/s")
        self.compose("up", "--wait", "--detach", "--quiet-pull", "gateway", "prometheus", "alertmanager")

    def stop(self) -> None:
        self.compose("--profile", "command", "down", "--volumes", "--timeout", "5", "--remove-orphans", check=False)

    def state(self, service: str) -> dict[str, Any]:
        """What Docker knows of the service's container."""
        found: dict[str, Any] = json.loads(self.docker("inspect", self.compose("ps", "-aq", service).strip()))[0]
        return found

    def kill(self, service: str) -> None:
        """As if it had crashed. `docker kill` is taken for the operator's wish, and the container would stay away."""
        pid = self.state(service)["State"]["Pid"]
        self.docker(
            "run", "--rm", "--pid=host", "--user=0", "--entrypoint=sh", f"recourse:{TAG}", "-c", f"kill -9 {pid}"
        )

    def healthy(self, service: str) -> bool:
        state = self.state(service)["State"]
        return bool(state["Running"] and state["Health"]["Status"] == "healthy")

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """The bound only keeps a failure from hanging; then the containers tell why."""
        deadline = time.monotonic() + SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(self.compose("ps", "--all") + self.compose("logs", "--tail=12", check=False))
            time.sleep(0.5)
