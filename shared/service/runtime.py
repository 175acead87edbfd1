"""A running service: its store, relay, views, policies and HTTP, started and stopped together."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from psycopg import AsyncConnection

from shared.eventstore import relay
from shared.eventstore.group_commit import Committer
from shared.eventstore.relay import Relay
from shared.eventstore.store import Store
from shared.gc_tuning import calm_collector
from shared.http import signin
from shared.http.edge import Edge
from shared.http.errors import FAILURES, add_problem_handlers, answer_all
from shared.http.headers import HEADERS, HTTPS_ONLY, security_headers
from shared.http.requests import allow
from shared.http.tracing import FASTAPIS_OWN, TraceRequests
from shared.keys.follower import KeyFollower
from shared.keys.keyring import Keyring
from shared.postgres import purge
from shared.postgres.leader import alone
from shared.postgres.pools import lasting_pool
from shared.projections import versions
from shared.projections.batching import BatchDelay
from shared.projections.consumer import Consumer, Reading, Sink
from shared.projections.lag import LagWatch
from shared.projections.policies import Policy, PolicySink
from shared.projections.read_your_writes import Positions
from shared.projections.rebuild import rebuild
from shared.projections.view import View
from shared.projections.view_sink import ViewsSink
from shared.security.accounts import Accounts
from shared.security.revocations import Access
from shared.security.sessions import Sessions
from shared.security.signing import Signer
from shared.service.settings import Settings
from shared.supervision import finish, over_and_over
from shared.telemetry import READY, log
from shared.web import styleguide
from shared.web.pages import static_files

Worker = Callable[[], Awaitable[None]]


@dataclass
class Runtime:
    """Built without side effects; everything is opened by the application's lifespan."""

    service: str
    settings: Settings
    views: Sequence[View] = ()
    policies: Sequence[Policy] = ()
    workers: list[Worker] = field(default_factory=list)
    rest: float = 0.25
    """Seconds that consumers rest between batches: what is shown may be as much behind."""

    def __post_init__(self) -> None:
        at = self.settings
        self.keyring = Keyring(at.master_key)
        self.signer = Signer(at.secret)
        self.accounts = Accounts(at.accounts)
        self.access = Access(at.kafka, self.signer)
        self.sessions = Sessions(
            self.signer, self.access, self.accounts, idle=at.session_idle, longest=at.session_longest, secure=at.secure
        )
        self.pool = lasting_pool(at.postgres, max_size=12, timeout=10, configure=_unhurried)
        self.keys = KeyFollower(at.kafka, self.pool, self.keyring, self.service)
        self.batch_delay = BatchDelay(self.rest)
        self.positions = Positions(self.pool, self.keys, at.kafka, self.batch_delay)
        self.consumers: list[Consumer] = []
        self.readings: list[Reading] = []
        self.rebuilding: set[str] = set()
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
            responses=FAILURES, telemetry=FASTAPIS_OWN,
        )  # fmt: skip
        app.state.runtime = self
        add_problem_handlers(app)
        app.mount("/static", static_files())
        app.add_middleware(
            Edge, signer=self.signer, sessions=self.sessions, access=self.access, limits=self.settings.limits,
            most=self.settings.most_bytes, url=self.settings.public_url,
        )  # fmt: skip
        app.add_middleware(answer_all)
        app.add_middleware(security_headers, headers=HEADERS | (HTTPS_ONLY if self.settings.secure else {}))
        app.add_middleware(TraceRequests)
        app.include_router(signin.router(self.sessions, self.accounts, self.settings.limits))
        app.include_router(styleguide.router, dependencies=[allow("cases.read")])
        self._add_operations(app)
        return app

    @asynccontextmanager
    async def _lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            store = await asyncio.to_thread(Store, self.service, self.settings.postgres, self.keyring)
            stack.push_async_callback(asyncio.to_thread, store.close)
            await self.pool.open(wait=True, timeout=30)
            stack.push_async_callback(self.pool.close)
            await self._prepare()
            await self.keys.start()
            stack.push_async_callback(self.keys.stop)
            await self.access.start()
            stack.push_async_callback(self.access.stop)
            self._commits = Committer(store, self.keys)
            sender = Relay(self.service, self.settings.postgres, self.settings.kafka)
            sender.start()
            stack.push_async_callback(sender.stop)
            stack.push_async_callback(self._stop_consumers)
            await self._consume(store)
            self.lag = LagWatch(self.service, self.pool, self.settings.kafka, self.readings)
            self.lag.start()
            stack.push_async_callback(self.lag.stop)
            workers: list[Worker] = [
                *self.workers,
                partial(purge.keep_rewriting, self.pool),
                partial(versions.keep_dropping, self.pool, self.views),
            ]
            for worker in workers:
                task = asyncio.create_task(over_and_over(worker, "worker", self.service))
                stack.push_async_callback(finish, task)
            calm_collector()
            log.info("service started", service=self.service)
            yield

    async def _prepare(self) -> None:
        """Tables of the kit and of each view; a view of an older version is rebuilt beside it first."""
        async with self.pool.connection() as conn:
            await conn.execute("select pg_advisory_lock(hashtext('recourse.prepare'))")
            await conn.execute(versions.SCHEMA)
            await conn.execute(relay.SCHEMA)
            await conn.execute("select pg_advisory_unlock(hashtext('recourse.prepare'))")
            self._outdated = [v for v in self.views if (await versions.prepare(conn, v)).version != v.version]

    async def _consume(self, store: Store) -> None:
        """One consumer for all views, one for each policy: a policy may wait for what another does."""
        if following := [view for view in self.views if view not in self._outdated]:
            self._follow("views", self._sink(following))
        for policy in self.policies:
            at = self.settings.kafka
            self._follow(policy.name, PolicySink(policy, store, at, self.pool, self.keyring, self.keys))
        for view in self._outdated:
            self.rebuilding.add(view.name)
            self.workers.append(partial(self._renew, view))

    def _follow(self, purpose: str, sink: Sink) -> None:
        self.consumers.append(Consumer(self.service, purpose, sink, self.settings.kafka, self.batch_delay))
        self.readings += self.consumers[-1].readings
        self.consumers[-1].start()

    def _sink(self, views: Sequence[View]) -> ViewsSink:
        return ViewsSink(views, self.settings.kafka, self.pool, self.keyring, self.keys)

    async def _stop_consumers(self) -> None:
        await asyncio.gather(*[consumer.stop() for consumer in self.consumers])

    async def _renew(self, view: View) -> None:
        """The fold has changed: build the new version beside the live one, switch, and only then follow.

        One process does it for all of its service.
        """
        if view.name in self.rebuilding:
            async with await AsyncConnection.connect(self.settings.postgres, autocommit=True) as conn:
                await alone(conn, f"renew {view.name}")
                if (await versions.prepare(conn, view)).version != view.version:  # another process has not done it
                    done = await rebuild(view, self.pool, self.settings.kafka, self.keyring, self.keys)
                    log.info("view rebuilt", view=view.name, version=view.version, records=done.records)
            self._follow(view.name, self._sink([view]))
            self.rebuilding.discard(view.name)
        await asyncio.sleep(3600)

    @property
    def _well(self) -> bool:
        return self.lag.ready and not self.rebuilding and not self.keys.trouble

    def _add_operations(self, app: FastAPI) -> None:
        @app.get("/health/live", include_in_schema=False)
        async def live() -> dict[str, str]:
            return {"status": "live"}

        @app.get("/health/ready", include_in_schema=False)
        async def ready() -> JSONResponse:
            lags = [
                {
                    "consumer": lag.consumer,
                    "behind": lag.behind,
                    "still_for": round(lag.still_for, 1),
                    "trouble": lag.trouble,
                }
                for lag in self.lag.lags.values()
            ]
            well = self._well
            body = {
                "status": "ready" if well else "not ready",
                "keys": self.keys.trouble,
                "rebuilding": sorted(self.rebuilding),
                "consumers": lags,
            }
            return JSONResponse(body, 200 if well else 503)

        @app.get("/metrics", include_in_schema=False)
        async def metrics() -> Response:
            READY.labels(self.service).set(self._well)
            return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _unhurried(conn: AsyncConnection[Any]) -> None:
    """Views do not wait for the disk: rows and progress are lost together, if at all, and read again from Kafka."""
    await conn.execute("set synchronous_commit = off")
