"""Lists: one declaration makes the API, the page's table, its filters and pages, and the file to download.

    class CallRow(BaseModel):
        call_id: UUID
        number: Annotated[str, Column("Number")]
        call_at: Annotated[datetime, Column("Due", sort="due")]

    CALLS = Listing(
        "calls", CallRow, view=calls, may="cases.work", source="calls c", real="c.number is not null",
        alias="c", filters=(Filter("owner", "Owner"), *period("c.call_at", "Due")),
        sorts={"due": Sort(("call_at", "call_id"), index="btree (call_at, call_id)")}, sort="due",
    )

`add_api(routes, CALLS, ...)`, `add_one(routes, CALLS, ...)` and `add_download(routes, CALLS, ...)` make its routes;
`show(CALLS, ...)` reads what its page shows with the macros of `listing.html`.
"""

from shared.features.listing.declaration import Column, Filter, Listing, Sort, Tab, of_state, period, tabs_of
from shared.features.listing.queries import conditions, counts, one, rows
from shared.features.listing.request import Asked, asked
from shared.features.listing.routes import Shown, add_api, add_download, add_one, csv_file, show

__all__ = [
    "Asked", "Column", "Filter", "Listing", "Shown", "Sort", "Tab", "add_api", "add_download", "add_one", "asked",
    "conditions", "counts", "csv_file", "of_state", "one", "period", "rows", "show", "tabs_of",
]  # fmt: skip
