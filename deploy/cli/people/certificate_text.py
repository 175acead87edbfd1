"""A certificate and a preview of an erasure, in words."""

from collections.abc import Iterator
from typing import Any

from deploy.cli.people.certificate import Certificate, Held, Proof

UNPROVED = (
    "Erased: every key is destroyed, and no event of it exists, as a backup from before the erasure was restored.",
)


def preview(found: Certificate, said: Any) -> Iterator[str]:
    """A preview: what would go, what would stay, and what holds it."""
    yield f"Person {found.person}: {said['complaints']} complaints, {said['messages']} messages sent to them."
    for one in found.services:
        if one.fields:
            yield f"  {one.service} would lose {_counted(one.fields, 'plain fields')}"
    yield "What is sealed in the events, in Kafka and in backups of them can no longer be read by anybody."
    for one in found.services:
        if one.rows:
            yield f"  {one.service} would keep {_counted(one.rows, 'rows')}: dates, products, outcomes, amounts"
    for hold in said["holds"]:
        may = "compliance may set it aside" if hold["may_be_overridden"] else "it cannot be set aside"
        yield f"Held until {hold['until']} by {hold['name']}: {may}."
    for other in said["others"]:
        yield f"Person {other} gave the same e-mail address, and is not part of this."


def text(found: Certificate) -> Iterator[str]:
    """For a file that is kept or sent."""
    yield "Certificate of erasure"
    yield f"Person: {found.person}"
    yield from _proved(found.proof) if found.proof else UNPROVED
    yield f"Looked up: {found.written_at.isoformat()}"
    for one in found.services:
        yield f"  {one.service}: {_state(one)}"
    waits = f", {found.topic.waiting} earlier records wait for compaction" if found.topic.waiting else ""
    yield f"  people-keys: key {found.topic.key}{waits}"
    yield "What remains: the events, sealed under a key that is gone; and rows without names and words:"
    for one in found.services:
        if one.rows:
            yield f"  {one.service}: {_counted(one.rows, 'rows')}"
    yield "Copies that were made before, such as backups, are not part of this: they expire by their own rules."
    said = "Confirmed by every service." if found.confirmed else "NOT confirmed by every service."
    yield "NOT proved by an event." if found.destroyed else said


def _proved(proof: Proof) -> Iterator[str]:
    yield f"Erased: {proof.erased_at.isoformat()} by {proof.actor}"
    yield f"Ground: {proof.reason}"
    if proof.override:
        yield f"Set aside: {', '.join(proof.overridden or [])}, because: {proof.override}"
    yield f"Event: {proof.event}, position {proof.position}, at {proof.place or '(not sent yet)'}"
    yield f"Chain: {proof.chain or '(not sent yet)'}"


def _state(one: Held) -> str:
    said = [f"key {one.key}"]
    said.append(f"{_counted(one.fields, 'plain fields')} left" if one.fields else "no plain field left")
    if not one.folded:
        said.append("its views have not taken the erasure in")
    if one.unwritten:
        said.append(f"files of {', '.join(one.unwritten)} not written anew yet")
    return "; ".join([*said, "confirmed" if one.confirmed else "NOT confirmed"])


def _counted(counts: dict[str, int], what: str) -> str:
    return f"{sum(counts.values()):,} {what} ({', '.join(f'{name} {count:,}' for name, count in counts.items())})"
