"""One trace goes from the HTTP request through the store, the relay and Kafka to every view."""

import secrets
from functools import cache

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from deploy.services import SERVICES
from shared.events.complaints import ArrivalRecorded, ComplaintReceived
from tests.serving import until
from tests.system.conftest import Site


@cache
def exporter() -> InMemorySpanExporter:
    """Keep the spans of this process from now on, with whichever provider it has."""
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider()
        trace.set_tracer_provider(provider)
    kept = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    return kept


async def test_one_trace_spans_every_hop(site: Site) -> None:
    spans = exporter()
    trace_id = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01", "Idempotency-Key": trace_id}
    async with site.client("machine") as client:
        made = await client.post("/api/v1/complaints", json={"narrative": "It never arrived."}, headers=headers)
    assert made.status_code == 201
    types = {ArrivalRecorded.type, ComplaintReceived.type}
    readers = {f"view {view.name}" for service in SERVICES.values() for view in service.views if view.types & types}
    expected = {"HTTP POST /api/v1/complaints", "store", "relay", "policy open", "policy measure"} | readers

    def ours() -> list[ReadableSpan]:
        return [s for s in spans.get_finished_spans() if f"{s.context.trace_id:032x}" == trace_id]

    async def whole() -> bool:
        return expected <= {s.name for s in ours()}

    async def led_on() -> bool:
        return "case.opened.v2" in {str((s.attributes or {}).get("type")) for s in ours()}

    await until(whole)
    await until(led_on)
