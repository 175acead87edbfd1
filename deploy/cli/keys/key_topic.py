"""The latest key of each person on `people-keys`, read from its beginning and then on."""

from collections import Counter
from types import TracebackType
from uuid import UUID

from shared.events.unsealing import person_of, wrapped_by
from shared.kafka.clients import ends, read_to, reader, required_partitions
from shared.kafka.topics import PEOPLE_KEYS, Cluster


class TopicKeys:
    """The latest of each person; `older` counts the keys that compaction has not taken from the disk yet."""

    def __init__(self, cluster: Cluster) -> None:
        self._topic = cluster.name(PEOPLE_KEYS)
        self._kafka = reader(cluster)
        self.masters: dict[UUID, str | None] = {}
        """The id of the master, `without an id` for what is older than the ids, None where it was destroyed."""
        self.older: Counter[UUID] = Counter()
        self.strangers = 0
        """Records that are no person's."""

    async def __aenter__(self) -> "TopicKeys":
        await self._kafka.start()
        self._kafka.assign(await required_partitions(self._kafka, self._topic))
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self._kafka.stop()

    async def read(self, master: str = "") -> set[UUID]:
        """Up to the present end. Answers whose key is there and wrapped by another than `master`."""
        async for batch in read_to(self._kafka, await ends(self._kafka, self._topic)):
            for record in batch:
                if not record.key:
                    continue
                if person := person_of(record.key):
                    self._take(person, record.value)
                else:
                    self.strangers += 1
        return {person for person, by in self.masters.items() if by not in (None, master)}

    def _take(self, person: UUID, value: bytes | None) -> None:
        if self.masters.get(person) is not None:
            self.older[person] += 1
        self.masters[person] = None if value is None else wrapped_by(value) or "without an id"
