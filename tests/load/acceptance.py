"""How many complaints a second does intake accept over HTTP, and how long does each wait, while all services follow?"""

import base64
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import psycopg

from deploy.cli.operations import database
from deploy.embedded import postgres
from tests.load.client import Sent, in_process, post, sent
from tests.load.filling import request_body, stories
from tests.load.measuring import Figure, cpu_of
from tests.processes import Site
from tests.settling import Watch

FULL, SMALL = {1: 1_000, 16: 5_000, 64: 8_000}, {1: 20, 16: 64, 64: 128}
"""Clients, and how many complaints they send between them."""


def measure(site: Site, small: bool) -> list[Figure]:
    """Each request beside one bare `INSERT` and commit of as many bytes by as many connections of `pgbench`."""
    figures: list[Figure] = []
    with Watch(site.at) as watch:
        for clients, requests in (SMALL if small else FULL).items():
            token = site.at.token("machine", "load")
            made = [
                post("/api/v1/complaints", token, request_body(narrative, product, n), str(uuid4()))
                for n, (narrative, product) in enumerate(stories(requests))
            ]
            shown = watch.count("cases", "caseload")
            with cpu_of(site) as used:
                got = in_process(sent, site.ports["intake"], made, clients, 201)
            watch.settle()
            assert watch.count("cases", "caseload") - shown == requests
            figures += _figures(clients, got, insert_bare(site, clients, requests), used)
    return figures


def _figures(clients: int, got: Sent, bare: Sent, used: Mapping[str, float]) -> list[Figure]:
    who, beside = f"{clients} client{'s' * (clients > 1)}", "bare INSERT and commit"
    per = 1000 / len(got.latencies)
    return [
        Figure(f"{who}: accepted", got.per_second, "/s", bare.per_second, beside),
        Figure(f"{who}: p50", got.milliseconds(0.5), "ms", bare.milliseconds(0.5), beside),
        Figure(f"{who}: p99", got.milliseconds(0.99), "ms", bare.milliseconds(0.99), beside),
        Figure(f"{who}: CPU of intake per 1,000", used["intake"] * per, "s"),
        Figure(f"{who}: CPU of all services and servers per 1,000", sum(used.values()) * per, "s"),
        Figure(f"{who}: CPU of the client per 1,000", got.cpu * per, "s"),
    ]  # fmt: skip


def insert_bare(site: Site, clients: int, requests: int) -> Sent:
    """By PostgreSQL's own `pgbench`, one row of what a complaint's events weigh in each transaction."""
    url = database(site.at, "bare")
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("drop table if exists accepted; create table accepted (n bigserial primary key, state text)")
    state = base64.b64encode(os.urandom(bytes_of_a_complaint(site) * 3 // 4)).decode()
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "insert.sql")
        script.write_text("insert into accepted (state) values (:state);\n")
        command = [
            postgres._binary("pgbench"), "-n", "-M", "prepared", "-f", script, "-D", f"state={state}", "-c", clients,
            "-j", min(clients, 2), "-t", -(-requests // clients), "--log", f"--log-prefix={folder}/log", url,
        ]  # fmt: skip
        subprocess.run(list(map(str, command)), check=True, capture_output=True)
        lines = [line.split() for log in Path(folder).glob("log.*") for line in log.read_text().splitlines()]
    ended = [int(line[4]) + int(line[5]) / 1e6 for line in lines]
    latencies = [int(line[2]) / 1e6 for line in lines]
    return Sent(latencies, max(ended) - min(ended) + latencies[0], 0.0)


def bytes_of_a_complaint(site: Site) -> int:
    """Of all events that intake has stored for it."""
    complaints = "count(*) filter (where topic like 'complaint.received.%')"
    with psycopg.connect(database(site.at, "intake")) as conn:
        row = conn.execute(f"select sum(octet_length(state)) / {complaints} from intake_events").fetchone()
    assert row is not None
    return int(row[0])
