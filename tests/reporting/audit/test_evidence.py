"""Evidence is checked where nothing of ours is: in a bare environment with one file, whole and with each tampering."""

import asyncio
import json
import re
import subprocess
import sys
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.reporting.audit import check as checker
from services.reporting.audit.check import Refused, check
from services.reporting.audit.seal import SealKey
from shared.events import OWNERS, Event
from shared.events.people import PersonErased
from shared.service.runtime import Runtime
from tests import serving
from tests.reporting.audit.sealed_log import asked_alone, sealer, sealing
from tests.reporting.audit.tampering import TAMPERINGS, Bundle, find, headers_of
from tests.scenarios.reporting import PERSON, case, story
from tests.serving import Served, serve, until

WORDS = "They lost my letter"


@dataclass
class Heard:
    """Reporting, which has heard the story of case 1 from all services, before its person was erased."""

    reporting: Served
    intake: Served

    @property
    def runtime(self) -> Runtime:
        return self.reporting.runtime

    async def hear(self, event: Event) -> None:
        await asyncio.to_thread(self.intake.runtime.store.put, [event])
        await self.until_heard(await self.count() + 1)

    async def count(self) -> int:
        async with self.runtime.pool.connection() as conn:
            row = await (await conn.execute("select count(*) from trail where topic <> 'reports'")).fetchone()
        return int(row[0]) if row else 0

    async def until_heard(self, count: int) -> None:
        async def heard() -> bool:
            return await self.count() == count

        await until(heard, 90)

    async def evidence(self, role: str = "auditor", **query: str) -> Bundle:
        async with self.reporting.client(role) as client:
            answer = await client.post(f"/api/v1/audit/{case(1)}/evidence", params=query)
        assert answer.status_code == 200, answer.text
        found: Bundle = answer.json()
        return found


@pytest_asyncio.fixture(scope="module")
async def heard(kafka: str, postgres: Callable[[str], str]) -> AsyncIterator[Heard]:
    events = [event for event in story() if not isinstance(event, PersonErased)]
    async with AsyncExitStack() as stack:
        reporting = await stack.enter_async_context(serve(asked_alone, await sealing(kafka, postgres("reporting"))))
        wrapped, neighbours = None, {}
        for service in sorted({OWNERS[event.topic] for event in events}):
            given = await serving.settings("", postgres(service), reporting.runtime.settings.cluster)
            build = lambda own, service=service: Runtime(service, own).application(service)  # noqa: E731
            neighbours[service] = await stack.enter_async_context(serve(build, given))
            wrapped = wrapped or neighbours[service].runtime.keyring.create(PERSON)
            neighbours[service].runtime.keyring.learn(PERSON, wrapped)
        async with reporting.runtime.pool.connection() as conn:
            await conn.execute("insert into keys values (%s, %s)", [PERSON, wrapped])
        for event in events:
            await asyncio.to_thread(neighbours[OWNERS[event.topic]].runtime.store.put, [event])
        found = Heard(reporting, neighbours["intake"])
        await found.until_heard(len(events))
        yield found


@pytest_asyncio.fixture(scope="module")
async def bundle(heard: Heard) -> Bundle:
    return await heard.evidence()


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A machine that has Python, `cryptography` and the one file."""
    folder = tmp_path_factory.mktemp("bare")
    (folder / "check.py").write_bytes(Path(str(checker.__file__)).read_bytes())
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "cryptography"], check=True)
    listed = subprocess.run(
        [python, "-m", "pip", "list", "--format=freeze"], check=True, capture_output=True, text=True
    )
    assert "recourse" not in listed.stdout
    assert "pydantic" not in listed.stdout

    def run(document: Bundle | str, *words: str) -> subprocess.CompletedProcess[str]:
        text = document if isinstance(document, str) else json.dumps(document)
        (folder / "file.json").write_text(text)
        return subprocess.run(
            [python, "-I", "check.py", "file.json", *words], cwd=folder, capture_output=True, text=True, check=False
        )

    return run


async def test_it_has_every_event_of_every_aggregate_that_has_to_do_with_it(bundle: Bundle) -> None:
    expected = {event.id for event in story() if not isinstance(event, PersonErased)}
    # What the survey's answer sounded like belongs to the response.
    assert {headers_of(record)["ce_id"] for record in bundle["records"]} >= expected - {f"sentiments/{UUID(int=602)}/1"}
    assert WORDS not in json.dumps(bundle)
    said = check(json.dumps(bundle), [bundle["key"]], bundle["checkpoint"])
    assert f" aggregates, with {case(1)} among these; none is left out between." in said[0]
    assert said[-1] == "Proved: it rests on the checkpoint that you keep."


def test_a_bare_machine_checks_it_and_refuses_each_tampering(
    bundle: Bundle, bare: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    key, anchor = tmp_path / "key.txt", tmp_path / "checkpoint.txt"
    key.write_text(bundle["key"] + "\n")
    anchor.write_text(bundle["checkpoint"])
    whole = bare(bundle, "--key", str(key), "--checkpoint", str(anchor))
    assert (whole.returncode, whole.stderr) == (0, "")
    assert whole.stdout.count("\nNot proved") == 1
    alone = bare(bundle)
    assert alone.returncode == 2
    assert "Not proved: who signed" in alone.stdout
    for tamper, why in TAMPERINGS.items():
        changed = deepcopy(bundle)
        tamper(changed)
        done = bare(changed, "--key", bundle["key"])
        assert (done.returncode, done.stdout) == (1, ""), tamper
        assert done.stderr.startswith("Refused: "), done.stderr
        assert why in done.stderr, (tamper, done.stderr)
    other = SealKey.of(bytes(32), "http://localhost:8000").verifier
    assert "another key signed it" in bare(bundle, "--key", other).stderr
    assert "nor a whole Ed25519 key" in bare(bundle, "--key", bundle["key"][:-4]).stderr
    anchor.write_text(bundle["checkpoint"].replace("cases/", "people/"))
    assert "does not rest on the checkpoint" in bare(bundle, "--checkpoint", str(anchor)).stderr
    twice = json.dumps(bundle).replace('"value": "', '"value": "e30=", "value": "', 1)
    assert "is there twice" in bare(twice, "--key", bundle["key"]).stderr
    for wreck in ("", "{", "[]", "{}", '{"format":"recourse-evidence/1"}', json.dumps(bundle)[:-40], "\0"):
        assert bare(wreck, "--key", bundle["key"]).stderr.startswith("Refused: "), wreck


SHOWN = {
    "ce_specversion", "ce_id", "ce_type", "ce_subject", "ce_time", "content-type", "ce_position", "ce_chain"
}  # fmt: skip


def meaning(document: Bundle) -> Any:
    """What the bundle says, however it is spelled, without what the checker calls not proved."""
    records = [
        {
            **record, "value": b64decode(record["value"]), "proof": [b64decode(step) for step in record["proof"]],
            "previous": bytes.fromhex(record["previous"]),
            "headers": {
                name: int(value) if name == "ce_position" else value
                for name, value in record["headers"] if name in SHOWN
            },
        }
        for record in document["records"]
    ]  # fmt: skip
    signed, _, signature = document["checkpoint"].partition("\n\n")
    return {
        "records": records,
        "signed": signed,
        "by": b64decode(signature.split(" ")[2]),
        "subject": document["subject"],
    }


@given(st.data())
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_no_character_can_be_changed_so_that_it_says_something_else(bundle: Bundle, data: st.DataObject) -> None:
    text = json.dumps({name: value for name, value in bundle.items() if name != "key"})
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + data.draw(st.characters(codec="ascii")) + text[at + 1 :]
    try:
        check(changed, [bundle["key"]])
    except Refused:
        return
    assert meaning(json.loads(changed)) == meaning(bundle)


async def test_a_checkpoint_that_covers_it_is_used_again_and_a_later_event_is_sealed(heard: Heard) -> None:
    first, again = await heard.evidence(), await heard.evidence()
    assert again == first
    seal, _ = await sealer(heard.runtime).seal("tests")
    assert (await heard.evidence())["checkpoint"] == seal.note
    async with heard.reporting.client("auditor") as client:
        asked = {"old": first["checkpoint"], "new": seal.note}
        proof = (await client.post("/api/v1/audit/growth", json=asked)).text
        forged = seal.note.replace("/", "/x", 1)
        unsigned = seal.note.partition("\n\n")[0] + "\n\n— x AAAA\n"
        for other in ("x" * 9, forged, unsigned, seal.note.replace("cases/", "a\0b/")):
            for pair in ({"old": other, "new": seal.note}, {"old": seal.note, "new": other}):
                assert (await client.post("/api/v1/audit/growth", json=pair)).status_code == 422, pair
        assert "only grew" in check(proof, [first["key"]], first["checkpoint"])[0]
        assert (await client.post(f"/api/v1/audit/{UUID(int=404)}/evidence")).status_code == 404
    async with heard.reporting.client("handler") as handler:
        assert (await handler.post(f"/api/v1/audit/{case(1)}/evidence")).status_code == 403


async def test_opened_words_stand_beside_and_are_called_not_proved(heard: Heard) -> None:
    opened = await heard.evidence("compliance", opened="true")
    texts = {(one["event"], one["field"]): one["text"] for one in opened["opened"]}
    assert texts[f"complaints/{case(1)}/1", "/narrative"] == WORDS
    assert any("texts given for sealed fields are what the installation says" in s for s in check_(opened))
    other = deepcopy(opened)
    other["opened"][0]["text"] = "Something else"
    assert check_(other) == check_(opened), "nobody can tell, as the checker says"
    async with heard.reporting.client("auditor") as client:
        assert (await client.post(f"/api/v1/audit/{case(1)}/evidence?opened=true")).status_code == 403


def check_(bundle: Bundle) -> list[str]:
    return check(json.dumps(bundle), [bundle["key"]])


def test_what_is_left_out_at_an_end_is_called_not_proved(bundle: Bundle) -> None:
    """The last event of the case, and a whole message: the rest holds, as what it says of itself is less."""
    less = deepcopy(bundle)
    less["records"].remove(find(less, "case.closed.v1"))
    for type_ in ("message.written.v2", "message.sent.v1"):
        less["records"].remove(find(less, type_))
    whole, rest = check_(bundle), check_(less)
    assert [words(said[0], "events") for said in (whole, rest)] == [len(bundle["records"]), len(less["records"])]
    assert words(whole[0], "aggregates") == words(rest[0], "aggregates") + 1
    assert "the other aggregates have to do with this one" in rest[1]
    assert "nothing else about it, or later, was sealed" in rest[1]


def words(sentence: str, unit: str) -> int:
    """How many of them it speaks of."""
    return int(re.findall(rf"(\d+) {unit}", sentence)[0])


async def test_after_erasure_it_still_holds_and_says_no_word(heard: Heard) -> None:
    (erased,) = [event for event in story() if isinstance(event, PersonErased)]
    before = await heard.evidence()
    await heard.hear(erased)
    after = await heard.evidence("compliance", opened="true")
    assert (len(after["records"]), after["opened"]) == (len(before["records"]) + 1, [])
    assert "opened" not in before
    assert check_(before)[0].startswith("Proved")
    assert check_(after)[0].startswith("Proved")
