"""What the networks send becomes posts: real responses, and what somebody might send instead."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.social.capture.formats import NETWORKS, NetworkNotKnown, NotAPost, clean, read, text_of, tweeted_at
from services.social.capture.http import CaptureMention
from services.social.mention.state import Post
from shared.problems import Unprocessable
from shared.text import printable
from tests.serving import DATA

FOLDER = DATA / "social"
real = pytest.mark.skipif(not FOLDER.exists(), reason=f"the real responses are not at {FOLDER}")


def bodies(folder: str) -> Iterator[Any]:
    for path in sorted((FOLDER / folder).glob("*.json")):
        yield json.loads(path.read_text()).get("body")


def statuses(value: Any) -> Iterator[dict[str, Any]]:
    """Every status in a response, however deep."""
    if isinstance(value, list):
        for each in value:
            yield from statuses(each)
    elif isinstance(value, dict):
        if {"content", "account", "visibility"} <= value.keys():
            yield value
        for each in value.values():
            yield from statuses(each)


@real
def test_every_real_mastodon_status_is_read() -> None:
    found = [(status, read("mastodon", status)) for body in bodies("mastodon") for status in statuses(body)]
    assert len(found) == 441
    boosts = [status for status, posts in found if not posts]
    assert all(status["reblog"] for status in boosts)
    posts = [post for _, each in found for post in each]
    assert len(posts) == 441 - len(boosts)
    for post in posts:
        CaptureMention.model_validate(asdict(post) | {"text": post.text or "(a picture)"})
        assert "<" not in post.text
        assert "&#39;" not in post.text
        assert post.handle is not None
        assert "@" in post.handle
    kinds = Counter(post.kind for post in posts)
    assert kinds["message"] and kinds["comment"] and kinds["post"], kinds
    assert "you can't say that on television" in {post.text for post in posts}
    assert any(post.text == "@mastodonpy_test hello!" for post in posts)


@real
def test_real_mastodon_notifications_carry_their_status() -> None:
    mentions = [body for body in bodies("mastodon") if isinstance(body, dict) and body.get("type") and "status" in body]
    assert mentions
    for body in mentions:
        assert read("mastodon", body) == read("mastodon", body["status"])


@real
def test_every_real_tweet_is_read() -> None:
    count = 0
    for body in bodies("x_api_v2"):
        data = body.get("data") if isinstance(body, dict) else None
        tweets = data if isinstance(data, list) else [data]
        if not all(isinstance(tweet, dict) and "text" in tweet for tweet in tweets):
            continue
        posts = read("x", body)
        assert len(posts) == len(tweets)
        for post, tweet in zip(posts, tweets, strict=True):
            CaptureMention.model_validate(asdict(post))
            assert post.external_id == tweet["id"]
            if post.posted_at is None:
                assert tweet["id"] == "1234567890", "only a made-up id has no time"
            else:
                assert 2015 < post.posted_at.year < 2027
            assert "&amp;" not in post.text
            count += 1
    assert count == 675


@real
@pytest.mark.parametrize(
    ("name", "network", "kind", "handle", "text"),
    [
        ("bluesky__POST_VIEW_BSKY", "bluesky", "post", "did:al:ice", "My original post"),
        ("facebook__SHARE", "facebook", "post", "321", "sharer's message"),
        ("facebook__PHOTO", "facebook", "post", "212038", "Stopped in to grab coffee and saw this table topper."),
        ("facebook__COMMENTS", "facebook", "comment", "212038", "cc Sam G, Michael M"),
        ("instagram__COMMENTS", "instagram", "comment", "averygood", "太可爱了。cute，@a_person, very cute"),
        ("instagram__HTML_PHOTO_V2_FULL", "instagram", "post", "jc", "Elvis hits out of RCA Studio B"),
        ("instagram__HTML_VIDEO_V2_FULL", "instagram", "post", "jc", "Eye of deer 👁 and #selfie from me"),
    ],
)
def test_real_objects_of_other_networks_are_read(name: str, network: str, kind: str, handle: str, text: str) -> None:
    sent = json.loads((FOLDER / "granary_json" / f"{name}.json").read_text())
    [post] = read(network, sent[0] if isinstance(sent, list) else sent)
    assert (post.network, post.kind, post.handle) == (network, kind, handle)
    assert post.text.startswith(text)
    CaptureMention.model_validate(asdict(post))


@real
def test_what_is_no_post_says_so() -> None:
    read_as_posts, refused = 0, []
    for path in sorted((FOLDER / "granary_json").glob("*__*.json")):
        sent = json.loads(path.read_text())
        for network in NETWORKS:
            try:
                read_as_posts += bool(read(network, sent))
            except NotAPost as error:
                refused.append(str(error))
    assert read_as_posts > 0
    assert refused
    assert all(refused)


def test_markup_becomes_text() -> None:
    markup = (
        "<p>One &lt;two&gt;<br>three</p><script>alert(1)</script><p>a&nbsp;<b>b</b> <a href='x'>h<i>tt</i>p</a></p>"
    )
    assert text_of(markup) == "One <two>\nthree\n\na\xa0b http"
    assert text_of("one<br />two<BR>three<!-- <b>four</b> --><a title='<'>, <i title='>'>five</i></a>") == (
        "one\ntwo\nthree<a title='<'>, five"
    )
    assert text_of("<p>open <b never closed") == "open <b never closed"
    assert text_of("</script></style>still there") == "still there"
    assert text_of("<![<![ a <b") == "<![<![ a <b"
    for piece in ("<a ", "<a \"'", "</script", "<!", "&", "a<b", '"<a'):
        many = (piece * 20_000).strip()
        assert text_of(many) == many, "and not after minutes"


@given(st.text(max_size=200))
@example("a\ufffe\ufdd0\U0010ffffb")
def test_any_markup_leaves_text_that_can_be_stored(markup: str) -> None:
    for text in (text_of(markup), clean(markup), clean("a\0b\ud800" + markup)):
        text.encode()
        assert printable(text) == text


TWEET = {"id": "1578516295611748353", "text": "Q &amp; A", "author_id": "7", "created_at": "2022-10-07T22:29:44.000Z"}
USERS = {"users": [{"id": "7", "name": "Ann", "username": "ann"}]}


def test_a_tweet_finds_its_author_among_the_users() -> None:
    sent = {
        "data": {**TWEET, "lang": "en", "referenced_tweets": [{"type": "replied_to", "id": "1"}]},
        "includes": USERS,
    }
    assert read("x", sent) == [
        Post(
            "x", TWEET["id"], "Q & A", "comment", "Ann", "ann", f"https://x.com/ann/status/{TWEET['id']}",
            datetime(2022, 10, 7, 22, 29, 44, tzinfo=UTC), "en",
        )
    ]  # fmt: skip


def test_a_retweet_is_nobodys_own_words() -> None:
    sent = {"data": [TWEET, {**TWEET, "id": "2", "referenced_tweets": [{"type": "retweeted", "id": "1"}]}]}
    assert [post.external_id for post in read("x", sent)] == [TWEET["id"]]


def test_a_direct_message_has_no_public_address() -> None:
    event = {"id": TWEET["id"], "event_type": "MessageCreate", "text": "Help", "sender_id": "7"}
    joined = {"id": "9", "event_type": "ParticipantsJoin"}
    [post] = read("x", {"data": [event, joined], "includes": USERS})
    assert (post.kind, post.url, post.handle) == ("message", None, "ann")


def test_a_tweets_id_tells_its_time() -> None:
    at = tweeted_at("1578516295611748353")
    assert at is not None
    assert at.date().isoformat() == "2022-10-07"
    assert tweeted_at("20") is None


def test_reddit_links_and_comments_are_read() -> None:
    comment = {
        "kind": "t1",
        "data": {
            "name": "t1_a",
            "author": "ann",
            "body": "Bad &gt; good",
            "created_utc": 1700000000.0,
            "permalink": "/r/x",
        },
    }
    link = {"name": "t3_b", "author": "ann", "title": "Bank", "selftext": "is bad", "created_utc": 1700000000}
    [one], [two] = read("reddit", comment), read("reddit", link)
    assert (one.kind, one.text, one.url) == ("comment", "Bad > good", "https://www.reddit.com/r/x")
    assert (two.kind, two.text, two.url) == ("post", "Bank\n\nis bad", None)


def test_an_unknown_network_is_told_where_to_go() -> None:
    with pytest.raises(NetworkNotKnown, match="neutral form"):
        read("telepathy", {})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = [
    "id", "text", "data", "account", "acct", "content", "created_at", "author", "record", "uri", "createdAt", "from",
    "message", "created_time", "user", "username", "caption", "timestamp", "name", "body", "created_utc", "url",
    "status", "type", "includes", "users", "referenced_tweets", "event_type", "note_tweet", "post", "reason",
]  # fmt: skip


@given(st.sampled_from(sorted(NETWORKS)), st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=12))
def test_anything_is_a_post_or_told_why(network: str, sent: dict[str, Any]) -> None:
    try:
        posts = read(network, sent)
    except Unprocessable:
        return
    for post in posts:
        try:
            CaptureMention.model_validate(asdict(post))
        except ValidationError as error:
            assert error.errors()
