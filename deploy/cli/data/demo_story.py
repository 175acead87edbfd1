"""A year of invented history: who complained about what, and what a firm's people did about it."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

YEAR = 365
UNSORTED = ("email", "letter", "phone", "face-to-face", "referral")
"""Channels on which nobody chose a product: a handler classifies."""
KINDS = {"reviews": "review", "facebook": "comment", "reddit": "comment"}


@dataclass(frozen=True)
class Complaint:
    """One complaint as the API takes it, under a key that follows from the seed, and the work on it.

    Decisions are one per aspect, or none while it is open.
    """

    key: str
    body: dict[str, Any]
    subject: dict[str, str]
    handler: str | None = None
    further: Sequence[dict[str, str]] = ()
    notes: Sequence[str] = ()
    decisions: Sequence[dict[str, Any]] = ()
    reopened: str | None = None


@dataclass(frozen=True)
class Mention:
    """One mention as the API takes it, and what becomes of it."""

    body: dict[str, Any]
    promoted: bool = False
    dismissed: str | None = None


@cache
def texts() -> dict[str, Any]:
    """The building blocks of the invented history."""
    return tomllib.loads(Path(__file__).with_name("demo.toml").read_text(encoding="utf-8"))


def complaints(seed: int, count: int, today: datetime) -> list[Complaint]:
    """The oldest first. What is said follows from the seed alone, so that a second run repeats the first."""
    made = [_complaint(seed, number, today) for number in range(count)]
    return sorted(made, key=lambda one: str(one.body["received_at"]))


def mentions(seed: int, count: int, today: datetime) -> list[Mention]:
    """Public posts of the last four months."""
    return [_mention(seeded("mention", seed, number), seed, number, today) for number in range(count)]


def answers(random: Random) -> dict[str, str]:
    """One customer's answers to the survey: who is content with one thing is so with the next."""
    mood = random.choice((1, 2, 3, 3, 4, 4, 5))
    given = {name: str(min(5, max(1, mood + random.choice((-1, 0, 0, 1))))) for name in ("ease", "fairness", "clarity")}
    given["speed"] = str(min(5, max(1, mood + random.choice((-2, -1, 0)))))
    given["comment"] = random.choice(texts()["survey"]["comments"]) if random.random() < 0.4 else ""
    return given


def is_asked(complaint: Complaint) -> bool:
    """True if a survey reaches this customer: the case closes, and there is an address."""
    return bool(complaint.decisions) and "email" in complaint.body["person"]


def _complaint(seed: int, number: int, today: datetime) -> Complaint:
    random = seeded("complaint", seed, number)
    firm = _weighted(random, texts()["firms"])
    subject = _weighted(random, firm["subjects"])
    channel = _pick(random, "channels")
    about: dict[str, str] = {key: subject[key] for key in ("product", "sub_product", "issue") if key in subject}
    received = _received(seeded("time", seed, number), subject, today)
    body = {
        "narrative": _narrative(random, subject), "organisation": firm["name"], "channel": channel,
        "wanted": random.choice(subject["wanted"]) if random.random() < 0.7 else None,
        "region": random.choice(texts()["people"]["regions"]), "received_at": received.isoformat(),
        "external_id": f"demo:{seed}-{number}", "person": _complainant(random, seed, number), "invented": True,
    }  # fmt: skip
    if channel not in UNSORTED:
        body |= about
    work = _work(seeded("work", seed, number), subject, (today - received).days)
    return Complaint(f"demo-{seed}-{number}", body, about, **work)


def _narrative(random: Random, subject: dict[str, Any]) -> str:
    """The story, then the feeling."""
    temper = _weighted(random, list(texts()["tempers"].values()))
    told = random.choice(texts()["people"]["openings"]) + random.choice(subject["stories"])
    return _filled(random, f"{told}\n\n{random.choice(temper['endings'])}")


def _complainant(random: Random, seed: int, number: int) -> dict[str, Any]:
    """Mostly somebody new, now and then somebody who has complained before."""
    who = number if number == 0 or random.random() < 0.87 else random.randrange(number)
    return _person(seeded("person", seed, who), seed, who)


def _work(random: Random, subject: dict[str, Any], age: int) -> dict[str, Any]:
    """The older, the further: what came this week is mostly new, what is older than two months mostly closed."""
    begun = random.random() < (0.3 if age < 5 else 0.75 if age < 21 else 0.98)
    decided = begun and random.random() < (0.05 if age < 7 else 0.4 if age < 28 else 0.75 if age < 56 else 0.97)
    if not begun:
        return {}
    further = [
        {"product": subject["product"], "issue": issue, "summary": random.choice(texts()["further"]["summaries"])}
        for issue in random.sample(texts()["further"]["issues"], random.choice((0, 0, 0, 0, 1, 1, 2)))
    ]
    return {
        "handler": _pick(random, "handlers"), "further": further,
        "notes": random.sample(texts()["work"]["notes"], random.choice((0, 0, 1, 1, 2))),
        "decisions": [_decision(random, subject) for _ in range(1 + len(further))] if decided else [],
        "reopened": random.choice(texts()["work"]["reopened"]) if decided and random.random() < 0.03 else None,
    }  # fmt: skip


def _decision(random: Random, subject: dict[str, Any]) -> dict[str, Any]:
    """As the rules of a case want it: a cause for what is upheld, an amount for money alone."""
    outcome = _pick(random, "outcomes")
    upheld = outcome in ("upheld", "partly-upheld")
    redress = _pick(random, "redress") if upheld else "none"
    decision: dict[str, Any] = {
        "outcome": outcome, "redress": redress,
        "explanation": random.choice(texts()["work"]["explanations"][outcome]),
        "root_cause": random.choice(subject["causes"]) if upheld else None,
    }  # fmt: skip
    if redress in ("refund", "compensation"):
        decision |= {"amount": str(_amount(random)), "currency": "GBP"}
    return decision


def _received(random: Random, subject: dict[str, Any], today: datetime) -> datetime:
    """More of late than a year ago, a wave of wrong bills in the fourth month, and by day rather than by night."""
    age = YEAR * random.random() ** 1.25
    if subject["issue"] == "Bill is wrong" and random.random() < 0.55:
        age = random.uniform(95, 130)
    day = (today - timedelta(days=age)).date()
    if day.weekday() >= 5 and random.random() < 0.6:
        day -= timedelta(days=random.randint(2, 4))
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=random.gauss(13.5 * 60, 200))
    return min(at.replace(microsecond=0), today - timedelta(minutes=random.randint(20, 300)))


def _person(random: Random, seed: int, number: int) -> dict[str, Any]:
    """Somebody who does not exist, with an address that reaches nobody (RFC 2606)."""
    given, family = random.choice(texts()["people"]["given"]), random.choice(texts()["people"]["family"])
    person: dict[str, Any] = {"name": f"{given} {family}"}
    if random.random() < 0.45:
        host = random.choice(("example.org", "example.com"))
        person["email"] = f"{given}.{family}.{seed}.{number}@{host}".lower()
    if random.random() < 0.45:
        person["phone"] = f"01632 960{random.randrange(1000):03}"
    fallback = "phone" if "phone" in person else "letter"
    person["preferred_channel"] = "email" if "email" in person and random.random() < 0.9 else fallback
    if random.random() < 0.05:
        person["needs"] = random.choice(texts()["people"]["needs"])
    return person


def _mention(random: Random, seed: int, number: int, today: datetime) -> Mention:
    firm = _weighted(random, texts()["firms"])
    network, grumble = _pick(random, "networks"), random.random() < 0.7
    posted = today - timedelta(minutes=random.randint(5, 120 * 24 * 60))
    author = f"{random.choice(texts()['people']['given'])} {random.choice(texts()['people']['family'])}"
    handle = f"{author.replace(' ', '').lower()}{random.randrange(100)}"
    body = {
        "network": network, "external_id": f"demo-{seed}-{number}", "kind": KINDS.get(network, "post"),
        "text": _filled(random, random.choice(firm["grumbles" if grumble else "remarks"])),
        "author": author, "handle": f"@{handle}@{network}.example" if network == "mastodon" else f"@{handle}",
        "url": f"https://{network}.example.com/{handle}/{number}", "posted_at": posted.isoformat(), "language": "en",
        "invented": True,
    }  # fmt: skip
    if grumble and random.random() < 0.4:
        return Mention(body, promoted=True)
    if not grumble and random.random() < 0.7:
        return Mention(body, dismissed=random.choice(("not-a-complaint", "not-a-complaint", "answered-elsewhere")))
    return Mention(body)


def _filled(random: Random, text: str) -> str:
    return text.format(
        amount=_amount(random), days=random.randint(3, 11), weeks=random.randint(3, 14), times=random.randint(3, 6),
        when=random.choice(texts()["people"]["when"]), place=random.choice(texts()["people"]["places"]),
    )  # fmt: skip


def _amount(random: Random) -> int:
    return random.choice((12, 25, 38, 40, 65, 80, 95, 120, 149, 180, 240, 320, 410, 560, 780, 1250))


def seeded(what: str, seed: int, number: int) -> Random:
    """A source of its own for each thing, so that nothing shifts when another changes."""
    return Random(f"{what} {seed} {number}")  # noqa: S311 - nothing here is secret


def _pick(random: Random, name: str) -> str:
    weights: dict[str, int] = texts()["weights"][name]
    return random.choices(list(weights), list(weights.values()))[0]


def _weighted(random: Random, entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return random.choices(entries, [entry["weight"] for entry in entries])[0]
