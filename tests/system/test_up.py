"""`recourse up` as a person runs it: a process of its own, from nothing, stopped and started again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from deploy.installation import Installation, running_on
from tests.system.conftest import free_port


@contextmanager
def up(data: Path, port: int, end: signal.Signals = signal.SIGINT) -> Iterator[Installation]:
    """Runs until the block ends, then is told to stop: as by Ctrl-C, or as a supervisor does."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RECOURSE_")}
    command = [sys.executable, "-m", "deploy", "up", "--data", str(data), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    try:
        for _ in range(900):
            if (data / "running.json").exists() or process.poll() is not None:
                break
            time.sleep(0.1)
        assert process.poll() is None, process.communicate()[0]
        yield running_on(data)
        process.send_signal(end)
        said = process.communicate(timeout=60)[0]
        assert process.returncode == 0, said
        assert not (data / "running.json").exists()
        assert "Stopped" in said
    finally:
        if process.poll() is None:
            process.kill()


def command(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy", *words, "--data", str(data)], capture_output=True, text=True, check=False
    )


def wait_for(client: httpx.Client, path: str) -> httpx.Response:
    for _ in range(300):
        answer = client.get(path)
        if answer.status_code == 200:
            return answer
        time.sleep(0.1)
    raise AssertionError(answer.text)


def test_what_was_accepted_is_there_after_a_restart(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    with up(data, port) as at:
        headers = {"Authorization": f"Bearer {at.token('machine', 'test')}"}
        with httpx.Client(base_url=at.url, headers=headers) as client:
            body = {"narrative": "It broke.", "person": {"email": "a@example.org"}}
            made = client.post("/api/v1/complaints", json=body, headers={"Idempotency-Key": "1"}).json()
            wait_for(client, f"/api/v1/cases/{made['id']}")
        second = command(data, "up", "--port", str(free_port()))
        assert second.returncode == 1
        assert "Another run" in second.stderr
        taken = command(tmp_path / "other", "up", "--port", str(port))
        assert taken.returncode == 1
        assert f"Port {port}" in taken.stderr
    stopped = command(data, "lag")
    assert stopped.returncode == 1
    assert "recourse up" in stopped.stderr
    with up(data, port, signal.SIGTERM) as at:
        headers = {"Authorization": f"Bearer {at.token('machine', 'test')}"}
        with httpx.Client(base_url=at.url, headers=headers) as client:
            assert wait_for(client, f"/api/v1/cases/{made['id']}").json()
        lag = command(data, "lag", "--json")
        assert lag.returncode == 0, lag.stderr
        assert '"intake.ledger"' in lag.stdout
        rebuilt = command(data, "rebuild", "--verify", "--json")
        assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
        verified = command(data, "audit", "verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr
