"""Who was asked, who has answered, and whose invitation was withdrawn."""

from collections.abc import Callable
from datetime import timedelta

import psycopg

from services.surveys.response.listing import RESPONSES, rates
from services.surveys.response.view import response_list
from shared.http.paging import Paging
from tests.feeding import Feeder
from tests.listing import listed
from tests.scenarios.surveys import CLOSED, answered, asked, withdrawn, written


async def test_one_row_per_invitation_with_when_it_was_answered(postgres: Callable[[str], str]) -> None:
    feeder = Feeder(postgres("surveys"))
    first, second = asked(1), asked(2)
    rows = (await feeder.feed(response_list, first, second, written(second), answered(first, ease=4)))["responses"]
    assert rows[first.originator_id]["answered_at"] == CLOSED + timedelta(days=1)
    assert rows[second.originator_id]["answered_at"] is None
    async with await psycopg.AsyncConnection.connect(feeder.url) as conn:
        assert await rates(conn) == {"handling.v1": (2, 1)}
        page = await listed(conn, RESPONSES, Paging(1), questionnaire="handling.v1")
        rest = await listed(conn, RESPONSES, Paging(5, page.after), questionnaire="handling.v1")
    assert [row["case_id"] for row in page.rows + rest.rows] == [second.case_id, first.case_id]


async def test_who_was_never_written_to_was_not_asked(postgres: Callable[[str], str]) -> None:
    feeder = Feeder(postgres("surveys"))
    first, second, third, reply = asked(1), asked(2), asked(3), written(asked(4))
    other = reply.model_copy(update={"purpose": "reply", "caused_by": None})
    given = [written(first), other, first, second, third, answered(third, ease=4)]
    rows = (await feeder.feed(response_list, *given))["responses"]
    assert rows[first.originator_id]["written_at"] is not None
    assert rows[second.originator_id]["written_at"] is None
    async with await psycopg.AsyncConnection.connect(feeder.url) as conn:
        assert await rates(conn) == {"handling.v1": (2, 1)}
        assert len((await listed(conn, RESPONSES)).rows) == 3


async def test_a_withdrawn_invitation_is_listed_and_does_not_count(postgres: Callable[[str], str]) -> None:
    feeder = Feeder(postgres("surveys"))
    first, second, third = asked(1), asked(2), asked(3)
    given = [first, second, third, *map(written, (first, second, third)), answered(first, ease=4), withdrawn(second)]
    rows = (await feeder.feed(response_list, *given))["responses"]
    assert rows[second.originator_id]["withdrawn_at"] == CLOSED + timedelta(days=2)
    assert rows[second.originator_id]["answered_at"] is None
    assert {rows[one.originator_id]["withdrawn_at"] for one in (first, third)} == {None}
    async with await psycopg.AsyncConnection.connect(feeder.url) as conn:
        assert await rates(conn) == {"handling.v1": (2, 1)}
        page = await listed(conn, RESPONSES, questionnaire="handling.v1")
    assert [row["withdrawn_at"] is not None for row in page.rows] == [False, True, False]
