"""The running service, as far as features use it: kit code finds it at `request.app.state.runtime`."""

from collections.abc import Collection
from typing import Any, Protocol

from fastapi import Request

from shared.eventstore.group_commit import Committer
from shared.postgres.pools import Pool
from shared.projections.read_your_writes import Positions
from shared.times import Clock


class Running(Protocol):
    """`settings.ids` is the secret that pseudonyms and request ids follow from."""

    service: str
    settings: Any
    clock: Clock
    pool: Pool
    positions: Positions

    @property
    def rebuilding(self) -> Collection[str]: ...
    @property
    def commits(self) -> Committer: ...


def running(request: Request) -> Running:
    runtime: Running = request.app.state.runtime
    return runtime
