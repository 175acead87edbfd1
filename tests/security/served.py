"""A whole installation as a process of its own, so that what it writes to its streams can be read.

    python -m tests.security.served <folder>

The folder holds `installation.json`; spans are written to `spans.json` there.
"""

import asyncio
import json
import sys
from pathlib import Path

import uvicorn
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
from prometheus_client import start_http_server
from starlette.types import ASGIApp, Receive, Scope, Send

from deploy.gateway.app import gateway
from deploy.gateway.server import options
from deploy.installation import Installation
from deploy.services import SERVICES
from shared.http.rate_limits import FREE, Limits
from shared.kafka.topics import create_topics
from shared.telemetry import configure_logging
from shared.web import templating
from tests.messages import PSEUDO, write_pseudo

UNLIMITED = Limits(sign_ins=FREE, account=FREE, strangers=FREE, requests=FREE, tokens=FREE)
"""Thousands of requests come from one address here."""


def main(folder: Path) -> None:
    """Serve until told to end."""
    given = json.loads((folder / "installation.json").read_text())
    databases, metrics, installation = given.pop("databases"), given.pop("metrics"), Installation(**given)
    start_http_server(metrics, "127.0.0.1")  # as each service has them inside the operator's network
    configure_logging(json=True, level=10)
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=(folder / "spans.json").open("w"))))
    trace.set_tracer_provider(provider)
    asyncio.run(create_topics(installation.cluster))
    settings = {
        name: installation.model_copy(update={"postgres": url, "limits": UNLIMITED}) for name, url in databases.items()
    }
    apps = {name: service.build(settings[name]) for name, service in SERVICES.items()}
    port = int(installation.url.rpartition(":")[2])
    templating.CATALOGUES = folder / "catalogues"
    write_pseudo(templating.CATALOGUES)
    app = in_pseudo(gateway(apps))
    uvicorn.run(app, port=port, lifespan="on", log_level="warning", **options({}))


def in_pseudo(app: ASGIApp) -> ASGIApp:
    """Answers in the pseudo-language where a request asks for it."""

    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        if PSEUDO.encode() in dict(scope.get("headers", ())):
            templating.language.set(PSEUDO)
        await app(scope, receive, send)

    return asked


if __name__ == "__main__":
    main(Path(sys.argv[1]))
