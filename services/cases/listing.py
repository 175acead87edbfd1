"""What a list's address asks for: the same parameters for the API and for the page."""

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from pydantic import AfterValidator

from services.cases.views.queue import SORTS, TABS, Wanted
from shared.problems import Unprocessable
from shared.text import askable

Text = Annotated[str, Query(max_length=200), AfterValidator(askable)]
OPEN_ORDER, CLOSED_ORDER, ANY_ORDER = "priority", "-closed", "-received"


@dataclass(frozen=True, slots=True)
class Listing:
    """`tab` is empty where the address names none: the page then chooses one."""

    wanted: Wanted
    sort: str
    tab: str

    @property
    def narrowed(self) -> bool:
        """Whether anything but a tab is asked for."""
        return any(getattr(self.wanted, one.name) is not None for one in fields(Wanted) if one.name != "tab")


async def asked_list(
    view: Annotated[str, Query(pattern=f"^({'|'.join(TABS)})?$", description="A saved view; `all` without one.")] = "",
    status: Annotated[str, Query(pattern="^(new|open|resolved|closed)?$")] = "",
    priority: Annotated[str, Query(pattern="^(low|normal|high|urgent)?$")] = "",
    heat: Annotated[str, Query(pattern="^(green|amber|red)?$")] = "",
    owner: Annotated[Text, AfterValidator(str.lower)] = "",
    product: Text = "", issue: Text = "", channel: Text = "", organisation: Text = "",
    person: Annotated[str, Query(pattern="^([0-9a-fA-F-]{36})?$", description="The id of who complains.")] = "",
    outcome: Annotated[Text, Query(description="Of any aspect.")] = "",
    cause: Annotated[Text, Query(description="Root cause of any aspect; with `outcome`, of the same one.")] = "",
    since: Annotated[str, Query(alias="from", max_length=40, description="Received on or after this day.")] = "",
    until: Annotated[str, Query(alias="to", max_length=40, description="Received on or before this day.")] = "",
    q: Annotated[Text, Query(description="A reference, words of the complaint, or a name.")] = "",
    sort: Annotated[str, Query(pattern=f"^(-?({'|'.join(SORTS)}))?$", description="A minus turns it round.")] = "",
) -> Listing:  # fmt: skip
    """Empty parameters ask for nothing, as an empty field of a form does."""
    wanted = Wanted(
        tab=view or "all", status=status or None, priority=priority or None, owner=owner or None,
        product=product or None, issue=issue or None, heat=heat or None, channel=channel or None,
        organisation=organisation or None, person=_person(person), outcome=outcome or None, cause=cause or None,
        since=_instant("from", since), until=_instant("to", until, after=timedelta(days=1)), q=q or None,
    )  # fmt: skip
    return Listing(wanted, sort, view)


ListAsked = Annotated[Listing, Depends(asked_list)]


def order_of(tab: str, status: str | None, sort: str) -> str:
    """The order that is asked for, else the one in which such a list is worked."""
    if sort:
        return sort
    if tab == "closed" or status == "closed":
        return CLOSED_ORDER
    return ANY_ORDER if tab == "all" else OPEN_ORDER


def _person(given: str) -> UUID | None:
    try:
        return UUID(given) if given else None
    except ValueError:
        raise Unprocessable("person is the id of somebody who complained, as a case shows it.") from None


def _instant(name: str, given: str, after: timedelta = timedelta(0)) -> datetime | None:
    """A day in UTC, taken whole, or an exact instant."""
    if not given:
        return None
    try:
        if len(given) == len("2026-03-14"):
            return datetime.combine(date.fromisoformat(given), datetime.min.time(), UTC) + after
        exact = datetime.fromisoformat(given)
    except (ValueError, OverflowError):
        raise Unprocessable(f"{name} is a day like 2026-03-14 or an instant like 2026-03-14T09:30:00Z.") from None
    return exact if exact.tzinfo else exact.replace(tzinfo=UTC)
