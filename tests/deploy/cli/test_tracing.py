"""A service in a process of its own sends its spans by OTLP to wherever the environment points."""

import os
import secrets
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.system.conftest import free_port

SECONDS = 120


class Collector(ThreadingHTTPServer):
    """What an OTLP collector does with a request: decode the protobuf, answer 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.spans: list[tuple[str, str, str]] = []
        """Service, trace id, name."""


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert isinstance(self.server, Collector)
        if self.path == "/v1/traces":
            for group in ExportTraceServiceRequest.FromString(body).resource_spans:
                named = {a.key: a.value.string_value for a in group.resource.attributes}
                self.server.spans += [
                    (named["service.name"], span.trace_id.hex(), span.name)
                    for scope in group.scope_spans
                    for span in scope.spans
                ]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_the_spans_of_a_request_arrive_under_the_callers_trace(
    kafka: str, postgres: Callable[[str], str], collector: Collector
) -> None:
    port, trace_id = free_port(), secrets.token_hex(16)
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy", "serve", "sentiment", "--port", str(port)],
        env=os.environ
        | {
            "RECOURSE_KAFKA": kafka, "RECOURSE_POSTGRES": postgres("traced"), "RECOURSE_SECRET": "only here",
            "RECOURSE_MASTER_KEY": bytes(32).hex(), "RECOURSE_TOPIC_PREFIX": f"t{uuid.uuid4().hex[:8]}-",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        },
    )  # fmt: skip
    wanted = ("sentiment", trace_id, "HTTP GET /health/live")
    try:
        until(lambda: answered(f"http://127.0.0.1:{port}/health/live", trace_id))
        until(lambda: wanted in collector.spans)
    finally:
        process.terminate()
        process.wait(60)


def answered(url: str, trace_id: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(url, headers={"traceparent": f"00-{trace_id}-{'1' * 16}-01"}).status_code == 200
    return False


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)
