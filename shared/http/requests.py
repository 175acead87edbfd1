"""Dependencies of every service's routes: permissions, form checks, known parameters and read-your-writes."""

import secrets
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.security import HTTPBearer
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData

from shared.problems import NotAllowed, NotSignedIn, Unprocessable
from shared.security.permissions import Who, may

MOST_FIELDS, MOST_FILES, MOST_TEXT = 200, 20, 256 * 1024
BEARER = HTTPBearer(auto_error=False, description="A token of `recourse token create`; a browser sends its session.")


def allow(action: str) -> Any:
    """A dependency: whoever asks may do this, else 401 or 403.

    Async like all of ours, though it waits for nothing: FastAPI would hand a plain function to a thread.
    """

    async def check(request: Request, _described: Annotated[Any, Security(BEARER)]) -> Who:
        who: Who = request.state.who
        if not may(who, action):
            raise NotSignedIn if who.role == "anonymous" else NotAllowed
        return who

    return Depends(check)


async def known_parameters(request: Request) -> None:
    """A dependency: a program asks for nothing that the address does not take: a misspelt filter would narrow nothing.

    Pages are more patient, as others add parameters to the links that they pass on.
    """
    path = request.scope["path"]
    if not request.scope["query_string"] or not (path.startswith("/api/") or path.endswith(".csv")):
        return
    known = list(_parameters(request.scope["route"].dependant))
    if unknown := [name for name in request.query_params if name not in known]:
        takes = f"It takes: {', '.join(sorted(set(known)))}." if known else "It takes none."
        raise Unprocessable(f"This address has no parameter {', '.join(unknown)}. {takes}")


def _parameters(dependant: Dependant) -> Iterator[str]:
    yield from (parameter.alias for parameter in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _parameters(inner)


def asker(request: Request) -> Who:
    """The account that sends the request."""
    who: Who = request.state.who
    return who


async def posted(request: Request) -> FormData:
    """The posted form, from wherever it came.

    In UTF-8, as browsers send it: another codec of the sender's choice may take minutes over a megabyte.
    """
    _, given = parse_options_header(request.headers.get("content-type"))
    if given.get(b"charset", b"utf-8").lower() not in (b"utf-8", b"utf8"):
        raise Unprocessable("A form is sent in UTF-8.")
    return await request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=MOST_TEXT)


def is_from_us(request: Request, form: FormData) -> bool:
    """Check the CSRF token of the form's hidden field."""
    return secrets.compare_digest(str(form.get("csrf", "")).encode(), request.state.csrf.encode())


async def form_of(request: Request) -> FormData:
    """The posted form, if it came from a page of ours."""
    form = await posted(request)
    if not is_from_us(request, form):
        raise NotAllowed("The form was open too long or came from elsewhere. Go back, reload the page and send again.")
    return form


Form = Annotated[FormData, Depends(form_of)]
Posted = Annotated[FormData, Depends(posted)]
AtLeast = Annotated[str | None, Query(description="A position, as a write answered it: wait until it is seen.")]
