"""Signing in and out, for whichever service the gateway sends it to."""

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from shared.http.rate_limits import Delays, Limiter, Limits
from shared.http.requests import Form
from shared.problems import TooMany, Unavailable
from shared.security.accounts import Accounts
from shared.security.sessions import Sessions
from shared.web.pages import is_local, render
from shared.web.templating import gettext as _

HOME = "/cases"


def router(sessions: Sessions, accounts: Accounts, limits: Limits) -> APIRouter:
    """Sign in with an account, and out everywhere."""
    routes = APIRouter(include_in_schema=False)
    by_address, by_account, delays = Limiter(limits.sign_ins), Limiter(limits.account), Delays()

    @routes.get("/signin")
    async def sign_in(request: Request, next_: Annotated[str, Query(alias="next")] = HOME) -> Response:
        return render(request, "signin.html", next=_ours(next_), errors={}, email="")

    @routes.post("/signin")
    async def signed_in(request: Request, form: Form) -> Response:
        email, target = str(form.get("email", ""))[:200], _ours(str(form.get("next", HOME)))
        account, address = email.strip().lower(), request.state.address
        pair = f"{address} {account}"
        if wait := delays.wait(pair) or by_address.wait(address) or by_account.wait(account):
            raise TooMany(wait)
        delays.tried(pair)
        who = await accounts.sign_in(email, str(form.get("password", ""))[:1000])
        if who is None:
            errors = {"email": _("The address and the password do not belong together. Check both.")}
            return render(request, "signin.html", 422, next=target, errors=errors, email=email)
        delays.forget(pair)
        if request.state.session:
            with suppress(Unavailable):
                await sessions.end(request.state.session)
        response = RedirectResponse(target, 303)
        response.headers.append("set-cookie", sessions.cookies.set(sessions.cookies.session, sessions.begin(who)))
        return response

    @routes.post("/signout")
    async def sign_out(request: Request, form: Form) -> Response:
        """The cookie is worth nothing any more, in any browser that has it and for any service."""
        if request.state.session:
            await sessions.end(request.state.session)
        response = RedirectResponse("/signin", 303)
        response.headers.append("set-cookie", sessions.cookies.delete(sessions.cookies.session))
        return response

    return routes


def _ours(target: str) -> str:
    return target if is_local(target) else HOME
