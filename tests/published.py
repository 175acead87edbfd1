"""A service's views and policies on FastStream's test broker: for tests in which delivery is not the point."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from faststream.kafka import TestKafkaBroker

from shared.events import Event
from shared.service.runtime import Runtime
from tests.feeding import Feeder

Publish = Callable[..., Awaitable[None]]


@asynccontextmanager
async def on_test_broker(runtime: Runtime) -> AsyncIterator[Publish]:
    """On the real database, without Kafka: `await publish(event, ...)` returns or raises once all have taken it in."""
    feeder = Feeder(runtime.settings.postgres, runtime.keyring)
    async with runtime.opened() as store:
        runtime.bus.subscribe(store, None)
        async with TestKafkaBroker(runtime.bus.broker) as broker:

            async def publish(*events: Event) -> None:
                for record in feeder.records(*events):
                    await broker.publish(
                        record.value, runtime.settings.cluster.name(record.topic), key=record.key,
                        partition=record.partition, headers={name: value.decode() for name, value in record.headers},
                    )  # fmt: skip

            yield publish
