"""What an event says, in words that a person reads at a glance; made from its type and its open fields only."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.web.templating import gettext

SENTENCES: dict[str, tuple[str, tuple[str, ...]]] = {
    "arrival.recorded": ("Arrival {outcome}, {channel}", ("source", "line", "reasons")),
    "complaint.received": ("Complaint {reference} received, {channel}", ("organisation", "product", "issue")),
    "link.revoked": ("Customer's links stopped", ("generation",)),
    "message.written": ("Message written to the customer: {purpose}, {channel}", ()),
    "message.sent": ("Message sent at try {attempt}", ()),
    "message.failed": ("Message not sent at try {attempt}", ("error",)),
    "person.identified": ("Person recorded, to be reached by {preferred_channel}", ()),
    "person.held": ("Person held until {until}", ("reason",)),
    "person.hold-lifted": ("Hold on the person lifted", ("reason",)),
    "person.erasure-deferred": ("Erasure deferred until {until}", ("reason", "holds")),
    "person.erased": ("Person erased: their key is destroyed", ("reason", "override", "overridden")),
    "case.opened": ("Case opened, priority {priority}", ("organisation",)),
    "case.aspect-raised": ("Aspect raised", ("product", "issue")),
    "case.aspect-classified": ("Aspect classified", ("product", "issue")),
    "case.aspect-assigned": ("Aspect assigned", ("handler",)),
    "case.aspect-resolved": ("Aspect decided: {outcome}", ("redress", "amount", "currency", "root_cause")),
    "case.note-added": ("Note added", ()),
    "case.priority-changed": ("Priority changed to {priority}", ("reason",)),
    "case.alert-raised": ("Alert raised: {kind}", ("reason",)),
    "case.closed": ("Case closed", ()),
    "case.reopened": ("Case reopened", ("reason",)),
    "mention.captured": ("Mention captured on {network}", ("kind", "language")),
    "mention.promoted": ("Mention made a complaint", ()),
    "mention.dismissed": ("Mention dismissed", ("reason",)),
    "mention.restored": ("Dismissal of the mention undone", ()),
    "sentiment.measured": ("Sentiment of the {subject} measured: {heat}", ("score", "model")),
    "survey.invited": ("Person invited to a survey", ("questionnaire",)),
    "survey.answered": ("Survey answered", ("questionnaire",)),
    "survey.withdrawn": ("Invitation to a survey withdrawn", ("questionnaire",)),
    "checkpoint.sealed": ("Log sealed: checkpoint {originator_version} over {size} records", ()),
}
"""Type -> its sentence, and the fields that follow it where the event has them."""

UNREACHED = "Person recorded, without an e-mail address"
CODES: dict[str, str] = {
    "web": "web form", "email": "e-mail", "api": "API", "social": "social media", "import": "imported file",
    "partly-upheld": "partly upheld", "not-upheld": "not upheld", "out-of-scope": "out of scope",
    "final-response": "final response", "survey-invitation": "survey invitation", "face-to-face": "face to face",
    "red-sentiment": "red sentiment",
}  # fmt: skip


def spoken(code: object) -> str:
    """A code as people say it: `partly-upheld` is partly upheld."""
    text = str(code)
    return gettext(CODES.get(text, text))


def what(name: str, payload: Mapping[str, Any]) -> str:
    """One line about an event; a type that this code does not know is called by its name."""
    known = SENTENCES.get(name.rpartition(".v")[0])
    if known is None:
        return name
    sentence, more = known
    if "preferred_channel" in payload and _only_assumed(payload):
        sentence = UNREACHED
    said = gettext(sentence).format_map(_Spoken(payload))
    details = ", ".join(_listed(payload[field]) for field in more if payload.get(field) not in (None, "", "none", []))
    return f"{said} ({details})" if details else said


def _only_assumed(payload: Mapping[str, Any]) -> bool:
    """E-mail is what stands there where nobody said how to reach them; without an address it means nothing."""
    return payload["preferred_channel"] == "email" and not payload.get("email")


def sealed_hidden(value: Any) -> Any:
    """The payload with each sealed box named by its person only."""
    if isinstance(value, dict):
        if value.keys() == {"person", "box"}:
            return {"person": value["person"], "box": "sealed"}
        return {key: sealed_hidden(inner) for key, inner in value.items()}
    return [sealed_hidden(inner) for inner in value] if isinstance(value, list) else value


class _Spoken(dict[str, str]):
    def __init__(self, payload: Mapping[str, Any]) -> None:
        super().__init__({key: _listed(value) for key, value in payload.items() if not isinstance(value, dict)})

    def __missing__(self, key: str) -> str:
        return "–"


def _listed(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "; ".join(map(spoken, value))
    return spoken(value)
