"""One running cases service, and a neighbour whose complaints, people and sentiments it hears."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest_asyncio

from tests.scenarios.cases import complaint, complaint_id, person
from tests.serving import Served, serve_neighbour, service, until

Receive = Callable[..., Awaitable[UUID]]


cases = service("cases")


@pytest_asyncio.fixture(scope="package")
async def neighbour(cases: Served, postgres: Callable[[str], str]) -> AsyncIterator[Served]:
    """As much of intake and sentiment as publishes events."""
    async with serve_neighbour("intake", cases.runtime.settings.cluster, postgres("neighbour")) as served:
        yield served


@pytest_asyncio.fixture(scope="package")
async def receive(cases: Served, neighbour: Served) -> Receive:
    """`await receive(name=..., product=..., ...)` makes a complaint elsewhere and answers its case, once it is open."""
    numbers = itertools.count(100)

    async def received(name: str = "Amal Haddad", email: bool = True, **given: Any) -> UUID:
        number = next(numbers)
        await neighbour.runtime.commits.save([complaint(number, **given), person(number, name, email=email)])

        async def shown() -> bool:
            async with cases.runtime.pool.connection() as conn:
                found = await conn.execute(
                    "select 1 from caseload join complainants using (person_id) join case_words using (case_id)"
                    " where case_id = %s and total_aspects > 0 and name is not null",
                    [complaint_id(number)],
                )
                return await found.fetchone() is not None

        await until(shown)
        return complaint_id(number)

    return received


@pytest_asyncio.fixture
async def handler(cases: Served) -> AsyncIterator[httpx.AsyncClient]:
    async with cases.client("handler", accept="text/html") as client:
        yield client
