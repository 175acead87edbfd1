"""A customer's link opens their complaint and nothing else, and what is not ours opens nothing."""

from uuid import uuid4

import pytest

from deploy.installation import ROLES
from tests.security.routes import filled, routes
from tests.security.site import Site

PAGES = {"track": "/complain/track", "survey": "/surveys/answer"}
PAGE = {"Accept": "text/html"}


def test_a_link_opens_its_own_complaint(site: Site) -> None:
    client = site.client("anonymous")
    own = client.get(f"/complain/track/{site.ids['track']}")
    other = client.get(f"/complain/track/{site.others['track']}")
    assert own.status_code == other.status_code == 200
    assert site.words["narrative"] in own.text
    assert site.words["other"] in other.text
    assert site.words["other"] not in own.text
    assert site.words["narrative"] not in other.text


@pytest.mark.parametrize("kind", PAGES)
def test_what_is_not_our_link_opens_nothing(site: Site, kind: str) -> None:
    """An id, another purpose's link, a session, a token, a link that was changed: all are unknown alike."""
    good, client = site.ids[kind], site.client("anonymous")
    value, _, signature = good.rpartition(".")
    forged = f"{value}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    session = site.client("handler").cookies.get("recourse_session") or ""
    wrong = [
        site.ids["case_id"], str(uuid4()), site.ids["survey" if kind == "track" else "track"], session,
        site.at.token("machine", "x"), forged, f"x{good}", value,
        f"{site.others[kind].partition('.')[0]}.{good.partition('.')[2]}", signature, "%00", "a" * 3000,
    ]  # fmt: skip
    answers = [client.get(f"{PAGES[kind]}/{one}", headers=PAGE) for one in wrong]
    assert {answer.status_code for answer in answers} == {404}
    assert not any(word in answer.text for answer in answers for word in site.words.values())


def test_a_thing_that_is_not_there_is_not_found_by_those_who_may_and_unsaid_to_others(site: Site) -> None:
    """Whether an id exists is not to be learned by asking."""
    for path in ("/cases/{}", "/api/v1/cases/{}", "/api/v1/complaints/{}", "/social/{}", "/audit/{}"):
        known = site.ids["mention_id" if "social" in path else "case_id"]
        for role in ("anonymous", "customer", "other customer"):
            answers = [site.client(role).get(path.format(one), headers=PAGE) for one in (known, uuid4())]
            assert answers[0].status_code == answers[1].status_code in (303, 401)
        assert site.client("leader").get(path.format(uuid4())).status_code == 404


def test_what_was_given_for_one_purpose_serves_no_other(site: Site) -> None:
    """A link or a token is no session, a session is no token."""
    token, session = site.at.token("admin", "x"), site.client("admin").cookies.get("recourse_session") or ""
    for cookie in (token, site.ids["track"], site.ids["survey"]):
        client = site.stranger(cookies={"recourse_session": cookie})
        assert client.get("/api/v1/cases").status_code == 401
    for bearer in (session, site.ids["track"], site.ids["survey"], "recourse_", "a.b.c"):
        client = site.stranger(headers={"Authorization": f"Bearer {bearer}"})
        assert client.get("/api/v1/cases").status_code == 401


@pytest.mark.parametrize("role", ROLES)
def test_a_form_is_taken_only_from_a_page_of_ours(site: Site, role: str) -> None:
    """Without its hidden field, with a stranger's, or with none at all: no page that writes accepts it."""
    client, before = site.client(role), site.case()
    stolen = site.csrf(site.stranger())
    for route in sorted(routes()):
        if route.startswith("POST /") and not route.startswith("POST /api/"):
            _, path = filled(route, site.ids)
            for form in ({}, {"csrf": ""}, {"csrf": stolen}, {"csrf": "ü"}):
                assert client.post(path, data={"text": "x", "priority": "urgent", **form}).status_code == 403, route
    assert site.case() == before
