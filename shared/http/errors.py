"""Failures as answers: problem+json (RFC 9457) to a program and a designed page to a person."""

import secrets
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

import psycopg
from aiokafka.errors import KafkaError
from eventsourcing.persistence import InterfaceError, OperationalError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.eventstore.store import Conflict
from shared.problems import NotSignedIn, RuleBroken, Unavailable
from shared.telemetry import log, redacted
from shared.web.pages import error_page

PROBLEM = "application/problem+json"
NO_ANSWER = (psycopg.OperationalError, OperationalError, InterfaceError, KafkaError)
"""Errors of the libraries when PostgreSQL or Kafka does not answer."""
SENTENCES = {
    404: ("Not found", "There is nothing at this address."),
    405: (
        "Method not allowed",
        "This address is there and does not take this. See the API's description for what it takes.",
    ),
    415: ("Unsupported media type", "This cannot be read in this form. Send what the API's description says."),
}


class Problem(BaseModel):
    """RFC 9457, with `errors` for what was not valid and `reference` for what the operator finds in the log."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] | None = None
    reference: str | None = None


FAILURES: dict[int | str, dict[str, Any]] = {
    status: {"description": description, "content": {PROBLEM: {"schema": Problem.model_json_schema()}}}
    for status, description in {
        "4XX": "Refused: what is wrong, and what to do.", "5XX": "Not possible now: nothing that was sent is kept.",
    }.items()
}  # fmt: skip
"""Responses that OpenAPI lists for every operation."""


def wants_page(request: Request) -> bool:
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


def failure(request: Request, status: int, title: str, detail: str, todo: str = "", **more: Any) -> Response:
    """problem+json to a program and a designed page to a person."""
    if wants_page(request):
        return error_page(request, status, title, detail, todo, reference=more.get("reference", ""))
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return JSONResponse(body, status, media_type=PROBLEM)


def refusal(request: Request, error: RuleBroken) -> Response:
    """The refusal, with `Retry-After` if it is temporary; a page asks a stranger to sign in first."""
    if isinstance(error, NotSignedIn) and wants_page(request):
        return _sign_in_first(request)
    response = failure(request, error.status, error.title, str(error))
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _sign_in_first(request: Request) -> Response:
    """A page comes after the form; what was sent is refused, with the way back to the page that it was sent from."""
    if request.method == "GET":
        return RedirectResponse(_sign_in(str(request.url)), 303)
    return error_page(
        request, NotSignedIn.status, "You are not signed in",
        "Your session has ended. Nothing that you sent was saved.",
        "Sign in and you are back on the page that you sent it from.",
        sign_in=_sign_in(request.headers.get("referer", "")),
    )  # fmt: skip


def _sign_in(back: str) -> str:
    """The address of the form that leads back there; wherever that is, only its path is followed."""
    with suppress(ValueError):
        parts = urlsplit(back)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        return f"/signin?{urlencode({'next': path})}" if path else "/signin"
    return "/signin"


def add_problem_handlers(app: FastAPI) -> None:
    """Every failure is told, and none tells what it should not."""

    @app.exception_handler(RuleBroken)
    async def broken(request: Request, error: RuleBroken) -> Response:
        return refusal(request, error)

    @app.exception_handler(Conflict)
    async def conflict(request: Request, error: Conflict) -> Response:
        return failure(
            request, 409, "Changed meanwhile", "Somebody else changed this first. Load it again, then decide."
        )

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        errors = [{"at": "/".join(map(str, e["loc"])), "what": e["msg"]} for e in error.errors()]
        detail = "; ".join(f"{e['at']}: {e['what']}" for e in errors)
        return failure(request, 422, "Request not valid", detail, errors=errors)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        phrase = HTTPStatus(error.status_code).phrase
        response = failure(request, error.status_code, *SENTENCES.get(error.status_code, (phrase, str(error.detail))))
        response.headers.update(error.headers or {})
        return response

    async def no_answer(request: Request, error: Exception) -> Response:
        log.warning("a server does not answer", route=_route(request.scope), error=redacted(error))
        return refusal(request, Unavailable())

    for kind in NO_ANSWER:
        app.add_exception_handler(kind, no_answer)


def answer_all(app: ASGIApp) -> ASGIApp:
    """Wraps an application so that what nobody foresaw is answered too, inside of what counts and guards answers.

    A handler for `Exception` would answer outside of all middleware. Who has hung up waits for no answer.
    """

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await app(scope, receive, note)
        except ClientDisconnect:
            return
        except Exception as error:
            if scope["type"] != "http":
                raise
            reference = secrets.token_hex(4)
            log.error("request failed", route=_route(scope), reference=reference, exc_info=error)
            if begun:
                raise  # the server breaks the connection off, so that half an answer is not taken for all of it
            answer = failure(
                Request(scope), 500, "Something went wrong", "Nothing that you sent was accepted.",
                "Try again. If it fails again, tell us the reference.", reference=reference,
            )  # fmt: skip
            await answer(scope, receive, send)

    return answering


def _route(scope: Scope) -> str:
    """For the log: the address may be a customer's link."""
    return str(getattr(scope.get("route"), "path", ""))
