"""Lists: one declaration makes the API, the page's table, its filters and pages, and the file to download.

    class CallRow(BaseModel):
        call_id: UUID
        number: Annotated[str, Column("Number")]
        call_at: Annotated[datetime, Column("Due", sort="due")]

    CALLS = Listing(
        "calls", CallRow, view=calls, may="cases.work", source="calls c", real="c.number is not null",
        alias="c", filters=(Filter("owner", "c.owner = %(owner)s", "Owner"), *period("c.call_at", "Due")),
        sorts={"due": Sort(("c.call_at", datetime), ("c.call_id", UUID), index="btree (call_at, call_id)")}, sort="due",
    )

`add_api(routes, CALLS, ...)` and `add_download(routes, CALLS, ...)` make its routes; `show(CALLS, ...)` reads what its
page shows with the macros of `listing.html`.
"""

from shared.features.listing.declaration import Column, Filter, Listing, Sort, Tab, of_state, period
from shared.features.listing.queries import conditions, counts, one, rows
from shared.features.listing.request import Asked, asked
from shared.features.listing.routes import Shown, add_api, add_download, show

__all__ = [
    "Asked", "Column", "Filter", "Listing", "Shown", "Sort", "Tab", "add_api", "add_download", "asked", "conditions",
    "counts", "of_state", "one", "period", "rows", "show",
]  # fmt: skip
