"""A key goes where Kafka's own partitioner would send it."""

import pytest
from aiokafka.partitioner import murmur2 as theirs
from hypothesis import given
from hypothesis import strategies as st

from shared.topics import murmur2, partition_of


@given(st.binary(max_size=100))
def test_murmur2_is_kafkas(key: bytes) -> None:
    assert murmur2(key) == theirs(key) & 0xFFFFFFFF


@pytest.mark.parametrize("partitions", [1, 4, 12])
def test_every_partition_is_used(partitions: int) -> None:
    assert {partition_of(str(n).encode(), partitions) for n in range(500)} == set(range(partitions))
