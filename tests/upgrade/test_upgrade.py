"""What an earlier release wrote is read, built again and verified by this one."""

import asyncio
from typing import Any

import psycopg

from services.reporting.audit.verify import verify
from shared.projections.rebuild import rebuild
from tests.serving import until
from tests.upgrade.conftest import Earlier


async def ready(earlier: Earlier) -> None:
    async def all_ready() -> bool:
        answers = []
        for served in earlier.served.values():
            async with served.client() as client:
                answers.append((await client.get("/health/ready")).status_code)
        return set(answers) == {200}

    await until(all_ready, 120)


async def test_views_of_an_earlier_version_are_built_anew_and_show_the_same(earlier: Earlier) -> None:
    await ready(earlier)
    async with earlier.served["cases"].client("leader") as client:
        listed = (await client.get("/api/v1/cases?page[size]=200")).json()["data"]
        assert len(listed) == 31, "one of them was a mention"
        assert sum(case["closed_at"] is not None for case in listed) == 26
        for case in listed:
            shown = await client.get(f"/api/v1/cases/{case['case_id']}")
            assert (shown.status_code, shown.headers["etag"]) == (200, f'"{await _events(earlier, case["case_id"])}"')
    async with earlier.served["reporting"].client("auditor") as client:
        counted = await client.get("/api/v1/reports/counts?by=product")
        assert counted.json()["total"]["complaints"] == 31, counted.text


async def test_who_was_erased_stays_erased(earlier: Earlier) -> None:
    await ready(earlier)
    async with await psycopg.AsyncConnection.connect(earlier.databases["cases"]) as conn:
        row: Any = await (
            await conn.execute(
                "select count(*), count(p.name), count(w.narrative) from caseload c"
                " join complainants p using (person_id) join case_words w using (case_id) where p.erased_at is not null"
            )
        ).fetchone()
    assert row == (1, 0, 0)


async def test_work_goes_on_where_it_stood(earlier: Earlier) -> None:
    await ready(earlier)
    async with earlier.served["cases"].client("leader") as client:
        (case, *_) = (await client.get("/api/v1/cases?view=open")).json()["data"]
        at = f"/api/v1/cases/{case['case_id']}"
        noted = await client.post(f"{at}/notes", json={"text": "Called."}, headers={"If-Match": f'"{case["version"]}"'})
        assert noted.status_code == 201, noted.text
        read = await client.get(at, params={"at_least": noted.json()["position"]})
    assert read.json()["timeline"][-1]["words"] == "Called."


async def test_the_log_verifies_and_every_view_is_built_the_same_again(earlier: Earlier) -> None:
    await ready(earlier)
    found = await verify(earlier.cluster, earlier.databases)
    assert (found.findings, found.records >= 477) == ((), True)
    for served in earlier.served.values():
        runtime = served.runtime
        for view in runtime.views:
            made = await rebuild(view, runtime.pool, earlier.cluster, runtime.keyring, runtime.keys, verify=True)
            assert made.differences == (), (view.name, made.differences)


async def _events(earlier: Earlier, case_id: str) -> int:
    def count() -> int:
        with psycopg.connect(earlier.databases["cases"]) as conn:
            row = conn.execute("select count(*) from cases_events where originator_id = %s", [case_id]).fetchone()
        assert row is not None
        return int(row[0])

    return await asyncio.to_thread(count)
