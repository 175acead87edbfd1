"""A running service: its store, relay, views, policies and HTTP, started and stopped together."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from psycopg import AsyncConnection

from shared.eventstore import relay, requests
from shared.eventstore.group_commit import Committer
from shared.eventstore.relay import Relay
from shared.eventstore.store import Store
from shared.gc_tuning import tune_gc
from shared.http import signin
from shared.http.edge import Edge
from shared.http.errors import FAILURES, add_problem_handlers, answer_all
from shared.http.headers import HEADERS, HTTPS_ONLY, security_headers
from shared.http.requests import allow, known_parameters
from shared.http.tracing import FASTAPIS_OWN, trace_requests
from shared.keys.follower import KeyFollower
from shared.keys.keyring import Keyring
from shared.postgres import purge
from shared.postgres.pools import lasting_pool
from shared.projections import versions
from shared.projections.batching import BatchDelay
from shared.projections.lag import LagWatch
from shared.projections.policies import Policy
from shared.projections.read_your_writes import Positions
from shared.projections.view import View
from shared.security.accounts import Accounts
from shared.security.revocations import Access
from shared.security.sessions import Sessions
from shared.security.signing import Signer
from shared.service import operations
from shared.service.bus import Bus, Worker
from shared.service.settings import Settings
from shared.supervision import finish, supervise
from shared.telemetry import log
from shared.times import Clock
from shared.web import styleguide
from shared.web.pages import static_files


@dataclass
class Runtime:
    """Built without side effects; everything is opened by the application's lifespan."""

    service: str
    settings: Settings
    views: Sequence[View] = ()
    policies: Sequence[Policy] = ()
    workers: list[Worker] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)
    rest: float = 0.25
    """Seconds between the batches of a consumer: what is shown may be as much behind."""

    def __post_init__(self) -> None:
        at = self.settings
        self.keyring = Keyring(at.masters())
        self.signer = Signer(at.secret)
        self.accounts = Accounts(at.accounts)
        self.access = Access(at.cluster, self.signer)
        self.sessions = Sessions(
            self.signer, self.access, self.accounts, idle=60 * at.session_minutes, longest=3600 * at.session_hours,
            secure=at.secure,
        )  # fmt: skip
        self.pool = lasting_pool(at.postgres, max_size=12, timeout=10, configure=_unhurried)
        self.keys = KeyFollower(at.cluster, self.pool, self.keyring, self.service)
        self.batch_delay = BatchDelay(self.rest)
        self.bus = Bus(self.service, at, self.views, self.policies, self.pool, self.keyring, self.batch_delay)
        self.positions = Positions(self.pool, self.keys, at.cluster, self.batch_delay)
        self._commits: Committer | None = None

    @property
    def commits(self) -> Committer:
        """The store for commands, open while the application runs."""
        assert self._commits is not None, "the service has not started"
        return self._commits

    @property
    def store(self) -> Store:
        return self.commits.store

    def application(self, title: str) -> FastAPI:
        """The service's HTTP application; the caller adds its routers."""
        app = FastAPI(
            title=title, version="1", lifespan=self._lifespan, docs_url=None, redoc_url=None, openapi_url=None,
            responses=FAILURES, telemetry=FASTAPIS_OWN, dependencies=[Depends(known_parameters)],
        )  # fmt: skip
        app.state.runtime = self
        add_problem_handlers(app)
        app.mount("/static", static_files())
        app.add_middleware(
            Edge, signer=self.signer, sessions=self.sessions, access=self.access, limits=self.settings.limits,
            most=int(1_000_000 * self.settings.body_megabytes), url=self.settings.url,
        )  # fmt: skip
        app.add_middleware(answer_all)
        app.add_middleware(security_headers, headers=HEADERS | (HTTPS_ONLY if self.settings.secure else {}))
        app.add_middleware(trace_requests)
        app.include_router(signin.router(self.sessions, self.accounts, self.settings.limits))
        app.include_router(styleguide.router, dependencies=[allow("cases.read")])
        app.include_router(operations.router(self.service, lambda: self.ready, self.state))
        return app

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Store]:
        """The parts that need the database alone: the store, the pool and the tables."""
        async with AsyncExitStack() as stack:
            store = await asyncio.to_thread(Store, self.service, self.settings.postgres, self.keyring)
            stack.push_async_callback(asyncio.to_thread, store.close)
            await self.pool.open(wait=True, timeout=30)
            stack.push_async_callback(self.pool.close)
            await self._prepare()
            self._commits = Committer(store, self.keys)
            yield store

    @asynccontextmanager
    async def _lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        async with self.opened() as store, AsyncExitStack() as stack:
            await self.keys.start()
            stack.push_async_callback(self.keys.stop)
            await self.access.start()
            stack.push_async_callback(self.access.stop)
            sender = Relay(self.service, self.settings.postgres, self.settings.cluster)
            sender.start()
            stack.push_async_callback(sender.stop)
            await stack.enter_async_context(self.bus.running(store, self.keys))
            self.lag = LagWatch(self.service, self.pool, self.settings.cluster, self.bus.readings)
            self.lag.start()
            stack.push_async_callback(self.lag.stop)
            workers: list[Worker] = [
                *self.workers,
                *self.bus.rebuilds(self.keys),
                partial(purge.keep_rewriting, self.pool, self.clock, self.settings.purge_window),
                partial(requests.keep_forgetting, self.pool),
                partial(versions.keep_dropping, self.pool, self.views),
            ]
            for worker in workers:
                stack.push_async_callback(finish, asyncio.create_task(supervise(worker, "worker", self.service)))
            tune_gc()
            log.info("service started", service=self.service)
            yield

    async def _prepare(self) -> None:
        """Tables of the kit and of each view."""
        async with self.pool.connection() as conn:
            await conn.execute("select pg_advisory_lock(hashtext('recourse.prepare'))")
            await conn.execute(versions.SCHEMA)
            await conn.execute(relay.SCHEMA)
            await conn.execute("select pg_advisory_unlock(hashtext('recourse.prepare'))")
        await self.bus.prepare()

    @property
    def rebuilding(self) -> set[str]:
        """The names of the views that are built anew."""
        return self.bus.rebuilding

    @property
    def ready(self) -> bool:
        """True while nothing is stuck, being rebuilt, or without its keys."""
        return self.lag.ready and not self.rebuilding and not self.keys.trouble

    def state(self) -> dict[str, Any]:
        """The reasons, for operators."""
        return {
            "keys": self.keys.trouble,
            "rebuilding": sorted(self.rebuilding),
            "consumers": [
                {
                    "consumer": lag.consumer, "behind": lag.behind, "still_for": round(lag.still_for, 1),
                    "trouble": lag.trouble,
                }
                for lag in self.lag.lags.values()
            ],
        }  # fmt: skip


def running(request: Request) -> Runtime:
    """The service that answers the request."""
    runtime: Runtime = request.app.state.runtime
    return runtime


async def _current(request: Request) -> Runtime:
    return running(request)


CurrentRuntime = Annotated[Runtime, Depends(_current)]
"""A parameter of a route: the service that answers."""


async def _unhurried(conn: AsyncConnection[Any]) -> None:
    """Views do not wait for the disk: rows and progress are lost together, if at all, and read again from Kafka."""
    await conn.execute("set synchronous_commit = off")
