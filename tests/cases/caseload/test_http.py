"""The API says what is wrong with a question about the list."""

import pytest

from tests.serving import Served


@pytest.mark.parametrize(
    "query",
    [
        "page[size]=0", "page[size]=201", "page[after]=nonsense", "sort=colour", "status=done", "view=theirs",
        "from=soon",
        "to=2026-13-45", "from=2026-03-15&to=2026-03-14", "colour=red", "person=me",
            f"q={'x' * 301}", "q=a%00b", "product=a%00b", "at_least=cases/x",
        "at_least=moon/0:1", "person=------------------------------------",
    ],
)  # fmt: skip
async def test_a_list_that_cannot_be_asked_for_is_told_why(cases: Served, query: str) -> None:
    async with cases.client("machine") as client:
        answer = await client.get(f"/api/v1/cases?{query}")
    assert answer.status_code == 422, answer.text
