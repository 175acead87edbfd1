"""What somebody may do to a bundle of evidence, and with which words the checker refuses it."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any
from uuid import UUID

from services.reporting import check as checker
from services.reporting.seal import SealKey
from tests.reporting.given import case

Bundle = dict[str, Any]
Tamper = Callable[[Bundle], None]


def headers_of(record: Bundle) -> dict[str, str]:
    return dict(record["headers"])


def find(bundle: Bundle, type_: str) -> Bundle:
    found: Bundle = next(r for r in bundle["records"] if headers_of(r)["ce_type"] == type_)
    return found


def change_byte(bundle: Bundle) -> None:
    record = find(bundle, "case.closed.v1")
    record["value"] = b64encode(b64decode(record["value"]).replace(b"ines@", b"inez@")).decode()


def change_type(bundle: Bundle) -> None:
    record = find(bundle, "case.closed.v1")
    record["headers"] = [[n, "case.reopened.v1" if n == "ce_type" else v] for n, v in record["headers"]]


def change_header(bundle: Bundle) -> None:
    record = find(bundle, "case.closed.v1")
    record["headers"] = [[n, "2020-01-01T00:00:00Z" if n == "ce_time" else v] for n, v in record["headers"]]


def forge_chain(bundle: Bundle) -> None:
    """Who changes the bytes and computes the chain value anew."""
    change_byte(bundle)
    record, headers = find(bundle, "case.closed.v1"), headers_of(find(bundle, "case.closed.v1"))
    value, previous = b64decode(record["value"]), bytes.fromhex(record["previous"])
    link = checker.chain(previous, int(headers["ce_position"]), headers["ce_type"], value)
    record["headers"] = [[n, link.hex() if n == "ce_chain" else v] for n, v in record["headers"]]


def remove_event(bundle: Bundle) -> None:
    bundle["records"].remove(find(bundle, "case.note-added.v1"))


def remove_first(bundle: Bundle) -> None:
    bundle["records"].remove(find(bundle, "person.identified.v1"))
    bundle["records"].remove(find(bundle, "mention.captured.v1"))


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
}  # fmt: skip
