"""Which faults, in which order, against what: drawn by a seeded generator, so that a run can be repeated."""

# ruff: noqa: S311 - chance that can be repeated, and no secrets

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

SERVICES = ("intake", "cases", "sentiment", "reporting", "social", "surveys")
SENDERS = ("intake", "cases", "sentiment")
"""Services that always have something to send under this load."""
TOPICS = ("complaints", "cases", "sentiments", "people")
SERVERS = ("kafka", "postgres")
PARTITIONS = 4
HOURS = (-3600, 3600, 7200)
"""Kafka refuses records that are more than one hour ahead, so at two hours the relay must wait for a right clock."""
KINDS = {
    "kill a service": 6, "kill a relay that has sent and not recorded": 3, "replicas come and go": 3,
    "kill the broker": 2, "pause the broker": 1, "stop the database": 3, "lose the listener": 3,
    "send copies": 2, "send old records in reverse": 2, "send poison": 3, "send what is too large": 1,
    "fill the database's disk": 1, "fill the broker's disk": 1, "step a clock": 2,
}  # fmt: skip
"""Kind -> how often, relative to the others."""


@dataclass(frozen=True)
class Fault:
    """One thing that will go wrong; `seed` decides what is left open."""

    number: int
    kind: str
    target: str
    amount: int
    seed: int
    alone: bool = True
    """Whether all must be well again before the next; else the two overlap."""


def plan(count: int, seed: int, kinds: Sequence[str], longest_pause: int) -> list[Fault]:
    """Every kind at least once where `count` allows it, then by weight; one pause of the broker is the longest.

    Half of those that leave both servers running overlap with the next.
    """
    chance = random.Random(seed)
    drawn = list(kinds)[:count]
    drawn += chance.choices(list(kinds), [KINDS[kind] for kind in kinds], k=count - len(drawn))
    chance.shuffle(drawn)
    made = [_fault(number, kind, chance, longest_pause) for number, kind in enumerate(drawn, 1)]
    pause = next((fault for fault in made if fault.kind == "pause the broker"), None)
    made = [replace(fault, amount=longest_pause) if fault is pause else fault for fault in made]
    return [*[replace(f, alone=f.target in SERVERS or chance.random() < 0.5) for f in made[:-1]], *made[-1:]]


def _fault(number: int, kind: str, chance: random.Random, longest_pause: int) -> Fault:
    seed, amount = chance.randrange(2**32), 0
    match kind:
        case "kill a service":
            target = chance.choice(SERVICES)
        case "kill a relay that has sent and not recorded" | "lose the listener":
            target = chance.choice(SENDERS)
        case "replicas come and go":
            target, amount = chance.choice(SERVICES[:4]), chance.choice((1, 2))
        case "step a clock":
            target, amount = chance.choice(SERVICES[:4]), chance.choice(HOURS)
        case "pause the broker":
            target, amount = "kafka", chance.randint(5, max(5, longest_pause // 2))
        case "kill the broker" | "fill the broker's disk":
            target = "kafka"
        case "stop the database" | "fill the database's disk":
            target = "postgres"
        case _:
            target = f"{chance.choice(TOPICS)}/{chance.randrange(PARTITIONS)}"
    return Fault(number, kind, target, amount, seed)
