"""Problems with a request, as an API and a page can both show them (RFC 9457)."""

import math


class RuleBroken(Exception):
    """A rule of the domain says no: told to whoever asked (409), never retried."""

    status = 409
    retry_after: int | None = None
    """Seconds after which it may go better."""
    field: str = ""
    """The field of a form that it is about, if it is about one."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args or [self.__doc__])

    @property
    def title(self) -> str:
        """`CaseAlreadyClosed` reads `Case already closed`."""
        name = type(self).__name__
        return "".join(f" {c.lower()}" if c.isupper() and i else c for i, c in enumerate(name))


class NotFound(RuleBroken):
    """Nothing found at this address. Check the address or the reference."""

    status = 404


class NotAllowed(RuleBroken):
    """You do not have permission. Ask an administrator."""

    status = 403


class OnlyTheDemoInvents(NotAllowed):
    """Rules of retention pass demonstration data by, so only `recourse demo` marks it. Leave out `invented`."""


class NotSignedIn(RuleBroken):
    """Sign in first, or send a token: `Authorization: Bearer ...`."""

    status = 401


class PersonWasErased(RuleBroken):
    """This person was erased. Nothing more can be recorded about them."""

    status = 410


class Unprocessable(RuleBroken):
    """The request is not valid."""

    status = 422


class Unavailable(RuleBroken):
    """Part of the system is not responding. Try again in a moment. Nothing was lost."""

    status = 503
    retry_after = 5


class FromElsewhere(RuleBroken):
    """This request came from another site, so nothing was done. Open our page and send it from there."""

    status = 403


class TooMany(RuleBroken):
    """Too many requests. Wait a moment, then try again."""

    status = 429

    def __init__(self, wait: float) -> None:
        super().__init__()
        self.retry_after = max(1, math.ceil(wait))
