"""Renders pages for a request, with the context every page needs and the headers that keep it safe."""

from collections.abc import Mapping, MutableMapping
from functools import partial
from pathlib import Path
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from shared.security.permissions import ANONYMOUS, may

from .templating import STATIC, address, edition, gettext, language, templates

THEMES = frozenset({"light", "dark"})
NOTICE = "notice"


class Pages:
    """The pages of one service: its own templates before the shared ones."""

    def __init__(self, *folders: Path) -> None:
        self.environment = templates(*folders)

    @classmethod
    def beside(cls, module: str) -> "Pages":
        """With the templates of every feature whose folder stands beside this file."""
        return cls(*sorted(Path(module).parent.glob("*/templates")))

    def render(self, request: Request, name: str, /, status: int = 200, **context: Any) -> HTMLResponse:
        """The response for a page; what the caller passes wins. A notice is shown once, and never eaten by an update.

        A page asks `may` as a route does, so that it shows nobody a way that ends in a refusal.
        """
        base = {
            "request": request, "who": getattr(request.state, "who", None), "csrf": getattr(request.state, "csrf", ""),
            "theme": theme_of(request), "language": language.get(), "area": "", "live": "", "counts": {},
            "notice": notice_of(request), **context,
        }  # fmt: skip
        base = {"may": partial(may, base["who"] or ANONYMOUS), **base}
        token = address.set((request.url.path, request.url.query))
        try:
            response = HTMLResponse(self.environment.get_template(name).render(base), status)
        finally:
            address.reset(token)
        if NOTICE in request.cookies and not is_live(request):
            response.delete_cookie(NOTICE)
        return response


render = Pages().render
"""Renders a page that needs only the shared templates."""


def error_page(
    request: Request, status: int, title: str, what: str, todo: str, *, reference: str = "", sign_in: str = ""
) -> HTMLResponse:
    """An error page: what happened, what to do about it and the number to quote."""
    return render(
        request, "error.html", status, heading=gettext(title), what=gettext(what), todo=gettext(todo),
        reference=reference, sign_in=sign_in,
    )  # fmt: skip


def is_live(request: Request) -> bool:
    """True if the page's own script asks for a fresh copy, rather than a person."""
    return "x-live" in request.headers


def theme_of(request: Request) -> str:
    """The theme the reader chose, or nothing to follow the system."""
    theme = request.cookies.get("theme", "")
    return theme if theme in THEMES else ""


def flash(
    request: Request, response: Response, text: str, *, undo: str = "", fields: Mapping[str, str] | None = None
) -> None:
    """Leaves a notice for the next page, with the path that undoes it for ten seconds; for who is signed in."""
    if (notices := _notices(request)) is None:
        return
    value = notices.dumps({"text": text, "undo": undo, "fields": dict(fields or {})})
    secure = request.url.scheme == "https"
    response.set_cookie(NOTICE, str(value), max_age=60, httponly=True, samesite="lax", secure=secure)


def notice_of(request: Request) -> dict[str, Any] | None:
    """The notice left by the last page; one that undoes elsewhere is not shown, nor one that we have not written."""
    value, notices = request.cookies.get(NOTICE), _notices(request)
    if is_live(request) or not value or notices is None:
        return None
    try:
        notice: dict[str, Any] = notices.loads(value)
    except BadSignature:
        return None
    return notice if notice["undo"] == "" or is_local(notice["undo"]) else None


def is_local(target: str) -> bool:
    """True for a path on this site: nobody is sent elsewhere by an address of ours."""
    return target.startswith("/") and not target.startswith(("//", "/\\"))


def _notices(request: Request) -> URLSafeSerializer | None:
    """Signed with what only forms of this session know: another site may plant a cookie, and a notice is a form.

    None without a session: who plants a visitor's cookie too would know what that visitor's forms know.
    """
    if getattr(request.state, "session", None) is None:
        return None
    return URLSafeSerializer(request.state.csrf, salt="notice")


class _Kept(StaticFiles):
    """Static files kept for a year under their edition, and asked for again under another one or none."""

    async def get_response(self, path: str, scope: MutableMapping[str, Any]) -> Response:
        folder, _, rest = path.partition("/")
        response = await super().get_response(rest if folder.startswith("v-") else path, scope)
        ours = folder == edition()
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if ours else "public, no-cache"
        return response


def static_files() -> StaticFiles:
    """The application to mount at /static."""
    return _Kept(directory=STATIC)
