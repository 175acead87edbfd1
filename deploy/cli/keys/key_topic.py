"""What `people-keys` says of each person now, read from its beginning and then on."""

from collections import Counter
from types import TracebackType
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import UnknownTopicOrPartitionError

from shared.kafka.topics import PEOPLE_KEYS, Cluster
from shared.keys.keyring import person_of
from shared.keys.master_keys import wrapped_by


class TopicKeys:
    """The latest of each person; `older` counts the keys that compaction has not taken from the disk yet."""

    def __init__(self, cluster: Cluster) -> None:
        self._topic = cluster.name(PEOPLE_KEYS)
        self._kafka = AIOKafkaConsumer(bootstrap_servers=cluster.bootstrap, enable_auto_commit=False)
        self.masters: dict[UUID, str | None] = {}
        """The id of the master, `without an id` for what is older than the ids, None where it was destroyed."""
        self.older: Counter[UUID] = Counter()
        self.strangers = 0
        """Records that are no person's."""

    async def __aenter__(self) -> "TopicKeys":
        await self._kafka.start()
        found = (await self._kafka._client.fetch_all_metadata()).partitions_for_topic(self._topic)
        if not found:
            raise UnknownTopicOrPartitionError(self._topic)
        self._kafka.assign([TopicPartition(self._topic, number) for number in found])
        await self._kafka.seek_to_beginning()
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self._kafka.stop()

    async def read(self, master: str = "") -> set[UUID]:
        """Up to the present end. Answers whose key is there and wrapped by another than `master`."""
        ends = await self._kafka.end_offsets(self._kafka.assignment())
        while any([await self._kafka.position(place) < end for place, end in ends.items()]):
            for records in (await self._kafka.getmany(timeout_ms=200, max_records=5_000)).values():
                for record in records:
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
