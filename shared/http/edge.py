"""The edge of every service: authentication, cross-site request checks and rate limits.

It asks no database and no other server: what it needs is in the request or in memory.
"""

import secrets
from contextlib import suppress
from functools import partial
from ipaddress import IPv6Address
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.body_limits import limited
from shared.http.errors import refusal
from shared.http.rate_limits import Limiter, Limits
from shared.problems import FromElsewhere, NotSignedIn, RuleBroken, TooMany
from shared.security.permissions import ANONYMOUS, Who
from shared.security.revocations import Access
from shared.security.sessions import Session, Sessions, cookies_of
from shared.security.signing import LONGEST, SELF_ISSUED, Signer

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
STRANGERS_MOST = 1_000_000
"""Bytes of a body: who fills in a form needs no more, and all of it is in memory before anybody asks who they are."""
FREE_PATHS = ("/static/", "/health/", "/metrics")
LONGEST_VISITOR, LONGEST_ADDRESS = 64, 64
ASKED = frozenset({b"cookie", b"authorization", b"origin", b"sec-fetch-site", b"host", b"x-live"})


class Edge:
    """Sets `request.state.who`, `.session`, `.csrf` and `.address`; gives a visitor's cookie to whoever has none.

    `.again` answers who asks and in which session as it is later on, for what goes on after the answer has begun.
    """

    def __init__(
        self, app: ASGIApp, signer: Signer, sessions: Sessions, access: Access, limits: Limits, most: int, url: str
    ) -> None:
        self.app, self.signer, self.sessions, self.access, self.most = app, signer, sessions, access, most
        self._scheme, self._host, *_ = urlsplit(url)
        self._strangers, self._requests = Limiter(limits.strangers), Limiter(limits.requests)
        self._tokens = Limiter(limits.tokens)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"] if name in ASKED}
        self._readdress(scope)
        if scope["path"].startswith(FREE_PATHS):
            scope.setdefault("state", {})["who"] = ANONYMOUS
            await self.app(scope, receive, send)
            return
        cookies, names = cookies_of(headers.get(b"cookie", "")), self.sessions.cookies
        kind, _, token = headers.get(b"authorization", "").partition(" ")
        bearer = token.strip() if kind.lower() == "bearer" else None
        again = partial(self._who, bearer, cookies.get(names.session))
        who, session = again()
        given = cookies.get(names.visitor)
        if given is not None and len(given) > LONGEST_VISITOR:  # none of ours
            given = None
        visitor = given or secrets.token_urlsafe(16)
        address = _network(scope["client"][0] if scope.get("client") else "")
        scope.setdefault("state", {}).update(
            who=who, session=session, again=again, address=address,
            csrf=self.signer.csrf(session.id if session else visitor),
        )  # fmt: skip
        is_new = given is None and bearer is None and not scope["path"].startswith("/api/")
        leaves = [names.set(names.visitor, visitor)] if is_new else []

        async def with_cookies(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = MutableHeaders(scope=message)
                # a page that refreshes itself is not somebody at work
                live = b"x-live" in headers or scope["path"].endswith("/live")
                for cookie in leaves + ([] if live else self._renewed(session, present)):
                    present.append("set-cookie", cookie)
            await send(message)

        unsafe = scope["method"] not in SAFE
        if unsafe and bearer is None and not self._from_here(headers):
            broken: RuleBroken | None = FromElsewhere()
        else:
            broken = self._too_many(who, session, address, unsafe)
        if broken is None and unsafe and who is ANONYMOUS and scope["path"].startswith("/api/"):
            broken = NotSignedIn()  # before a byte of the body is read: a route would parse it first
        if broken is not None:
            await refusal(Request(scope), broken)(scope, receive, with_cookies)
            return
        most = min(self.most, STRANGERS_MOST) if who is ANONYMOUS else self.most
        await self.app(scope, limited(scope, receive, most), with_cookies)

    def _who(self, bearer: str | None, cookie: str | None) -> tuple[Who, Session | None]:
        """A token before a session; what is not ours is anonymous."""
        if bearer is not None:
            if len(bearer) > LONGEST:
                return ANONYMOUS, None
            of = self.signer if bearer.startswith(SELF_ISSUED) else self.access
            return of.token_holder(bearer) or ANONYMOUS, None
        session = self.sessions.read(cookie) if cookie else None
        return (session.who, session) if session else (ANONYMOUS, None)

    def _readdress(self, scope: Scope) -> None:
        """To the configured address: every link and redirect that is made of the request's leads there.

        What the request itself names may be anybody's host, and a cache or a program may follow it.
        """
        others = [(name, value) for name, value in scope["headers"] if name != b"host"]
        scope["scheme"], scope["headers"] = self._scheme, [(b"host", self._host.encode()), *others]

    def _from_here(self, headers: dict[bytes, str]) -> bool:
        """A browser says where a request comes from; a program that says nothing has no one's cookies to misuse."""
        if (site := headers.get(b"sec-fetch-site")) is not None:
            return site in ("same-origin", "none")
        origin = headers.get(b"origin")
        return origin is None or origin.partition("://")[2] in (headers.get(b"host"), self._host)

    def _too_many(self, who: Who, session: Session | None, address: str, unsafe: bool) -> TooMany | None:
        if session is None and who is not ANONYMOUS:
            wait = self._tokens.wait(who.id)
        else:
            wait = self._requests.wait(session.who.id if session else address)
            if unsafe and session is None:
                wait = wait or self._strangers.wait(address)
        return TooMany(wait) if wait else None

    def _renewed(self, session: Session | None, present: MutableHeaders) -> list[str]:
        """A session in use goes on, except where signing in or out has its own say."""
        cookies = self.sessions.cookies
        said = any(cookie.startswith(f"{cookies.session}=") for cookie in present.getlist("set-cookie"))
        renewed = self.sessions.renew(session) if session and session.due and not said else None
        return [cookies.set(cookies.session, renewed)] if renewed else []


def _network(address: str) -> str:
    """The client that an address stands for: one IPv4 address, or the /64 that an IPv6 subscriber is given."""
    address = address[:LONGEST_ADDRESS]
    with suppress(ValueError):
        return IPv6Address(address).exploded[:19]
    return address
