"""How long do 10,000 complaints take from the first row sent to the last row of the last view?

They are the narratives of the real file where it is here, else invented ones of the same length. The limit in the
same run is a bare `INSERT ... unnest` of as many events of the same size into the same PostgreSQL.
"""

import asyncio
import csv
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import psycopg

from deploy import cfpb
from deploy.embedded.servers import servers
from deploy.installation import Installation
from deploy.operations import database
from deploy.services import SERVICES
from shared.topics import create_topics
from tests.serving import DATA
from tests.system.conftest import free_port

COMPLAINTS = 10_000
VIEWS = {"cases": "select count(*) from caseload where reference is not null",
         "sentiment": "select count(*) from measured",
         "reporting": "select count(*) from trail where name = 'sentiment.measured.v1'"}  # fmt: skip
WORDS = ("bank", "card", "charged", "twice", "nobody", "answered", "letter", "wrong", "fee", "account", "terrible")


@contextmanager
def running() -> Iterator[Installation]:
    """Kafka, PostgreSQL, and each service as a process of its own, on an empty data folder."""
    with tempfile.TemporaryDirectory() as folder, servers(Path(folder), lambda _: None) as both, ExitStack() as stack:
        ports = {name: free_port() for name in SERVICES}
        at = Installation(
            url=f"http://127.0.0.1:{ports['intake']}", kafka=both.kafka, postgres=both.postgres,
            secret="only here", master_key=bytes(32).hex(),
        )  # fmt: skip
        asyncio.run(create_topics(at.cluster))
        environment = os.environ | {
            "RECOURSE_KAFKA": at.kafka, "RECOURSE_POSTGRES": at.postgres, "RECOURSE_SECRET": at.secret,
            "RECOURSE_MASTER_KEY": at.master_key,
        }  # fmt: skip
        for name, port in ports.items():
            database(at, name)
            command = [sys.executable, "-m", "deploy", "serve", name, "--port", str(port)]
            process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
        for port in ports.values():
            wait_until_ready(port)
        yield at


def wait_until_ready(port: int) -> None:
    for _ in range(600):
        with suppress(httpx.HTTPError):
            if httpx.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200:
                return
        time.sleep(0.1)
    raise TimeoutError(f"the service on port {port} is not ready")


def rows_file(folder: Path) -> Path:
    """A file of `COMPLAINTS` rows."""
    real = DATA / "cfpb" / "narratives_10000.csv"
    if real.exists():
        return real
    made, chance = folder / "invented.csv", random.Random(7)  # noqa: S311 - the same text each time
    with made.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Consumer complaint narrative", "Product"])
        for _ in range(COMPLAINTS):
            writer.writerow([" ".join(chance.choices(WORDS, k=150)), "Mortgage"])
    return made


def follow(installation: Installation, began: float) -> dict[str, float]:
    """Seconds until each view has all."""
    reached: dict[str, float] = {}
    while len(reached) < len(VIEWS) and time.monotonic() - began < 300:
        for service, query in VIEWS.items():
            if service not in reached:
                with psycopg.connect(database(installation, service)) as conn:
                    row = conn.execute(query).fetchone()
                if row and row[0] >= COMPLAINTS:
                    reached[service] = time.monotonic() - began
        time.sleep(0.2)
    return reached


def bare(installation: Installation) -> float:
    """Seconds for as many bare rows: 50,000 of 1,000 bytes in saves of 500."""
    with psycopg.connect(database(installation, "bare"), autocommit=True) as conn:
        conn.execute("create table bare (n bigint primary key, state bytea)")
        began = time.monotonic()
        for first in range(0, 5 * COMPLAINTS, 500):
            values = [list(range(first, first + 500)), [b"x" * 1000] * 500]
            conn.execute("insert into bare select * from unnest(%b::bigint[], %b::bytea[])", values)
        return time.monotonic() - began


def main() -> None:
    with running() as installation, tempfile.TemporaryDirectory() as folder:
        headers = {"Authorization": f"Bearer {installation.token('machine', 'load')}"}
        path = rows_file(Path(folder))
        with httpx.Client(base_url=installation.url, headers=headers, timeout=120) as client:
            began = time.monotonic()
            totals = cfpb.import_file(client, path, lambda _: None)
            accepted = time.monotonic() - began
            reached = follow(installation, began)
        limit = bare(installation)
        print(f"accepted {totals.accepted:,} complaints in {accepted:.1f} s")
        for service, seconds in sorted(reached.items(), key=lambda item: item[1]):
            print(
                f"{service:10} has all after {seconds:.1f} s: {seconds / limit:.1f} times a bare insert of the events"
            )


if __name__ == "__main__":
    main()
