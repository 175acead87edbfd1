"""A running service: its store, relay, views, policies and HTTP, started and stopped together."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from faststream.kafka import KafkaBroker
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from psycopg_pool import AsyncConnectionPool

from shared import generations, relay, signin
from shared.committer import Committer
from shared.consumer import Consumer, Reading
from shared.http import Identify, add_problem_handlers
from shared.identity import Accounts, Signer
from shared.key_follower import KeyFollower
from shared.keys import Keyring
from shared.lag import LagWatch
from shared.positions import Positions
from shared.rebuild import rebuild
from shared.relay import Relay
from shared.sinks import Policy, PolicySink, ViewSink
from shared.store import Store
from shared.telemetry import log, told
from shared.topics import Cluster
from shared.tracing import TraceRequests
from shared.view import View
from shared.web import styleguide
from shared.web.pages import security_headers, static_files

Worker = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Settings:
    """What a service is told from outside. Secrets come from the environment or files, never from code."""

    postgres: str
    kafka: Cluster
    master_key: bytes
    secret: str
    public_url: str = "http://localhost:8000"
    accounts: Path | None = None
    smtp: str = "localhost:25"
    embedded: bool = False


@dataclass
class Runtime:
    """Built without side effects; everything is opened by the application's lifespan."""

    service: str
    settings: Settings
    views: Sequence[View] = ()
    policies: Sequence[Policy] = ()
    workers: list[Worker] = field(default_factory=list)

    def __post_init__(self) -> None:
        at = self.settings
        self.keyring = Keyring(at.master_key)
        self.signer = Signer(at.secret)
        self.accounts = Accounts(at.accounts)
        self.pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
            at.postgres,
            min_size=1,
            max_size=12,
            open=False,
            kwargs={"autocommit": True, "prepare_threshold": None},
        )
        self.keys = KeyFollower(at.kafka, self.pool, self.keyring)
        self.positions = Positions(self.pool, self.keys, at.kafka)
        self.broker = KafkaBroker(at.kafka.bootstrap, logger=None)
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
            title=title, version="1", lifespan=self._lifespan, docs_url=None, redoc_url=None, openapi_url=None
        )
        app.state.runtime = self
        add_problem_handlers(app)
        app.mount("/static", static_files())
        app.add_middleware(Identify, signer=self.signer)
        app.add_middleware(security_headers)
        app.add_middleware(TraceRequests)
        app.include_router(signin.router(self))
        app.include_router(styleguide.router)
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
            self._commits = Committer(store, self.keys)
            sender = Relay(self.service, self.settings.postgres, self.settings.kafka)
            sender.start()
            stack.push_async_callback(sender.stop)
            await self._consume(store)
            stack.push_async_callback(self.broker.stop)
            self.lag = LagWatch(self.settings.kafka, self.readings)
            self.lag.start()
            stack.push_async_callback(self.lag.stop)
            for worker in self.workers:
                task = asyncio.create_task(self._for_ever(worker))
                stack.push_async_callback(_cancel, task)
            calm_collector()
            log.info("service started", service=self.service)
            yield

    async def _prepare(self) -> None:
        """Tables of the kit and of each view; a view of an older version is rebuilt beside it first."""
        async with self.pool.connection() as conn:
            await conn.execute("select pg_advisory_lock(hashtext('recourse.prepare'))")
            await conn.execute(generations.SCHEMA)
            await conn.execute(relay.SCHEMA)
            await conn.execute("select pg_advisory_unlock(hashtext('recourse.prepare'))")
            self._outdated = [v for v in self.views if (await generations.prepare(conn, v)).version != v.version]

    async def _consume(self, store: Store) -> None:
        """One consumer for all views, one for each policy: a policy may wait for what another does."""
        cluster = self.settings.kafka
        following = [await self._reading(view) for view in self.views if view not in self._outdated]
        if following:
            Consumer(self.service, "views", following, self.broker, cluster)
        for policy in self.policies:
            sink = PolicySink(policy, store, self.pool, self.keyring, self.keys)
            async with self.pool.connection() as conn:
                reading = Reading(self.service, sink, await generations.stands(conn, sink.name), cluster)
            self.readings.append(reading)
            Consumer(self.service, policy.name, [reading], self.broker, cluster)
        await self.broker.start()
        for view in self._outdated:
            self.rebuilding.add(view.name)
            self.workers.append(partial(self._renew, view))

    async def _reading(self, view: View) -> Reading:
        async with self.pool.connection() as conn:
            name = generations.consumer_name(view, (await generations.prepare(conn, view)).generation)
            stands = await generations.stands(conn, name)
        sink = ViewSink(view, self.pool, self.keyring, self.keys)
        self.readings.append(Reading(self.service, sink, stands, self.settings.kafka))
        return self.readings[-1]

    async def _renew(self, view: View) -> None:
        """The fold has changed: build the new version beside the live one, switch, and only then follow."""
        if view.name in self.rebuilding:
            done = await rebuild(view, self.pool, self.settings.kafka, self.keyring, self.keys)
            log.info("view rebuilt", view=view.name, version=view.version, records=done.records)
            reading = await self._reading(view)
            await Consumer(self.service, view.name, [reading], self.broker, self.settings.kafka).start()
            self.rebuilding.discard(view.name)
        await asyncio.sleep(3600)

    async def _for_ever(self, worker: Worker) -> None:
        wait = 0.5
        while True:
            try:
                await worker()
                wait = 0.5
            except Exception as error:
                log.warning("worker starts over", service=self.service, error=told(error))
                await asyncio.sleep(wait)
                wait = min(wait * 2, 30)

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
            well = self.lag.ready and not self.rebuilding
            body = {
                "status": "ready" if well else "not ready",
                "rebuilding": sorted(self.rebuilding),
                "consumers": lags,
            }
            return JSONResponse(body, 200 if well else 503)

        @app.get("/metrics", include_in_schema=False)
        async def metrics() -> Response:
            return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def calm_collector() -> None:
    """What is loaded stays; batches of events make many objects and few cycles, so look for cycles seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
