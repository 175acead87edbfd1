"""The log is sealed as it is on real servers: it grows by what is new, and a log that was altered is not sealed."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from services.reporting.app import build
from services.reporting.audit.check import Refused, check, leaf_hash, read_note, root_of
from services.reporting.audit.log.growing import LogBroken
from services.reporting.audit.seal import LogShrank, sealed_heads
from services.reporting.audit.sealer import NoSealKey
from services.reporting.audit.view import checkpoints
from shared.kafka.topics import Cluster, create_topics
from tests.reporting.audit.sealed_log import Log, sealer, sealing, serve_log
from tests.serving import serve, serve_neighbour, settings, until


@pytest_asyncio.fixture
async def log(kafka: str, postgres: Callable[[str], str]) -> AsyncIterator[Log]:
    async with serve_log(kafka, postgres) as served:
        yield served


async def records(cluster: Cluster, topic: str = "cases") -> dict[int, list[Any]]:
    async with AIOKafkaConsumer(bootstrap_servers=cluster.bootstrap, auto_offset_reset="earliest") as kafka:
        places = [TopicPartition(cluster.name(topic), number) for number in range(4)]
        kafka.assign(places)
        ends = await kafka.end_offsets(places)
        found: dict[int, list[Any]] = {number: [] for number in range(4)}
        for place in places:
            while len(found[place.partition]) < ends[place]:
                found[place.partition].append(await kafka.getone(place))
    return found


async def test_a_checkpoint_covers_every_record_of_the_log(log: Log) -> None:
    await log.write(*range(1, 80))
    seal, saved = await log.sealer.seal("tests")
    assert (seal.number, seal.size) == (1, 79 * 4)
    assert "is signed" in check(seal.note, [seal.key])[0]
    for number, found in (await records(log.reporting.runtime.settings.cluster)).items():
        leaves = [leaf_hash(bytes.fromhex(dict(record.headers)["ce_chain"].decode())) for record in found]
        assert sealed_heads(seal.note)[f"cases/{number}"].root == root_of(leaves)
    runtime = log.reporting.runtime
    await runtime.positions.wait(checkpoints, await runtime.positions.token(saved), 60)
    async with log.reporting.client("auditor") as client:
        (shown,) = (await client.get("/api/v1/audit/checkpoints")).json()["data"]
        assert (shown["number"], shown["note"], shown["key"]) == (1, seal.note, seal.key)
        assert (await client.get("/api/v1/audit/checkpoints/1")).json() == shown
        assert (await client.get("/api/v1/audit/checkpoints/2")).status_code == 404
        assert (await client.get("/api/v1/audit/key")).json() == {"key": seal.key}


async def test_it_grows_by_what_is_new_and_the_growth_is_proved(log: Log) -> None:
    await log.write(*range(1, 20))
    old, _ = await log.sealer.seal("tests")
    await log.write(*range(20, 90))
    new, _ = await log.sealer.seal("tests")
    assert (new.number, new.size) == (2, 89 * 4 + 1), "the first checkpoint is a record too"
    async with log.reporting.client("auditor") as client:
        proof = (await client.post("/api/v1/audit/growth", json={"old": old.note, "new": new.note})).text
        assert "only grew from checkpoint 1" in check(proof, [new.key], old.note)[0]
        for other in (old.note.replace("cases/0", "cases/9"), "", "a\nb\nc\nd\ncases/0 99999999999999999999 x"):
            wrong = await client.post("/api/v1/audit/growth", json={"old": other, "new": new.note})
            assert (wrong.status_code, "proofs" in wrong.text) in ((422, False), (200, True))
            if wrong.status_code == 200:
                with pytest.raises(Refused):
                    check(wrong.text, [new.key])
        turned = await client.post("/api/v1/audit/growth", json={"old": new.note, "new": old.note})
        assert (turned.status_code, "does not follow" in turned.json()["detail"]) == (422, True)


async def test_by_itself_it_seals_only_what_is_new(log: Log) -> None:
    await log.write(1)
    assert len(await log.sealer._seal("tests", after=0.01)) == 1
    await asyncio.sleep(0.05)

    async def quiet() -> bool:
        return not await log.sealer._seal("tests", after=0.01)

    await until(quiet, 60)
    last = await log.sealer.last()
    await asyncio.sleep(0.05)
    assert not await log.sealer._seal("tests", after=0.01)
    await log.write(2)
    assert not await log.sealer._seal("tests", after=3600), "the last is not old enough"
    assert len(await log.sealer._seal("tests", after=0.01)) == 1
    assert last is not None


async def test_many_who_seal_at_once_make_checkpoints_one_after_the_other(log: Log) -> None:
    await log.write(1, 2, 3)
    made = await asyncio.gather(*(log.sealer.seal(f"tests {n}") for n in range(5)))
    assert sorted(seal.number for seal, _ in made) == [1, 2, 3, 4, 5]


async def test_the_worker_seals_at_its_interval(kafka: str, postgres: Callable[[str], str]) -> None:
    given = (await sealing(kafka, postgres("reporting"))).model_copy(update={"seal_every": 0.2})
    neighbour = serve_neighbour("cases", given.cluster, postgres("cases"))
    async with serve(build, given) as reporting, neighbour as cases:
        await Log(reporting, cases).write(1)

        async def covered() -> bool:
            last = await sealer(reporting.runtime).last()
            return bool(last and last.size >= 4)

        await until(covered, 60)


async def test_without_a_key_nothing_is_sealed_and_it_says_why(
    kafka: str, postgres: Callable[[str], str]
) -> None:  # fmt: skip
    async with serve(build, await settings(kafka, postgres("reporting"))) as reporting:
        with pytest.raises(NoSealKey):
            await sealer(reporting.runtime).seal("tests")
        async with reporting.client("auditor") as client, reporting.client("leader") as leader:
            refused = await client.post("/api/v1/audit/checkpoints")
            assert (refused.status_code, "RECOURSE_SEAL_KEY" in refused.json()["detail"]) == (503, True)
            assert (await leader.post("/api/v1/audit/checkpoints")).status_code == 403
            assert (await client.get("/api/v1/audit/key")).status_code == 503


async def copied(source: Cluster, change: Callable[[dict[int, list[Any]]], None]) -> Cluster:
    """The same log on another broker, but for what was changed."""
    copy = Cluster(source.bootstrap, f"t{uuid.uuid4().hex[:8]}-")
    await create_topics(copy)
    async with AIOKafkaProducer(bootstrap_servers=copy.bootstrap) as producer:
        for topic in ("cases", "reports"):
            read = await records(source, topic)
            found = {number: [(r.key, r.value, list(r.headers)) for r in rows] for number, rows in read.items()}
            if topic == "cases":
                change(found)
            for number, rows in found.items():
                for key, value, headers in rows:
                    await producer.send_and_wait(copy.name(topic), value, key=key, partition=number, headers=headers)
    return copy


def cut(found: dict[int, list[Any]]) -> None:
    fullest = max(found, key=lambda number: len(found[number]))
    del found[fullest][-1]


def forge(found: dict[int, list[Any]]) -> None:
    """A stranger writes on, with headers that every reader takes."""
    fullest = max(found, key=lambda number: len(found[number]))
    key, value, headers = found[fullest][-1]
    last = int(dict(headers)["ce_position"])
    ours = {**dict(headers), "ce_previous": b"%d" % last, "ce_position": b"%d" % (last + 1)}
    found[fullest].append((key, value, list(ours.items())))


def repeat(found: dict[int, list[Any]]) -> None:
    """As a relay does that died before it noted what it had sent, and a stranger who knows no headers."""
    for rows in found.values():
        rows[:] = [*rows[:3], (b"k", b"{}", []), *rows[1:]]


@pytest.mark.parametrize(
    ("change", "error"), [(cut, LogShrank), (forge, LogBroken), (repeat, None)], ids=["cut", "forged", "repeated"]
)
async def test_a_log_that_is_not_the_one_that_was_sealed_is_not_sealed(
    log: Log, postgres: Callable[[str], str], change: Any, error: type[Exception] | None
) -> None:
    """After the broker was replaced: offsets may differ, the records may not."""
    await log.write(*range(1, 30))
    first, _ = await log.sealer.seal("tests")
    source = log.reporting.runtime.settings
    copy = await copied(source.cluster, change)
    other = source.model_copy(update={"kafka": copy.bootstrap, "topic_prefix": copy.prefix})
    log.reporting.runtime.settings = other
    if error:
        with pytest.raises(error):
            await log.sealer.seal("tests")
        assert (await log.sealer.last()) == first
    else:
        second, _ = await log.sealer.seal("tests")
        ours, theirs = read_note(first.note, [first.key]), read_note(second.note, [first.key])
        assert theirs.heads.items() >= ours.heads.items()
