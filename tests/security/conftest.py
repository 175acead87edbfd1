"""A whole installation in a process of its own, with one of everything that has an id."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from deploy.installation import Installation, seed
from deploy.services import SERVICES
from tests.security.site import Site
from tests.serving import PLAIN
from tests.system.conftest import free_port

PATIENCE = 120.0


@pytest.fixture(scope="package")
def site(
    kafka: str, postgres: Callable[[str], str], postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Ready, and with its seeds sown."""
    folder, port = tmp_path_factory.mktemp("security"), free_port()
    seeds = seed(folder / "secrets")
    at = Installation(
        url=f"http://127.0.0.1:{port}", kafka=kafka, postgres=postgres_server, secret=seeds.secret,
        master_key=seeds.master_key, topic_prefix=f"t{uuid.uuid4().hex[:8]}-", accounts=seeds.accounts,
        smtp=f"127.0.0.1:{free_port()}", embedded=True,
        seal_key=seeds.seal_key, id_secret=seeds.id_secret,
    )  # fmt: skip
    databases = {name: postgres(f"security_{name}") for name in SERVICES}
    metrics = free_port()
    (folder / "installation.json").write_text(
        json.dumps(at.model_dump(mode="json") | {"databases": databases, "metrics": metrics})
    )
    with (folder / "out.log").open("w") as out, (folder / "err.log").open("w") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.security.served", str(folder)], stdout=out, stderr=err, env=dict(os.environ)
        )
        try:
            _wait(process, at.url, folder)
            site = Site(folder, at, seeds.password, databases, f"http://127.0.0.1:{metrics}/metrics")
            site.sow()
            yield site
        finally:
            process.terminate()
            process.wait(60)


def _wait(process: subprocess.Popen[bytes], url: str, folder: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert process.poll() is None, (folder / "err.log").read_text()
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/health/ready", timeout=10, verify=PLAIN).status_code == 200:
                return
        time.sleep(0.2)
    raise AssertionError((folder / "err.log").read_text())
