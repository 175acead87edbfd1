"""Traces go by OTLP to wherever OTEL_EXPORTER_OTLP_ENDPOINT points; nobody records them where it is not set."""

import os

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def export_traces(service: str) -> None:
    """OpenTelemetry's own variables say where to, with which headers, and how many are sampled."""
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return
    provider = TracerProvider(resource=Resource.create({"service.name": service, "service.namespace": "recourse"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
