"""Checks evidence offline: this one file, Python 3.11 or newer and `pip install cryptography` are all it needs.

    python check.py FILE --key VERIFIER_KEY [--checkpoint NOTE]

FILE is an evidence bundle, a proof that the log only grew, or a checkpoint. Ends with 0 where everything holds under a
key that you gave, with 2 where all fits together and nobody vouches for the key, and with 1 where anything is refused.

A leaf of the tree of a partition is the 32-byte chain value of a record: SHA-256 over the chain value before it, the
position (8 bytes, big-endian), the type, a zero byte and the stored bytes. Trees and proofs are those of RFC 9162,
2.1 (SHA-256). A checkpoint is a C2SP signed note: origin, number of records, root, a line with its number and time, and
a line `topic/partition size root` for each partition. Its root is that of the tree whose leaves are those last lines.
"""

import argparse
import json
import re
import sys
from base64 import b64decode
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

BUNDLE, GROWTH = "recourse-evidence/1", "recourse-growth/1"
EMPTY = sha256(b"").digest()
Fields = dict[str, Any]


class Refused(Exception):
    """A check that failed, in a sentence."""


class Head(NamedTuple):
    """The tree of one partition: its number of records and its root."""

    size: int
    root: bytes


class Checkpoint(NamedTuple):
    """The content of a signed note whose signature holds."""

    origin: str
    name: str
    heads: dict[str, Head]


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def root_of(hashes: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, from the hashes of the leaves."""
    if len(hashes) < 2:
        return hashes[0] if hashes else EMPTY
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(root_of(hashes[:split]), root_of(hashes[split:]))


def climb(here: int, last: int, start: bytes, steps: list[bytes]) -> tuple[bytes, bytes]:
    """The way up that inclusion and consistency share (RFC 9162, 2.1.3.2 and 2.1.4.2): the roots it leads to."""
    older = newer = start
    for step in steps:
        if last == 0:
            raise Refused("the proof is too long")
        if here & 1 or here == last:
            older, newer = node_hash(step, older), node_hash(step, newer)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            newer = node_hash(newer, step)
        here, last = here >> 1, last >> 1
    if last:
        raise Refused("the proof is too short")
    return older, newer


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """The root of a tree of `size` that the proof leads to from the hash of its leaf."""
    if not 0 <= index < size:
        raise Refused(f"leaf {index} is not in a tree of {size}")
    return climb(index, size - 1, leaf, proof)[1]


def check_consistency(old: Head, new: Head, proof: list[bytes]) -> None:
    """The tree of `new` begins with that of `old`, else `Refused`."""
    if old.size > new.size:
        raise Refused(f"it had {old.size} records and has {new.size}")
    if old.size in (0, new.size):
        if proof or old.root != (new.root if old.size else EMPTY):
            raise Refused("two roots are given for one tree")
        return
    steps = proof if old.size & (old.size - 1) else [old.root, *proof]
    here, last = old.size - 1, new.size - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    if climb(here, last, steps[0] if steps else b"", steps[1:]) != (old.root, new.root):
        raise Refused("what was sealed first is not its beginning")


def key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n\1" + public).digest()[:4]  # 1 is Ed25519


def read_key(text: str) -> tuple[str, bytes]:
    """The name and the 32 bytes of a verifier key, `name+id+base64`."""
    with suppress(ValueError):
        name, id_, encoded = text.strip().split("+", 2)
        public = b64decode(encoded, validate=True)
        if public[:1] == b"\1" and len(public) == 33 and key_id(name, public[1:]).hex() == id_:
            return name, public[1:]
    raise Refused("The key is neither a file that is there nor a whole Ed25519 key like `example.org+1a2b3c4d+AQ...`.")


def read_note(note: str, keys: list[str]) -> Checkpoint:
    """Read a checkpoint that one of `keys` has signed."""
    text, _, signatures = note.partition("\n\n")
    if not re.fullmatch(r"(\u2014 \S+ [A-Za-z0-9+/]+=*\n+)+", f"{signatures}\n"):
        raise Refused("After the text of the checkpoint stands something that is no signature.")
    for (signer, encoded), (name, public) in product(re.findall(r" (\S+) (\S+)", signatures), map(read_key, keys)):
        with suppress(ValueError, InvalidSignature):
            if (signer, (signature := b64decode(encoded))[:4]) == (name, key_id(name, public)):
                Ed25519PublicKey.from_public_bytes(public).verify(signature[4:], f"{text}\n".encode())
                break
    else:
        raise Refused("The checkpoint is not signed by the key given: it was changed, or another key signed it.")
    origin, size, root, sealed, *lines = text.split("\n")
    word, number, at = sealed.split(" ")
    heads = {place: Head(int(count), b64decode(top)) for place, count, top in (line.split(" ") for line in lines)}
    if word != "checkpoint" or len(heads) != len(lines) or sum(head.size for head in heads.values()) != int(size):
        raise ValueError("not a checkpoint of Recourse")
    if root_of([leaf_hash(line.encode()) for line in lines]) != b64decode(root, validate=True):
        raise Refused("The root of the checkpoint is not that of its partitions.")
    return Checkpoint(origin, f"checkpoint {number} of {origin} ({at}, {size} records)", heads)


def chain(previous: bytes, position: int, name: str, value: bytes) -> bytes:
    return sha256(previous + position.to_bytes(8, "big") + name.encode() + b"\0" + value).digest()


def once(pairs: list[Any]) -> Fields:
    """Refuse a repeated key: two readers would read two values."""
    if len(found := dict(pairs)) < len(pairs):
        raise Refused("A field or a header is there twice, so readers may take one or the other.")
    return found


def check_record(record: Fields, checkpoint: Checkpoint) -> Fields:
    """The event in the record, once its bytes are shown to be in the sealed log."""
    headers, where = once(record["headers"]), f"{record['topic']}/{record['partition']}"
    value, event = b64decode(record["value"], validate=True), headers["ce_id"]
    hashed = f"{record['previous']} {headers['ce_position']} {headers['ce_type']}"
    if not re.fullmatch(r"[0-9a-f]{64} [1-9][0-9]{0,18} [!-~]+", hashed):
        raise Refused(f"{event}: its position, type or previous chain value is not of the form that is hashed.")
    link = chain(bytes.fromhex(record["previous"]), int(headers["ce_position"]), headers["ce_type"], value)
    if link.hex() != headers["ce_chain"]:
        raise Refused(f"{event}: its bytes, type or position were changed: they do not give its chain value.")
    head = checkpoint.heads.get(where, Head(0, EMPTY))
    try:
        root = root_from_inclusion(leaf_hash(link), record["index"], head.size, [*map(b64decode, record["proof"])])
    except Refused as why:
        raise Refused(f"{event}: it is not in the sealed log of {where}: {why}.") from None
    if root != head.root:
        raise Refused(f"{event}: it is not in the sealed log: its proof does not lead to the root of {where}.")
    told: Fields = json.loads(value, object_pairs_hook=once)
    aggregate = told["originator_id"]
    shown = {
        "ce_id": f"{record['topic']}/{aggregate}/{told['originator_version']}", "ce_subject": aggregate,
        "ce_time": told["recorded_at"], "ce_specversion": "1.0", "content-type": "application/json",
    }  # fmt: skip
    for name, expected in shown.items():
        if headers.get(name) != expected:
            raise Refused(f"{event}: its header {name} is not what its bytes say.")
    return told


def check_gapless(document: Fields, events: list[Fields]) -> int:
    """Each aggregate is there from its first event on, none left out between; answers how many there are."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for record, event in zip(document["records"], events, strict=True):
        found[f"{record['topic']}/{event['originator_id']}"].append((event["originator_version"], record["index"]))
    for name, events_ in found.items():
        for expected, (version, _) in enumerate(sorted(events_), 1):
            if version != expected:
                raise Refused(f"{name}/{expected} is missing: the next event of {name} that is there is {version}.")
        if sorted(events_) != sorted(events_, key=lambda event: event[1]):
            raise Refused(f"{name}: its events do not stand in the log in their order.")
    if document["subject"] not in {name.rpartition("/")[2] for name in found}:
        raise Refused(f"No event of {document['subject']} is there, and the bundle says that it is about it.")
    return len(found)


def boxes_in(value: Any, path: str = "") -> dict[str, tuple[str, bytes]]:
    """Each sealed field by its path in the event (JSON Pointer): whose it is, and its ciphertext."""
    if isinstance(value, dict) and value.keys() == {"person", "box"}:
        return {path: (value["person"], b64decode(value["box"]))}
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {at: box for key, part in inner for at, box in boxes_in(part, f"{path}/{key}").items()}


def check_opened(document: Fields, events: list[Fields]) -> int:
    """Each text that is given belongs to a sealed field that is there; answers how many there are.

    That it is what the field holds cannot be shown without the person's key, which would open all else of theirs.
    """
    ids = [dict(record["headers"])["ce_id"] for record in document["records"]]
    boxes = {(id_, path) for id_, event in zip(ids, events, strict=True) for path in boxes_in(event)}
    for opened in document.get("opened", []):
        if (opened["event"], opened["field"]) not in boxes:
            raise Refused(f"{opened['event']}: a text is given for {opened['field']}, which is no sealed field of it.")
    return len(document.get("opened", []))


def check_bundle(document: Fields, checkpoint: Checkpoint) -> list[str]:
    """Check the bundle; return what it proves, and what it does not, in sentences."""
    events = [check_record(record, checkpoint) for record in document["records"]]
    aggregates, stated = check_gapless(document, events), check_opened(document, events)
    said = [
        f"Proved: {len(events)} events are, byte for byte, in the log sealed by {checkpoint.name}. They are the first"
        f" events of {aggregates} aggregates, with {document['subject']} among these; none is left out between.",
        "Not proved: that what was written is true; that the other aggregates have to do with this one; that nothing"
        " else about it, or later, was sealed or written; when, but by the clocks of those who recorded and sealed; any"
        " header beside id, type, subject, time, position and chain.",
    ]
    if stated:
        said.append(f"Not proved: {stated} texts given for sealed fields are what the installation says they hold.")
    return said


def check_growth(document: Fields, old: Checkpoint, new: Checkpoint) -> list[str]:
    """The log of `new` begins with all that `old` seals."""
    if old.origin != new.origin:
        raise Refused(f"The checkpoints are of two logs: {old.origin} and {new.origin}.")
    for place, head in old.heads.items():
        try:
            proof = [*map(b64decode, document["proofs"].get(place, []))]
            check_consistency(head, new.heads.get(place, Head(0, EMPTY)), proof)
        except Refused as why:
            raise Refused(f"The log did not only grow: {place}: {why}.") from None
    return [f"Proved: the log only grew from {old.name} to {new.name}; nothing that was sealed first was changed."]


def check(text: str, keys: list[str], anchor: str | None = None) -> list[str]:
    """Check a file; return what it proves, and what it does not. Without `keys`, use the key that it came with."""
    try:
        note = {"format": "note", "checkpoint": text}
        document = json.loads(text, object_pairs_hook=once) if text.lstrip().startswith("{") else note
        forms: dict[str, Callable[..., list[str]]]
        forms = {BUNDLE: check_bundle, GROWTH: check_growth, "note": lambda *_: [f"Proved: {found[0].name} is signed."]}
        if document["format"] not in forms:
            raise Refused("The file is not evidence of a version that this checker knows.")
        notes = [document[name] for name in (("old", "new") if document["format"] == GROWTH else ("checkpoint",))]
        if anchor is not None and anchor.partition("\n\n")[0] not in [note.partition("\n\n")[0] for note in notes]:
            raise Refused("The file does not rest on the checkpoint that you keep; ask for a proof between the two.")
        found = [read_note(note, keys or [document.get("key", "")]) for note in notes]
        said: list[str] = forms[document["format"]](document, *found)
    except (AttributeError, LookupError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise Refused(f"The file is not whole or was changed: it cannot be read ({type(error).__name__}).") from None
    anchored = ["Proved: it rests on the checkpoint that you keep."] if anchor is not None else []
    unknown = "Not proved: who signed. The key came with the file; give the one that you have from elsewhere."
    return said + anchored + ([] if keys else [unknown])


def plain(text: str) -> str:
    """In letters that every terminal shows alike: nothing in a file moves the cursor or hides what stands there."""
    return "".join(letter if " " <= letter <= "~" else ascii(letter)[1:-1] for letter in text)


def main(words: list[str] | None = None) -> int:
    options = argparse.ArgumentParser(description="Check evidence from Recourse.")
    options.add_argument("file", type=Path)
    options.add_argument("--key", action="append", default=[], help="A verifier key, or a file that holds it.")
    options.add_argument("--checkpoint", type=Path, help="A checkpoint that you keep: the file must rest on it.")
    try:
        given = options.parse_args(words)
        keys = [Path(key).read_text("utf-8-sig") if Path(key).is_file() else key for key in given.key]
        anchor = given.checkpoint and given.checkpoint.read_text("utf-8-sig")
        said = check(given.file.read_text("utf-8-sig"), keys, anchor)
    except SystemExit as end:  # of argparse, whose 2 has another meaning here
        return 1 if end.code else 0
    except (Refused, OSError, UnicodeDecodeError) as why:
        what = why if isinstance(why, Refused) else f"{getattr(why, 'filename', 'A file')} cannot be read."
        sys.stderr.write(plain(f"Refused: {what}") + "\n")
        return 1
    sys.stdout.write("".join(f"{plain(sentence)}\n" for sentence in said))
    return 0 if keys else 2


if __name__ == "__main__":
    sys.exit(main())
