"""Readers of the networks' own formats, which return posts in one common form.

Only what people wrote themselves is a post: boosts, reposts and retweets of somebody else's words are left out.
"""

import html
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from services.social.mention.state import Post
from shared.problems import NotFound, Unprocessable
from shared.text import CONTROL, shown

BREAKS = {"br": "\n", "/p": "\n\n", "/li": "\n", "/blockquote": "\n\n"}
MARKUP = re.compile(
    r"""<(?: (script|style|template)\b .*? (?: </\1\b [^<>]* >? | \Z ) | !-- .*? (?: --> | \Z )
    | (?P<tag> [/!?]?[a-z][a-z0-9]*+ ) (?: (?: "[^"<]*" | '[^'<]*' | [^"'<>]++ )*+ > | [^<>]* > ) )""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
"""Tags, comments, and what nobody sees. It reads no place twice, whatever is sent: parsers of HTML5 build a tree, and
take minutes for tags that are never closed. A tag without its end is what somebody wrote."""
LONGEST = 200_000
"""Characters of what a network sent, markup and all: three for each that a mention may have."""
LONGEST_ADDRESS = 2000
MOST = 500
"""Posts of one object."""
TWEETS_SINCE = 1288834974657
"""The millisecond that the ids of X count from (4 November 2010)."""


class NetworkNotKnown(NotFound):
    """There is no reader for this network. Send its posts in the neutral form to POST /api/v1/mentions."""


class NotAPost(Unprocessable):
    """The object is not a post of this network: its id, text or time is missing or has the wrong type."""


class PostTooLong(Unprocessable):
    """A text in this object is too long. The limit is 200,000 characters, markup included."""


class TooManyPosts(Unprocessable):
    """The object has more than 500 posts, and none was recorded. Send them in smaller parts."""


def text_of(markup: str) -> str:
    """HTML as plain text: paragraphs apart, links by their words, scripts and styles gone."""
    text = MARKUP.sub(lambda found: BREAKS.get((found["tag"] or "").lower(), ""), within(markup))
    return clean(html.unescape(text))


def within(text: str, most: int = LONGEST) -> str:
    """Looked at before anything that takes longer the longer the text is."""
    if len(text) > most:
        raise PostTooLong
    return text


def unescaped(text: str) -> str:
    """Plain text in which `&amp;` stands for `&`."""
    return clean(html.unescape(within(text)))


def clean(text: str) -> str:
    """Without what cannot be stored: control characters, halves of characters, and noncharacters."""
    text = CONTROL.sub("", within(text).replace("\r", "")).encode("utf-8", "replace").decode()
    return re.sub(r"\n{3,}", "\n\n", shown(text)).strip()


def mastodon(sent: Any) -> Iterator[Post]:
    """A status, or a notification of one; a favourite, a boost or a poll is about our own, and nobody's post to us."""
    status = sent["status"] if sent.get("type") and "status" in sent else sent
    if status.get("reblog") or (status is not sent and sent["type"] not in ("mention", "status", "update")):
        return
    account = status["account"]
    handle = account["acct"]
    if "@" not in handle:
        handle = f"{handle}@{urlsplit(within(account['url'], LONGEST_ADDRESS)).netloc}"
    private = status.get("visibility") == "direct"
    warning, said = clean(status.get("spoiler_text") or ""), text_of(status["content"])
    yield Post(
        "mastodon", status.get("uri") or status["id"], f"{warning}\n\n{said}" if warning else said,
        "message" if private else "comment" if status.get("in_reply_to_id") else "post",
        account.get("display_name") or None, handle, status.get("url"), instant(status["created_at"]),
        status.get("language"),
    )  # fmt: skip


def x(sent: Any) -> Iterator[Post]:
    """A response of the v2 API: one tweet or direct message, or a list of them, with `includes.users`."""
    users = {user["id"]: user for user in sent.get("includes", {}).get("users", [])}
    data = sent["data"]
    for tweet in data if isinstance(data, list) else [data]:
        referenced = {other["type"] for other in tweet.get("referenced_tweets", [])}
        if "retweeted" in referenced or tweet.get("event_type", "MessageCreate") != "MessageCreate":
            continue
        author = tweet.get("author_id") or tweet.get("sender_id")
        user = users.get(author, {})
        handle = user.get("username") or author
        kind = "comment" if "replied_to" in referenced or tweet.get("in_reply_to_user_id") else "post"
        message = "event_type" in tweet or "dm_conversation_id" in tweet
        said = tweet.get("note_tweet", {}).get("text") or tweet["text"]
        yield Post(
            "x", tweet["id"], unescaped(said), "message" if message else kind, user.get("name"), handle,
            None if message else f"https://x.com/{user.get('username') or 'i/web'}/status/{tweet['id']}",
            instant(tweet["created_at"]) if "created_at" in tweet else tweeted_at(tweet["id"]), tweet.get("lang"),
        )  # fmt: skip


def tweeted_at(id_: str) -> datetime | None:
    """A tweet's id holds its time; those of the first years do not."""
    milliseconds = int(id_) >> 22
    return datetime.fromtimestamp((milliseconds + TWEETS_SINCE) / 1000, UTC) if milliseconds > 10**6 else None


def bluesky(sent: Any) -> Iterator[Post]:
    """A post view, a notification, or an item of a feed."""
    if "reason" in sent and "post" in sent:
        return
    view = sent.get("post", sent)
    record, author, uri = view["record"], view["author"], view["uri"]
    did, _, key = uri.removeprefix("at://").partition("/app.bsky.feed.post/")
    if not key:
        raise KeyError("uri")
    name = author.get("handle") or author.get("did") or did
    yield Post(
        "bluesky", uri, clean(record["text"]), "comment" if record.get("reply") else "post",
        author.get("displayName") or None, name, f"https://bsky.app/profile/{author.get('did') or did}/post/{key}",
        instant(record["createdAt"]), (record.get("langs") or [None])[0],
    )  # fmt: skip


def facebook(sent: Any) -> Iterator[Post]:
    """A post, a photo or a comment of the Graph API."""
    author = sent.get("from") or {}
    post = bool({"type", "status_type", "permalink_url"} & sent.keys())
    yield Post(
        "facebook", sent["id"], clean(sent.get("message") or sent["name"]), "post" if post else "comment",
        author.get("name"), author.get("id"), sent.get("permalink_url") or f"https://www.facebook.com/{sent['id']}",
        instant(sent["created_time"]),
    )  # fmt: skip


def instagram(sent: Any) -> Iterator[Post]:
    """A comment, or a picture with its caption, of the Graph API and of the older ones."""
    author = sent.get("from") or sent.get("user") or sent.get("owner") or {}
    caption = sent.get("caption")
    written = caption["text"] if isinstance(caption, dict) else caption
    at = sent.get("timestamp") or sent.get("created_time") or sent.get("taken_at")
    code = sent.get("code") or sent.get("shortcode")
    yield Post(
        "instagram", str(sent["id"]), clean(sent["text"] if written is None else written),
        "comment" if written is None else "post", author.get("full_name"), sent.get("username") or author["username"],
        sent.get("permalink") or (f"https://www.instagram.com/p/{code}/" if code else None),
        instant(at or caption["created_at"]),
    )  # fmt: skip


def reddit(sent: Any) -> Iterator[Post]:
    """A link or a comment, bare or as a `thing` with its kind."""
    thing = sent.get("data", sent)
    comment = "body" in thing
    said = thing["body"] if comment else f"{thing['title']}\n\n{thing.get('selftext') or ''}"
    yield Post(
        "reddit", thing["name"], unescaped(said), "comment" if comment else "post", None, thing["author"],
        f"https://www.reddit.com{thing['permalink']}" if thing.get("permalink") else None,
        instant(thing["created_utc"]),
    )  # fmt: skip


def instant(value: Any) -> datetime:
    """A time as networks write it: ISO 8601, or seconds since 1970 as a number or as text."""
    if isinstance(value, str) and not value.isdecimal():
        found = datetime.fromisoformat(value)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return datetime.fromtimestamp(float(value), UTC)


NETWORKS: dict[str, Callable[[Any], Iterator[Post]]] = {
    "mastodon": mastodon, "x": x, "bluesky": bluesky, "facebook": facebook, "instagram": instagram, "reddit": reddit,
}  # fmt: skip


def read(network: str, sent: Any) -> list[Post]:
    """The posts in what a network sent; none where it only repeats somebody else's."""
    if network not in NETWORKS:
        raise NetworkNotKnown
    try:
        posts = list(islice(NETWORKS[network](sent), MOST + 1))
    except (KeyError, TypeError, AttributeError, ValueError, IndexError, OverflowError, OSError) as error:
        raise NotAPost(f"{NotAPost.__doc__} ({type(error).__name__}: {str(error)[:100]})") from None
    if len(posts) > MOST:
        raise TooManyPosts
    return posts
