"""Roles, and the one function that authorises: lists, pages, search, exports and streams all use it.

Staff sign in with an account; customers come by a signed link; machines send a token. Whatever vouches for a person
or a program ends in a `Who`.
"""

from dataclasses import dataclass

STAFF: frozenset[str] = frozenset({"handler", "leader", "quality", "compliance", "auditor", "admin"})
PROGRAMS: frozenset[str] = frozenset({"machine", "demo"})
"""`demo` fills an installation with invented complaints. No account and no token that is handed out has that role: a
command signs it for itself."""

MAY: dict[str, frozenset[str]] = {
    "complaints.make": STAFF | PROGRAMS,  # by the API, which says when and how; customers use the form
    "complaints.invent": frozenset({"demo"}),
    "complaints.read": STAFF | PROGRAMS,
    "complaints.import": frozenset({"leader", "compliance", "admin", "machine"}),
    "cases.read": STAFF | PROGRAMS,
    "cases.work": PROGRAMS | {"handler", "leader", "admin"},
    "mentions.read": STAFF | PROGRAMS,
    "mentions.work": PROGRAMS | {"handler", "leader", "admin"},
    "surveys.read": STAFF | {"machine"},
    "surveys.withdraw": frozenset({"handler", "leader", "compliance", "admin"}),
    "reports.read": STAFF | {"machine"},
    "audit.read": frozenset({"leader", "quality", "compliance", "auditor", "admin", "machine"}),
    "audit.seal": frozenset({"compliance", "auditor", "admin", "machine"}),
    "evidence.open": frozenset({"compliance", "admin"}),
    "mailbox.read": STAFF,
    "links.revoke": frozenset({"handler", "leader", "compliance", "admin"}),
    "people.erase": frozenset({"compliance", "admin"}),
    "people.hold": frozenset({"compliance"}),
    "operate": frozenset({"admin"}),
}


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody with a role; `scopes` are all that a token may."""

    id: str
    name: str
    role: str
    scopes: frozenset[str] | None = None


ANONYMOUS = Who("anonymous", "Anonymous", "anonymous")


def may(who: Who, action: str) -> bool:
    """Staff and programs by role; a token no more than its scopes."""
    return who.role in MAY[action] and (who.scopes is None or action in who.scopes)


def actions_of(role: str) -> frozenset[str]:
    """Permissions of the role, which are the scopes that its tokens can have."""
    return frozenset(action for action, roles in MAY.items() if role in roles)
