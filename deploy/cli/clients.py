"""HTTP clients of a running installation: each request carries a fresh token that the command signs itself."""

from collections.abc import Generator
from typing import Any

import httpx

from deploy.cli.console import Refused
from deploy.installation import Installation
from shared.security.signing import Signer

PATIENCE = httpx.Timeout(600, connect=60)
"""The first checkpoint of a long log reads all of it."""


class SelfIssued(httpx.Auth):
    """The id stays the same as long as the command runs, and over runs where it is given: an Idempotency-Key belongs
    to whoever sends it."""

    def __init__(self, at: Installation, role: str, name: str, id_: str) -> None:
        self._signer, self._role, self._name, self._id = Signer(at.secret), role, name, id_

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._signer.token(self._role, self._name, self._id)}"
        yield request


def ask(at: Installation, command: str, method: str, path: str, **more: Any) -> Any:
    """As compliance; raises `Refused`."""
    headers = {"Authorization": f"Bearer {at.token('compliance', command)}"}
    return accepted(httpx.request(method, f"{at.url}/api/v1/{path}", headers=headers, timeout=PATIENCE, **more)).json()


def accepted(answer: httpx.Response) -> httpx.Response:
    """Raises `Refused` with the sentence of the service."""
    if not answer.is_success:
        problem = answer.headers.get("content-type", "").startswith("application/problem+json")
        raise Refused(answer.json()["detail"] if problem else f"The service answered {answer.status_code}.")
    return answer
