"""The contracts of all events: JSON Schema per type and version, and an AsyncAPI 3 document of the topics."""

import inspect
from typing import Any

from shared.events import EVENTS, OWNERS
from shared.events.base import Event, wire_name

HEADERS = {
    "ce_specversion": "CloudEvents 1.0, Kafka binding, binary mode.",
    "ce_id": "Unique over all topics; the same however often the event is sent.",
    "ce_type": "Type and version of the event.",
    "ce_source": "The service that wrote it.",
    "ce_subject": "The aggregate; also the record's key.",
    "ce_time": "When it was recorded.",
    "content-type": "application/json",
    "ce_position": "The event's number in its source: skip what is at or below the last you have seen.",
    "ce_previous": "The position before it on the same partition: another number than the last you saw is a gap.",
    "ce_chain": "SHA-256 over the previous chain value, the position, the type and the value.",
    "traceparent": "W3C trace context, where the request was traced.",
}


def json_schema(event: type[Event]) -> dict[str, Any]:
    """Guarantees that a reader may rely on."""
    schema = event.model_json_schema(mode="validation", ref_template="#/$defs/{model}")
    schema["title"] = wire_name(event)
    schema["description"] = inspect.cleandoc(event.__doc__ or "")
    return schema


def asyncapi() -> dict[str, Any]:
    """AsyncAPI 3.0 with Kafka bindings: one channel per topic, one message per event."""
    channels: dict[str, Any] = {
        topic: {
            "address": topic,
            "description": f"Written by {owner} alone; keyed by the aggregate's id; kept for ever.",
            "messages": {},
        }
        for topic, owner in OWNERS.items()
    }
    for event in EVENTS.values():
        name = wire_name(event)
        channels[event.topic]["messages"][name] = {"$ref": f"#/components/messages/{name}"}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Recourse events", "version": "1"},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": {
            f"subscribe-{topic}": {"action": "receive", "channel": {"$ref": f"#/channels/{topic}"}} for topic in OWNERS
        },
        "components": {"messages": {wire_name(event): _message(event) for event in EVENTS.values()}},
    }


def _message(event: type[Event]) -> dict[str, Any]:
    return {
        "name": wire_name(event),
        "summary": inspect.cleandoc(event.__doc__ or "").splitlines()[0],
        "headers": {
            "type": "object",
            "properties": {name: {"type": "string", "description": text} for name, text in HEADERS.items()},
        },
        "payload": json_schema(event),
        "bindings": {"kafka": {"key": {"type": "string", "format": "uuid"}}},
    }
