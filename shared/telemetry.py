"""Traces, metrics and logs. A trace goes from the HTTP request through the stored event to every view."""

import logging
import shutil
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import structlog
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import Counter, Gauge

_propagator = TraceContextTextMapPropagator()

ACCEPTED = Counter("recourse_events_stored", "Events stored.", ["service"])
SENT = Counter("recourse_relay_records_sent", "Records sent to Kafka and acknowledged.", ["service"])
APPLIED = Counter("recourse_view_records_applied", "Records that a view or policy has taken in.", ["consumer"])
DEAD = Counter("recourse_dead_letters", "Records that could not be taken in and were set aside.", ["consumer"])
PLACE = ["consumer", "topic", "partition"]
LAG = Gauge("recourse_lag_records", "Records in Kafka that a view or policy has not read.", PLACE)
BEHIND = Gauge("recourse_behind_records", "What a view, policy or relay has still to do.", ["consumer"])
STILL = Gauge("recourse_still_seconds", "How long it has not moved although it is behind.", ["consumer"])
LATE = Gauge("recourse_due_late_seconds", "How late the oldest due moment of a timer or effect is.", ["work"])
READY = Gauge("recourse_ready", "1 where the service can be relied on, as /health/ready says.", ["service"])
ANSWERS = Gauge("recourse_server_answers", "1 where it answered last time the service asked.", ["service", "server"])
REQUESTS = Counter("recourse_http_requests", "HTTP requests answered, by the first digit of the status.", ["status"])
DISK = Gauge("recourse_disk_free_ratio", "The free part of the disk that the service runs from.")
DISK.set_function(lambda: (disk := shutil.disk_usage("/")).free / disk.total)


@contextmanager
def span(
    name: str, attributes: Mapping[str, str | int] | None = None, parent: str | None = None
) -> Iterator[trace.Span]:
    """A span under the current one, or under the trace that a record carries. Of an error it says what may be told."""
    context = _propagator.extract({"traceparent": parent}) if parent else None
    with trace.get_tracer("recourse").start_as_current_span(
        name, context=context, attributes=dict(attributes or {}), record_exception=False, set_status_on_exception=False
    ) as s:
        try:
            yield s
        except Exception as error:
            s.set_status(trace.Status(trace.StatusCode.ERROR, redacted(error)))
            raise


def current_traceparent() -> str | None:
    """The `traceparent` for events of this request; None if the trace is not recorded."""
    if not trace.get_current_span().get_span_context().trace_flags.sampled:
        return None
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")


def _trace_id(_: object, __: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        entry["trace_id"] = f"{context.trace_id:032x}"
    return entry


def redacted(error: BaseException) -> str:
    """The error without values: messages of other libraries quote them, and with them personal data."""
    ours = type(error).__module__.split(".")[0] in ("shared", "services", "aiokafka")
    return f"{type(error).__name__}: {error}"[:300] if ours else type(error).__name__


def _where(_: object, __: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The places of a traceback, without the error's message and without the values of variables."""
    error = entry.pop("exc_info", None)
    if isinstance(error, BaseException):
        entry["error"] = redacted(error)
        entry["traceback"] = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]
    return entry


def _without_words(record: logging.LogRecord) -> bool:
    """uvicorn tells each error again, with its message, which may quote what people wrote: `_where` has told it."""
    record.exc_info = record.exc_text = None
    return True


def configure_logging(*, json: bool, level: int = logging.INFO) -> None:
    """Structured lines on standard error, with the trace id; callers log ids, never words of people."""
    logging.getLogger("uvicorn.error").addFilter(_without_words)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it reports what it goes on to mend; lag tells the rest
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _trace_id,
            _where,
            structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # wherever that leads when a line is written
    )


configure_logging(json=False)
log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
