"""The pages of social: the inbox of all networks, and one mention with what became of it."""

from collections.abc import Coroutine, Sequence
from typing import Annotated, Any, get_args
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup, escape

from services.social.inbox.listing import MENTIONS, networks
from services.social.inbox.view import inbox
from services.social.mention.commands import Social
from services.social.mention.state import Reason
from services.social.pages import pages
from shared.eventstore.store import Saved
from shared.features.listing import Asked, add_download, asked, counts, one, show
from shared.http.live import live_updates
from shared.http.paging import Page
from shared.http.requests import AtLeast, Form, allow, asker
from shared.problems import NotFound, RuleBroken, Unprocessable
from shared.security.permissions import may
from shared.web.pages import flash
from shared.web.templating import gettext as _

MentionsAsked = Annotated[Asked, Depends(asked(MENTIONS))]


def marked(text: str | None, deciding: Sequence[dict[str, Any]] | None) -> Markup | None:
    """The text with the words that decided its sentiment marked."""
    if text is None:
        return None
    parts, at = [], 0
    for word in deciding or []:
        pulls = _("pulls to negative") if word["weight"] < 0 else _("pulls to positive")
        parts += [
            escape(text[at : word["start"]]),
            Markup('<mark title="{}">{}</mark>').format(pulls, text[word["start"] : word["end"]]),
        ]
        at = word["end"]
    return Markup("").join([*parts, escape(text[at:])])


def way_back(form: Any, id_: UUID) -> str:
    """The page that the button stood on; only ever one of ours."""
    back, here = str(form.get("back", "")), f"/social/{id_}"
    return back if back.isprintable() and back.partition("?")[0] in ("/social", here) else here


def router(social: Social) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    _add_pages(routes, social)
    _add_buttons(routes, social)
    return routes


def _add_pages(routes: APIRouter, social: Social) -> None:
    runtime = social.runtime

    add_download(routes, MENTIONS, "/social/mentions.csv")

    @routes.get("/social", dependencies=[allow("mentions.read")])
    async def show_inbox(request: Request, asked: MentionsAsked, page: Page, at_least: AtLeast = None) -> Response:
        found, who = await show(MENTIONS, request, asked, page, at_least), asker(request)
        async with runtime.pool.connection() as conn:
            known = [(name, name) for name in await networks(conn)]
            counted = await counts(conn, MENTIONS, who.id, runtime.clock.now(), asked)
        return pages.render(
            request, "inbox.html", area="social", live="/social/live", list=found, counted=counted, known=known,
            rebuilding=inbox.name in runtime.rebuilding, works=may(who, "mentions.work"), now=runtime.clock.now(),
            address=runtime.settings.url,
        )  # fmt: skip

    @routes.get("/social/live", dependencies=[allow("mentions.read")])
    async def live(request: Request) -> Response:
        return live_updates(request, runtime.pool, inbox)

    @routes.get("/social/{mention_id}", dependencies=[allow("mentions.read")])
    async def show_mention(request: Request, mention_id: UUID, at_least: AtLeast = None) -> Response:
        await runtime.positions.wait(inbox, at_least)
        async with runtime.pool.connection() as conn:
            row = await one(conn, MENTIONS, "i.mention_id = %s", [mention_id])
        if row is None:
            raise NotFound("There is no mention at this address.")
        return pages.render(
            request, "mention.html", area="social", live="/social/live", mention=row,
            words=marked(row["text"], row["deciding"]), works=may(asker(request), "mentions.work"),
        )  # fmt: skip


def _add_buttons(routes: APIRouter, social: Social) -> None:
    async def do(
        request: Request, deed: Coroutine[Any, Any, list[Saved]], back: str, said: str = "", undo: str = ""
    ) -> Response:
        """Back to the page, once its view has seen what was done; where a rule says no, the notice tells it."""
        address, saved = back, []
        try:
            saved = await deed
        except NotFound:
            raise
        except RuleBroken as error:
            said, undo = str(error), ""
        if saved:
            address += ("&" if "?" in back else "?") + f"at_least={await social.runtime.positions.token(saved)}"
        answer = RedirectResponse(address, 303)
        if said:
            flash(request, answer, said, undo=undo, fields={"back": back})
        return answer

    @routes.post("/social/{mention_id}/promotion", dependencies=[allow("mentions.work")])
    async def promote(request: Request, mention_id: UUID, form: Form) -> Response:
        async def deed() -> list[Saved]:
            return (await social.promote(mention_id, actor=asker(request).id)).saved

        said = _("Complaint created. Its case opens in a moment.")
        return await do(request, deed(), way_back(form, mention_id), said)

    @routes.post("/social/{mention_id}/dismissal", dependencies=[allow("mentions.work")])
    async def dismiss(request: Request, mention_id: UUID, form: Form) -> Response:
        reason = form.get("reason", "not-a-complaint")
        if reason not in get_args(Reason):
            raise Unprocessable("Choose one of the reasons in the list.")
        deed = social.dismiss(mention_id, reason, actor=asker(request).id)  # type: ignore[arg-type]
        undo = f"/social/{mention_id}/restoration"
        return await do(request, deed, way_back(form, mention_id), _("Dismissed."), undo)

    @routes.post("/social/{mention_id}/restoration", dependencies=[allow("mentions.work")])
    async def restore(request: Request, mention_id: UUID, form: Form) -> Response:
        deed = social.restore(mention_id, actor=asker(request).id)
        return await do(request, deed, way_back(form, mention_id))
