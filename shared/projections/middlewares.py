"""Middlewares around each batch of a consumer group: delivery, and the metrics and traces of its records."""

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


class Telemetry(BaseMiddleware):
    """Counts what each view and policy has taken in; a traced record has a span with each until it is committed."""

    def __init__(self, service: str, readings: Sequence[Reading], batch: Any, /, *, context: Any) -> None:
        super().__init__(batch, context=context)
        self._service, self._readings = service, readings

    async def consume_scope(self, call_next: Next, msg: Batch) -> Any:
        with ExitStack() as stack:
            for record in await msg.decode() or ():
                if isinstance(record, Record) and record.trace:
                    about: dict[str, str | int] = {"type": record.type, "position": record.position}
                    for reading in self._readings:
                        if record.type in reading.types:
                            stack.enter_context(span(f"{reading.kind} {reading.of}", about, record.trace))
            answer = await call_next(msg)
        for reading in self._readings:
            taken = sum(record.topic in reading.topics for record in msg.raw_message)
            APPLIED.labels(f"{self._service}.{reading.of}").inc(taken)
        return answer
