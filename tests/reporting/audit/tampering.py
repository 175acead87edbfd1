"""What somebody may do to a bundle of evidence, and with which words the checker refuses it."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any
from uuid import UUID

from services.reporting.audit import check as checker
from services.reporting.audit.seal import SealKey
from tests.scenarios.reporting import case

Bundle = dict[str, Any]
Tamper = Callable[[Bundle], None]


def headers_of(record: Bundle) -> dict[str, str]:
    return dict(record["headers"])


def say(record: Bundle, **headers: str) -> None:
    """Other values for some of its headers."""
    record["headers"] = [[name, headers.get(name, value)] for name, value in record["headers"]]


def find(bundle: Bundle, type_: str) -> Bundle:
    found: Bundle = next(r for r in bundle["records"] if headers_of(r)["ce_type"] == type_)
    return found


def change_byte(bundle: Bundle) -> None:
    record = find(bundle, "case.closed.v1")
    record["value"] = b64encode(b64decode(record["value"]).replace(b"ines@", b"inez@")).decode()


def change_type(bundle: Bundle) -> None:
    say(find(bundle, "case.closed.v1"), ce_type="case.reopened.v1")


def change_header(bundle: Bundle) -> None:
    say(find(bundle, "case.closed.v1"), ce_time="2020-01-01T00:00:00Z")


def forge_chain(bundle: Bundle) -> None:
    """Who changes the bytes and computes the chain value anew."""
    change_byte(bundle)
    record, headers = find(bundle, "case.closed.v1"), headers_of(find(bundle, "case.closed.v1"))
    value, previous = b64decode(record["value"]), bytes.fromhex(record["previous"])
    link = checker.chain(previous, int(headers["ce_position"]), headers["ce_type"], value)
    say(record, ce_chain=link.hex())


def split_later(bundle: Bundle) -> None:
    """The same bytes are hashed, and said to be of another type at another position."""
    split(bundle, 37)


def split_earlier(bundle: Bundle) -> None:
    split(bundle, 31)


def split(bundle: Bundle, at: int) -> None:
    record, headers = find(bundle, "case.closed.v1"), headers_of(find(bundle, "case.closed.v1"))
    hashed = bytes.fromhex(record["previous"]) + int(headers["ce_position"]).to_bytes(8, "big") + b"case.closed.v1"
    record["previous"] = hashed[:at].hex()
    say(record, ce_position=str(int.from_bytes(hashed[at : at + 8], "big")), ce_type=hashed[at + 8 :].decode())


def spell_position(bundle: Bundle) -> None:
    record = find(bundle, "case.closed.v1")
    say(record, ce_position=f" {headers_of(record)['ce_position']}")


def negative_position(bundle: Bundle) -> None:
    say(find(bundle, "case.closed.v1"), ce_position="-1")


def vast_position(bundle: Bundle) -> None:
    say(find(bundle, "case.closed.v1"), ce_position=str(2**70))


def add_header(bundle: Bundle) -> None:
    """A reader that takes the first sees another time."""
    find(bundle, "case.closed.v1")["headers"].insert(0, ["ce_time", "2020-01-01T00:00:00Z"])


def add_text(bundle: Bundle) -> None:
    """What nobody signed stands in the checkpoint."""
    bundle["checkpoint"] = bundle["checkpoint"].replace("\n\n", "\n\nNothing else was found.\n\n")


def add_line(bundle: Bundle) -> None:
    bundle["checkpoint"] += "Nothing else was found.\n"


def remove_event(bundle: Bundle) -> None:
    bundle["records"].remove(find(bundle, "case.note-added.v1"))


def remove_first(bundle: Bundle) -> None:
    bundle["records"].remove(find(bundle, "person.identified.v2"))
    bundle["records"].remove(find(bundle, "mention.captured.v2"))


def cut_proof(bundle: Bundle) -> None:
    next(record for record in bundle["records"] if record["proof"])["proof"].pop()


def swap_proofs(bundle: Bundle) -> None:
    first, second = [r for r in bundle["records"] if r["topic"] == "cases"][:2]
    first["index"], second["index"] = second["index"], first["index"]
    first["proof"], second["proof"] = second["proof"], first["proof"]


def other_subject(bundle: Bundle) -> None:
    bundle["subject"] = str(UUID(int=404))


def other_place(bundle: Bundle) -> None:
    find(bundle, "case.closed.v1")["topic"] = "complaints"


def change_checkpoint(bundle: Bundle) -> None:
    bundle["checkpoint"] = bundle["checkpoint"].replace("checkpoint 1 2", "checkpoint 1 1")


def other_signer(bundle: Bundle) -> None:
    """Somebody seals a log of their own under the same name."""
    key = SealKey.of(bytes(32), "http://localhost:8000")
    bundle["checkpoint"] = key.signed(bundle["checkpoint"].partition("\n\n")[0].split("\n"))
    bundle["key"] = key.verifier


def slip_in_text(bundle: Bundle) -> None:
    bundle["opened"] = [{"event": headers_of(bundle["records"][0])["ce_id"], "field": "/actor", "text": "x"}]


TAMPERINGS: dict[Tamper, str] = {
    change_byte: "do not give its chain value", change_type: "do not give its chain value",
    change_header: "header ce_time is not what its bytes say", forge_chain: "does not lead to the root of cases/",
    remove_event: f"cases/{case(1)}/4 is missing", remove_first: "/1 is missing",
    cut_proof: "it is not in the sealed log", swap_proofs: "does not lead to the root",
    other_subject: "the bundle says that it is about it",
    other_place: "it is not in the sealed log", change_checkpoint: "not signed by the key",
    other_signer: "another key signed it", slip_in_text: "is no sealed field of it",
    split_later: "not of the form that is hashed", split_earlier: "not of the form that is hashed",
    spell_position: "not of the form that is hashed", negative_position: "not of the form that is hashed",
    vast_position: "not of the form that is hashed", add_header: "is there twice",
    add_text: "something that is no signature", add_line: "something that is no signature",
}  # fmt: skip
