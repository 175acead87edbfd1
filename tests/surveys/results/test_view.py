"""What people answered, with every option counted."""

from collections.abc import Callable

import psycopg

from services.surveys.questionnaire.definition import load_questionnaires
from services.surveys.results.listing import COMMENTS, tallies
from services.surveys.results.view import answer_list
from shared.events.people import PersonErased
from shared.http.paging import Paging
from tests.feeding import Feeder
from tests.listing import listed
from tests.scenarios.surveys import CLOSED, answered, asked


async def test_options_that_nobody_chose_count_zero(postgres: Callable[[str], str]) -> None:
    feeder = Feeder(postgres("surveys"))
    first, second = asked(1), asked(2)
    await feeder.feed(answer_list, answered(first, ease=4, comment="Call me back"), answered(second, ease=4, speed=1))
    async with await psycopg.AsyncConnection.connect(feeder.url) as conn:
        found = {tally.question: tally for tally in await tallies(conn, load_questionnaires().all[0])}
    assert [count.count for count in found["ease"].options] == [0, 0, 0, 2, 0]
    assert [count.count for count in found["speed"].options] == [1, 0, 0, 0, 0]
    assert [count.count for count in found["clarity"].options] == [0, 0, 0, 0, 0]
    assert found["comment"].answered == 1


async def test_erasure_takes_the_words_and_leaves_the_figures(postgres: Callable[[str], str]) -> None:
    feeder = Feeder(postgres("surveys"))
    first, second = asked(1), asked(2)
    given = [answered(first, ease=4, comment="I am Ada"), answered(second, ease=4, comment="Fine")]
    gone = PersonErased(
        originator_id=first.person_id, originator_version=1, actor="dpo", recorded_at=CLOSED, reason="asked"
    )
    rows = (await feeder.feed(answer_list, *given, gone))["answers"]
    assert sorted(row["text"] for row in rows.values() if row["text"]) == ["Fine"]
    async with await psycopg.AsyncConnection.connect(feeder.url) as conn:
        assert [row["text"] for row in (await listed(conn, COMMENTS)).rows] == ["Fine"]
        found = {tally.question: tally for tally in await tallies(conn, load_questionnaires().all[0])}
    assert found["comment"].answered == 2


async def test_every_comment_is_reached_page_by_page(postgres: Callable[[str], str]) -> None:
    feeder = Feeder(postgres("surveys"))
    await feeder.feed(answer_list, *(answered(asked(number), comment=f"Comment {number}") for number in range(5)))
    read: list[str] = []
    async with await psycopg.AsyncConnection.connect(feeder.url) as conn:
        page = await listed(conn, COMMENTS, Paging(2))
        while page.after:
            read += [row["text"] for row in page.rows]
            page = await listed(conn, COMMENTS, Paging(2, page.after))
        read += [row["text"] for row in page.rows]
    assert sorted(read) == [f"Comment {number}" for number in range(5)]
