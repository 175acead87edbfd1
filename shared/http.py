"""What every service's HTTP has: who asks, problems that say what to do, waiting for one's own writes."""

import secrets
from http.cookies import SimpleCookie
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.datastructures import FormData, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.identity import Signer, Who, may
from shared.problems import NotAllowed, NotSignedIn, RuleBroken
from shared.store import Conflict
from shared.telemetry import log
from shared.web.pages import error_page

SESSION, VISITOR = "recourse_session", "recourse_visitor"
PROBLEM = "application/problem+json"


class Identify:
    """Sets `request.state.who` and `.csrf`; gives a visitor's cookie to whoever has none."""

    def __init__(self, app: ASGIApp, signer: Signer) -> None:
        self.app, self.signer = app, signer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name: value for name, value in scope["headers"] if name in (b"cookie", b"authorization")}
        cookies = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
        bearer = headers.get(b"authorization", b"").decode("latin-1")
        given = cookies[VISITOR].value if VISITOR in cookies else None
        visitor = given or secrets.token_urlsafe(16)
        state = scope.setdefault("state", {})
        state["who"] = self.signer.who(
            cookies[SESSION].value if SESSION in cookies else None,
            bearer[7:] if bearer.lower().startswith("bearer ") else None,
        )
        state["csrf"] = self.signer.csrf(visitor)

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and given is None and not scope["path"].startswith("/api/"):
                secure = "; Secure" if scope.get("scheme") == "https" else ""
                MutableHeaders(scope=message).append(
                    "set-cookie", f"{VISITOR}={visitor}; Path=/; HttpOnly; SameSite=Lax{secure}"
                )
            await send(message)

        await self.app(scope, receive, with_cookie)


def allow(action: str) -> Any:
    """A dependency: whoever asks may do this, else 401 or 403."""

    def check(request: Request) -> Who:
        who: Who = request.state.who
        if not may(who, action):
            raise NotSignedIn if who.role == "anonymous" else NotAllowed
        return who

    return Depends(check)


def asker(request: Request) -> Who:
    """Whoever asks."""
    who: Who = request.state.who
    return who


async def form_of(request: Request) -> FormData:
    """The posted form, once its hidden field shows that it came from a page of ours."""
    form = await request.form()
    if not secrets.compare_digest(str(form.get("csrf", "")).encode(), request.state.csrf.encode()):
        raise NotAllowed("The form was open too long or came from elsewhere. Go back, reload the page and send again.")
    return form


Form = Annotated[FormData, Depends(form_of)]
AtLeast = Annotated[str | None, Query(description="A position, as a write answered it: wait until it is seen.")]


def problem(status: int, title: str, detail: str, **more: Any) -> JSONResponse:
    """RFC 9457."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return JSONResponse(body, status, media_type=PROBLEM)


def wants_page(request: Request) -> bool:
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


def add_problem_handlers(app: FastAPI) -> None:
    """Every failure is problem+json to a program and a designed page to a person."""

    def answer(
        request: Request,
        status: int,
        title: str,
        detail: str,
        todo: str = "",
        reference: str = "",
        **more: Any,
    ) -> Response:
        if wants_page(request):
            return error_page(request, status, title, detail, todo, reference=reference)
        if reference:
            more["reference"] = reference
        return problem(status, title, detail, **more)

    @app.exception_handler(RuleBroken)
    async def broken(request: Request, error: RuleBroken) -> Response:
        if isinstance(error, NotSignedIn) and wants_page(request) and request.method == "GET":
            path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"/signin?{urlencode({'next': path})}", 303)
        return answer(request, error.status, error.title, str(error))

    @app.exception_handler(Conflict)
    async def conflict(request: Request, error: Conflict) -> Response:
        return answer(
            request, 409, "Changed meanwhile", "Somebody else changed this first. Load it again, then decide."
        )

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        errors = [{"at": "/".join(map(str, e["loc"])), "what": e["msg"]} for e in error.errors()]
        detail = "; ".join(f"{e['at']}: {e['what']}" for e in errors)
        return answer(request, 422, "Request not valid", detail, errors=errors)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        if error.status_code == 404:
            return answer(request, 404, "Not found", "There is nothing at this address.")
        return answer(request, error.status_code, str(error.detail), str(error.detail))

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> Response:
        reference = secrets.token_hex(4)
        log.error(
            "request failed",
            path=request.url.path,
            reference=reference,
            exc_info=error,
        )
        return answer(
            request, 500, "Something went wrong",
            "Nothing that you sent was accepted.", "Try again. If it fails again, tell us the reference.", reference,
        )  # fmt: skip
