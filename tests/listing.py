"""Asks a declared list as an address would, for tests of views without a service."""

from datetime import UTC, datetime
from typing import Any

from shared.features.listing import Listing, rows
from shared.features.listing.queries import Rows
from shared.features.listing.request import asked_of
from shared.http.paging import Paging

WHOLE = Paging(50)


async def listed(conn: Any, listing: Listing[Any], page: Paging = WHOLE, **given: str) -> Rows:
    return await rows(conn, listing, asked_of(listing, given), page, "me@example.org", datetime.now(UTC))
