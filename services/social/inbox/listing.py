"""The inbox: mentions of all networks, the newest first."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from psycopg import AsyncConnection
from pydantic import BaseModel, Field

from services.social.inbox.view import inbox
from services.social.mention.state import State
from shared.events.sentiments import Heat
from shared.features.listing import Column, Filter, Listing, Sort, tabs_of
from shared.web.words import HEATS


class MentionRow(BaseModel):
    """A mention as the inbox shows it; its words are null once its author is erased."""

    text: Annotated[str | None, Column("What they say", kind="main")]
    mention_id: UUID
    version: int = Field(description="The version that If-Match takes.")
    person_id: UUID
    author: Annotated[str | None, Column("Who")]
    handle: str | None
    network: Annotated[str, Column("Where")]
    kind: str
    url: str | None
    language: str | None
    score: Annotated[float | None, Column("Sentiment", kind="text")] = Field(
        description="From -1 (negative) to 1 (positive); null until it is measured."
    )
    heat: Heat | None
    deciding: Annotated[list[dict[str, Any]] | None, Column(csv=False)] = Field(
        description="The words that decided, by their places in the text."
    )
    posted_at: Annotated[datetime, Column("Posted", sort="posted")]
    captured_at: datetime
    invented: bool
    state: Annotated[State, Column("State")]
    reason: str | None = Field(description="Why it was dismissed.")
    complaint_id: UUID | None
    reference: Annotated[str | None, Column(sql="c.reference")] = Field(
        description="The complaint's reference, once intake has given it."
    )
    status: Annotated[str | None, Column(sql="c.status")] = Field(
        description="`open` or `closed`, once the case exists."
    )


MENTIONS = Listing(
    "mentions", MentionRow, view=inbox, may="mentions.read", source="inbox i", alias="i", real="i.network is not null",
    joined="left join inbox_complaints c on c.complaint_id = i.complaint_id",
    sorts={"posted": Sort(("posted_at", "mention_id"), "btree (posted_at desc, mention_id desc)")}, sort="-posted",
    missing="There is no mention with this ID.",
    tab="state", tabs=tabs_of("i.state", all="All", new="New", promoted="Complaints", dismissed="Dismissed"),
    filters=(
        Filter(
            "network", "Network", pattern="[a-z0-9._-]{1,40}", field=True,
            description="As it names itself in mentions, for example `mastodon`.",
        ),
        Filter(
            "heat", "Sentiment", kind="code", field=True,
            options={heat: text for heat, (text, _tone) in HEATS.items() if heat},
        ),
    ),
)  # fmt: skip


async def networks(conn: AsyncConnection[Any]) -> list[str]:
    """All from which mentions have come."""
    found = await conn.execute("select distinct network from inbox where network is not null order by 1")
    return [row[0] for row in await found.fetchall()]
