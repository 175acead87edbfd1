"""Signing in and out, for whichever service the gateway sends it to."""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from shared.http import SESSION, Form
from shared.identity import SESSION_SECONDS
from shared.web.pages import render

if TYPE_CHECKING:
    from shared.runtime import Runtime

HOME = "/cases"


def router(runtime: "Runtime") -> APIRouter:
    """Sign in with an account, and out; a session lasts a working day."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/signin")
    async def sign_in(request: Request, next_: Annotated[str, Query(alias="next")] = HOME) -> Response:
        return render(request, "signin.html", next=_ours(next_), errors={}, email="")

    @routes.post("/signin")
    async def signed_in(request: Request, form: Form) -> Response:
        email, target = str(form.get("email", ""))[:200], _ours(str(form.get("next", HOME)))
        who = runtime.accounts.sign_in(email, str(form.get("password", ""))[:1000])
        if who is None:
            errors = {"email": "The address and the password do not belong together. Check both."}
            return render(request, "signin.html", 422, next=target, errors=errors, email=email)
        response = RedirectResponse(target, 303)
        response.set_cookie(
            SESSION, runtime.signer.session(who), max_age=SESSION_SECONDS, httponly=True, samesite="lax",
            secure=request.url.scheme == "https",
        )  # fmt: skip
        return response

    @routes.post("/signout")
    async def sign_out(form: Form) -> Response:
        response = RedirectResponse("/signin", 303)
        response.delete_cookie(SESSION)
        return response

    return routes


def _ours(target: str) -> str:
    """A path on this site: nobody is sent elsewhere by a link to our sign-in page."""
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else HOME
