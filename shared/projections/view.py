"""A view: rows that answer one question, folded from events, with no state but its tables.

The row is a dataclass and so is the table: its fields are the columns, the first is the key. A handler gets the
row of its key (fresh where there was none) and an event, and changes the row. The kit loads and writes rows
a batch at a time, remembers positions, rebuilds, and scrubs what is personal when a person is erased.
"""

import types
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from operator import attrgetter
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from shared.events import EVENTS, Event
from shared.events.people import PersonErased
from shared.kafka.records import Record

R = TypeVar("R")
E = TypeVar("E", bound=Event)
Handler = Callable[[Any, Any, Record], None]

SQL_TYPES: dict[object, str] = {
    UUID: "uuid", str: "text", int: "bigint", float: "double precision", bool: "boolean",
    datetime: "timestamptz", date: "date", Decimal: "numeric", list: "jsonb", dict: "jsonb",
}  # fmt: skip


def sql_type(annotation: Any) -> str:
    """The column type of a field; `X | None` is X's, for a key is the only column that is never null."""
    if get_origin(annotation) in (Union, types.UnionType):
        annotation = next(a for a in get_args(annotation) if a is not type(None))
    return SQL_TYPES[get_origin(annotation) or annotation]


class Table(Generic[R]):
    """The rows of one dataclass, and what each event does to them."""

    def __init__(
        self,
        name: str,
        row: type[R],
        *,
        person: str | None = None,
        personal: Sequence[str] = (),
        computed: Mapping[str, tuple[str, str]] | None = None,
        indexes: Sequence[str] = (),
        once: bool = False,
    ) -> None:
        """`personal` columns are set to null when the person in column `person` is erased.

        `computed` columns are kept by PostgreSQL and only for queries: by name, their kind and what they follow from.
        `indexes` are what follows `using` (`btree (owner, status)`); `once` says that each row is made by one event and
        never read back, so that the kit need not load it.
        """
        hints = get_type_hints(row)
        self.name = name
        self.row: Callable[[Any], R] = row
        self.columns = {f.name: sql_type(hints[f.name]) for f in fields(row)}  # type: ignore[arg-type]
        self.key = next(iter(self.columns))
        self.values: Callable[[R], tuple[Any, ...]] = attrgetter(*self.columns)
        self.documents = "jsonb" in self.columns.values()
        """True where a row holds a value that may change inside, and so cannot be compared with what it was."""
        bare = [f.name for f in fields(row)[1:] if f.default is MISSING and f.default_factory is MISSING]  # type: ignore[arg-type]
        if len(self.columns) == 1:
            raise TypeError(f"{name}: a row with nothing but its key tells nothing")
        if bare:
            raise TypeError(f"{name}: a row begins with its key alone, so {bare} need defaults")
        self.person = person
        self.personal = tuple(personal)
        self.computed = dict(computed or {})
        self.kinds = self.columns | {name: kind for name, (kind, _) in self.computed.items()}
        """Of all columns, also those that rows do not carry."""
        self.indexes = tuple(indexes)
        self.once = once
        self.handlers: dict[str, list[tuple[Callable[[Any], Hashable], Handler]]] = {}

    def on(
        self, *types_: type[E], key: Callable[[E], Hashable] = lambda event: event.originator_id
    ) -> Callable[[Callable[[R, E], None]], Callable[[R, E], None]]:
        """`handler(row, event)` for these events; `key` tells which row, None that none is touched."""

        def register(handler: Callable[[R, E], None]) -> Callable[[R, E], None]:
            for type_ in types_:
                self.handlers.setdefault(type_.type, []).append((key, lambda row, event, _: handler(row, event)))
            return handler

        return register

    def on_record(
        self, *types_: type[E], key: Callable[[E], Hashable]
    ) -> Callable[[Callable[[R, E, Record], None]], Callable[[R, E, Record], None]]:
        """The same for `handler(row, event, record)`, which also sees what travels beside the event."""

        def register(handler: Callable[[R, E, Record], None]) -> Callable[[R, E, Record], None]:
            for type_ in types_:
                self.handlers.setdefault(type_.type, []).append((key, handler))
            return handler

        return register


@dataclass(frozen=True)
class View:
    """Tables that are filled, rebuilt and switched together. A changed fold or table is a new `version`."""

    name: str
    version: int
    tables: Sequence[Table[Any]]

    @cached_property
    def types(self) -> frozenset[str]:
        """The events that it folds."""
        handled = {name for table in self.tables for name in table.handlers}
        return frozenset(handled | {PersonErased.type} if any(table.personal for table in self.tables) else handled)

    def consumer(self, generation: int) -> str:
        """The name under which a generation's checkpoints are kept."""
        return f"{self.name}.g{generation}"

    @cached_property
    def topics(self) -> tuple[str, ...]:
        """The topics of those events."""
        return tuple(sorted({EVENTS[name].topic for name in self.types}))
