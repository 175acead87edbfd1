"""One span per HTTP request, under the trace that the caller sent, if any."""

from fastapi.telemetry import TelemetryConfig
from opentelemetry.trace import Status, StatusCode
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.telemetry import REQUESTS, span

FASTAPIS_OWN = TelemetryConfig(tracing=False, metrics=False, logs=False, operation_spans=False, auto_configure=False)
"""Off: its spans hold paths and queries, and so signed links and names that were searched for."""


def trace_requests(app: ASGIApp) -> ASGIApp:
    """Wraps an application: names the route, never the address, which may hold what people typed."""

    async def traced(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        parent = next((v.decode("latin-1") for n, v in scope["headers"] if n == b"traceparent"), None)
        with span(f"HTTP {scope['method']}", {"http.request.method": scope["method"]}, parent) as current:

            async def note(message: Message) -> None:
                if message["type"] == "http.response.start":
                    current.set_attribute("http.response.status_code", message["status"])
                    REQUESTS.labels(f"{message['status'] // 100}xx").inc()
                    if route := scope.get("route"):
                        current.update_name(f"HTTP {scope['method']} {route.path}")
                    if message["status"] >= 500:
                        current.set_status(Status(StatusCode.ERROR))
                await send(message)

            await app(scope, receive, note)

    return traced
