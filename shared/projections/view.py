"""A view: rows that answer one question, folded from events, with no state but its tables.

The row is a dataclass and so is the table: its fields are the columns, the first is the key. A handler gets the
row of its key (fresh where there was none) and an event, and changes the row. Where the rows are aggregates, a table
uses the aggregate's own `evolve` (`of_aggregate`), so that rules and lists cannot differ. The kit loads and writes rows
a batch at a time, remembers positions, rebuilds, and scrubs what is personal when a person is erased.
"""

import types
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import KW_ONLY, MISSING, dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from functools import cache, cached_property
from operator import attrgetter
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from pydantic import BaseModel, TypeAdapter

from shared.events import EVENTS, Event
from shared.events.people import PersonErased
from shared.events.sealed import Sealed
from shared.kafka.records import Record

R = TypeVar("R")
E = TypeVar("E", bound=Event)
S = TypeVar("S")
Keys = Callable[[Any], Sequence[Hashable]]
Handler = Callable[[Any, Any, Record], None]

SQL_TYPES: dict[object, str] = {
    UUID: "uuid", str: "text", int: "bigint", float: "double precision", bool: "boolean",
    datetime: "timestamptz", date: "date", Decimal: "numeric", bytes: "bytea", list: "jsonb", dict: "jsonb",
}  # fmt: skip


def sql_type(annotation: Any) -> str:
    """The column type of a field; `X | None` is X's, for a key is the only column that is never null."""
    if get_origin(annotation) in (Union, types.UnionType):
        annotation = next(a for a in get_args(annotation) if a is not type(None))
    return SQL_TYPES[get_origin(annotation) or annotation]


class AggregateFold(Generic[R, S]):
    """The state of one aggregate beside its row: JSON in the row's `state`, folded by the rules' own `evolve`."""

    def __init__(
        self, base: type[Event], kind: type[S], evolve: Callable[[S | None, Any], S], row_of: Callable[[R, S], None]
    ) -> None:
        self.base, self.evolve, self.row_of = base, evolve, row_of
        self._adapter: TypeAdapter[S] = TypeAdapter(kind)
        if "uniqueItems" in str(self._adapter.json_schema()):
            raise TypeError(f"{kind.__name__} holds a set, whose order differs between processes: use a tuple")

    def load(self, state: bytes | None) -> S | None:
        return None if state is None else self._adapter.validate_json(state)

    def dump(self, state: S) -> bytes:
        return self._adapter.dump_json(state)


@dataclass(eq=False)
class Table(Generic[R]):
    """The rows of one dataclass, and what each event does to them.

    `personal` columns are set to null when the person in column `person` is erased.
    `computed` columns are kept by PostgreSQL and only for queries: by name, their kind and what they follow from.
    `indexes` are what follows `using` (`btree (owner, status)`); `append_only` says that each row is made by one
    event and never read back, so that the kit need not load it.
    """

    name: str
    row: Callable[..., R]
    _: KW_ONLY
    person: str | None = None
    personal: Sequence[str] = ()
    computed: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    indexes: Sequence[str] = ()
    append_only: bool = False

    def __post_init__(self) -> None:
        hints, first_to_last = get_type_hints(self.row), fields(self.row)  # type: ignore[arg-type]
        self.columns = {f.name: sql_type(hints[f.name]) for f in first_to_last}
        self.key = first_to_last[0].name
        self.values: Callable[[R], tuple[Any, ...]] = attrgetter(*self.columns)
        self.documents = "jsonb" in self.columns.values()
        """True where a row holds a value that may change inside, and so cannot be compared with what it was."""
        bare = [f.name for f in first_to_last[1:] if f.default is MISSING and f.default_factory is MISSING]
        if len(self.columns) == 1:
            raise TypeError(f"{self.name}: a row with nothing but its key tells nothing")
        if bare:
            raise TypeError(f"{self.name}: a row begins with its key alone, so {bare} need defaults")
        self.kinds = self.columns | {name: kind for name, (kind, _) in self.computed.items()}
        """SQL types of all columns, computed ones too."""
        self.aggregate: AggregateFold[R, Any] | None = None
        self._registered: list[tuple[type[Event], Keys, Handler]] = []

    def on(
        self, *types_: type[E], key: Callable[[E], Hashable] | None = None, keys: Keys | None = None
    ) -> Callable[[Callable[[R, E], None]], Callable[[R, E], None]]:
        """`handler(row, event)` for these events, and for those that derive from them.

        `key` gives the row (the aggregate's by default, None for no row), `keys` gives several.
        """

        def register(handler: Callable[[R, E], None]) -> Callable[[R, E], None]:
            self.on_record(*types_, key=key, keys=keys)(lambda row, event, _: handler(row, event))
            return handler

        return register

    def on_record(
        self, *types_: type[E], key: Callable[[E], Hashable] | None = None, keys: Keys | None = None
    ) -> Callable[[Callable[[R, E, Record], None]], Callable[[R, E, Record], None]]:
        """The same for `handler(row, event, record)`, which also sees what travels beside the event."""

        def register(handler: Callable[[R, E, Record], None]) -> Callable[[R, E, Record], None]:
            self._registered.extend((type_, keys or _one(key), handler) for type_ in types_)
            return handler

        return register

    def of_aggregate(
        self, base: type[Event], kind: type[S], evolve: Callable[[S | None, Any], S]
    ) -> Callable[[Callable[[R, S], None]], Callable[[R, S], None]]:
        """Fold every event of the aggregate with its own `evolve`; `row_of(row, state)` writes what lists show.

        The row has a field `state: bytes | None`; the state holds no personal text and no sets.
        """
        if self.columns.get("state") != "bytea":
            raise TypeError(f"{self.name}: the row needs a field `state: bytes | None`")

        def register(row_of: Callable[[R, S], None]) -> Callable[[R, S], None]:
            self.aggregate = AggregateFold(base, kind, evolve, row_of)
            return row_of

        return register

    @cached_property
    def handlers(self) -> dict[str, list[tuple[Keys, Handler]]]:
        """Handlers by type of event, resolved once every event class is known."""
        found: dict[str, list[tuple[Keys, Handler]]] = {}
        for base, keys, handler in self._registered:
            for name in _derived(base):
                found.setdefault(name, []).append((keys, handler))
        return found

    @cached_property
    def types(self) -> frozenset[str]:
        """The events that change its rows."""
        return frozenset(self.handlers).union(_derived(self.aggregate.base) if self.aggregate else ())


def copy(row: Any, source: Any) -> None:
    """Set the fields that a row shares with an event, a part of one, or an aggregate's state; sealed text is opened."""
    for name in _shared(row.__class__, source.__class__):
        value = getattr(source, name)
        setattr(row, name, value.text if isinstance(value, Sealed) else value)


@cache
def _shared(row: Any, source: Any) -> list[str]:
    known = source.model_fields if issubclass(source, BaseModel) else {f.name for f in fields(source)}
    return [f.name for f in fields(row)[1:] if f.name in known]


def _derived(base: type[Event]) -> list[str]:
    return [name for name, event in EVENTS.items() if issubclass(event, base)]


def _one(key: Callable[[Any], Hashable] | None) -> Keys:
    if key is None:
        return lambda event: (event.originator_id,)

    def keys(event: Any) -> Sequence[Hashable]:
        found = key(event)
        return () if found is None else (found,)

    return keys


@dataclass(frozen=True)
class View:
    """Tables that are filled, rebuilt and switched together. A changed fold or table is a new `version`."""

    name: str
    version: int
    tables: Sequence[Table[Any]]

    @cached_property
    def types(self) -> frozenset[str]:
        """The events that it folds."""
        handled = frozenset[str]().union(*(table.types for table in self.tables))
        return handled | {PersonErased.type} if any(table.personal for table in self.tables) else handled

    def consumer(self, generation: int) -> str:
        """The name under which a generation's checkpoints are kept."""
        return f"{self.name}.g{generation}"

    @cached_property
    def topics(self) -> tuple[str, ...]:
        """The topics of those events."""
        return tuple(sorted({EVENTS[name].topic for name in self.types}))
