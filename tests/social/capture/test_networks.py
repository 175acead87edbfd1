"""The API takes what a network sends as it is."""

import json
import secrets

import pytest

from tests.serving import DATA, Served

API = "/api/v1/mentions"


async def test_a_network_object_is_taken_as_it_is(social: Served) -> None:
    id_ = str(secrets.randbelow(10**6) + 1578516295611000000)
    sent = {
        "data": [{"id": id_, "text": "@bank &amp; co: where is my money?", "author_id": "7"}],
        "includes": {"users": [{"id": "7", "name": "Ann", "username": "ann"}]},
    }
    async with social.client("machine") as client:
        done = (await client.post(f"{API}/from/x", json=sent)).json()
        again = (await client.post(f"{API}/from/x", json=sent)).json()
        row = (await client.get(f"{API}/{done['ids'][0]}", params={"at_least": done["position"]})).json()
        unknown = await client.post(f"{API}/from/telepathy", json=sent)
        wrong = await client.post(f"{API}/from/x", json={"data": {"id": id_}})
        long = await client.post(f"{API}/from/x", json={"data": {"id": id_, "text": "x" * 65_001}})
    assert (done["captured"], again["captured"], again["known"]) == (1, 0, 1)
    assert (row["network"], row["handle"], row["text"]) == ("x", "ann", "@bank & co: where is my money?")
    assert row["posted_at"].startswith("2022-10-07")
    assert (unknown.status_code, wrong.status_code, long.status_code) == (404, 422, 422)


@pytest.mark.skipif(not DATA.exists(), reason=f"the real responses are not at {DATA / 'social'}")
async def test_a_real_timeline_is_taken_in(social: Served) -> None:
    sent = json.loads((DATA / "social" / "x_api_v2" / "test_client_get_users_mentions_0.json").read_text())["body"]
    async with social.client("machine") as client:
        done = (await client.post(f"{API}/from/x", json=sent)).json()
    assert done["captured"] + done["known"] == len(sent["data"]) > 5
