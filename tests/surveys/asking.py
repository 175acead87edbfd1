"""Asks a person as the policy would, and answers the link that they get."""

from uuid import UUID

from services.surveys.response.state import response_id
from tests.serving import Served
from tests.surveys.scenarios import CLOSED, asked


async def ask(served: Served, number: int, *, erased: bool = False) -> str:
    """The link that a person gets by mail, their key having come from elsewhere and been destroyed or not."""
    person = UUID(int=1000 + number)
    wrapped = served.runtime.keyring.create(person)
    served.runtime.keyring.discard([person])
    async with served.runtime.pool.connection() as conn:
        await conn.execute("insert into keys values (%s, %s)", [person, None if erased else wrapped])
    served.runtime.store.put([asked(number, at=CLOSED.replace(year=2099))])
    return f"/surveys/answer/{served.runtime.signer.sign('survey', str(response_id(UUID(int=number), 'handling')))}"
