"""Opens the events of a batch: fetches keys that are not here yet, decodes each record once for all its readers."""

from collections.abc import Mapping, Sequence

from shared.events import Event
from shared.events.sealed import people_in
from shared.kafka.chain import Checked, Dead
from shared.kafka.records import SHORT, ConsumerRecord, Record
from shared.keys.follower import KeyFollower
from shared.keys.keyring import Keyring

KEPT = 2_000
TOGETHER = 2_000
"""Records that are opened together: of fewer people than a keyring lets go at once, so that what is fetched for some of
them does not push out what others need."""


async def open_events(found: Checked, keyring: Keyring, keys: KeyFollower | None) -> list[tuple[Record, Event]]:
    """Fetch the keys that are not here, then decode; what they do not open reads as erased."""
    opened: list[tuple[Record, Event]] = []
    for start in range(0, len(found.records), TOGETHER):
        some = found.records[start : start + TOGETHER]
        if keys is not None and (unknown := keyring.unknown(people_in(record.value for record in some))):
            await keys.fetch(unknown)
        while True:
            events, dead = _decode(some, found.raws, keyring)
            if keys is None or not keyring.missing:
                break
            await keys.fetch(set(keyring.missing))  # let go meanwhile, or written in another form than ours
        opened += events
        found.dead += dead
    return opened


def _event(record: Record, keyring: Keyring) -> Event:
    """Decoded once for all consumers of the service, if every key was there and it is not a long one."""
    kept, misses = keyring.opened, keyring.misses
    event = kept.get(record.chain)
    if isinstance(event, Event):
        return event
    made = record.event(keyring)
    if keyring.misses == misses and len(record.value) <= SHORT:
        if len(kept) >= KEPT:
            kept.clear()
        kept[record.chain] = made
    return made


def _decode(
    records: Sequence[Record], raws: Mapping[str, ConsumerRecord], keyring: Keyring
) -> tuple[list[tuple[Record, Event]], list[Dead]]:
    opened: list[tuple[Record, Event]] = []
    dead: list[Dead] = []
    for record in records:
        try:
            opened.append((record, _event(record, keyring)))
        except (ValueError, KeyError) as error:
            dead.append(Dead(raws[record.id], f"{type(error).__name__}: {record.name}"))
    return opened, dead
