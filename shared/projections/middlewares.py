"""Middlewares around each batch of a consumer group: delivery, metrics, and the traces that its records carry."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from typing import Any

from faststream import BaseMiddleware

from shared.kafka.broker import Batch
from shared.kafka.records import Record
from shared.projections.sink import Reading
from shared.telemetry import APPLIED, span

Next = Callable[[Batch], Awaitable[Any]]
Deliver = Callable[[Next, Batch], Awaitable[None]]


class Delivery(BaseMiddleware):
    """Lets the consumer deliver the batch as often as it takes: the outermost, so that a span ends with its attempt."""

    def __init__(self, deliver: Deliver, batch: Any, /, *, context: Any) -> None:
        super().__init__(batch, context=context)
        self._deliver = deliver

    async def consume_scope(self, call_next: Next, msg: Batch) -> None:
        await self._deliver(call_next, msg)


class Metrics(BaseMiddleware):
    """Counts for each view and policy what it has taken in."""

    def __init__(self, readings: Sequence[Reading], batch: Any, /, *, context: Any) -> None:
        super().__init__(batch, context=context)
        self._readings = readings

    async def consume_scope(self, call_next: Next, msg: Batch) -> Any:
        answer = await call_next(msg)
        for reading in self._readings:
            APPLIED.labels(reading.name).inc(sum(record.topic in reading.topics for record in msg.raw_message))
        return answer


class Traces(BaseMiddleware):
    """A span for each traced record and each view or policy that takes it, until the batch is committed."""

    def __init__(self, readings: Sequence[Reading], batch: Any, /, *, context: Any) -> None:
        super().__init__(batch, context=context)
        self._readings = readings

    async def consume_scope(self, call_next: Next, msg: Batch) -> Any:
        with ExitStack() as stack:
            for record in await msg.decode() or ():
                if isinstance(record, Record) and record.trace:
                    self._follow(record, stack)
            return await call_next(msg)

    def _follow(self, record: Record, stack: ExitStack) -> None:
        about: dict[str, str | int] = {"type": record.type, "position": record.position}
        for reading in self._readings:
            if record.type in reading.reads.types:
                stack.enter_context(span(f"{reading.reads.kind} {reading.of}", about, record.trace))
