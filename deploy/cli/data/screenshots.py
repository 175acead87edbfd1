"""`recourse screenshots`: every page in light, in dark and on a phone, as the leader sees it."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import httpx
import typer

from deploy.cli.console import Data, Refused, console, errors, installation
from deploy.installation import Installation
from services.intake.complaint.links import sign
from shared.security.permissions import Who
from shared.security.sessions import Cookies
from shared.security.signing import Signer

app = typer.Typer()
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-color-profile=srgb"]
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}
SIZES = {
    "light": {"viewport": DESKTOP, "color_scheme": "light"}, "dark": {"viewport": DESKTOP, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light"},
}  # fmt: skip
LONGEST = 2000
STORY = (
    "I have paid this bill three times now, and each month a letter comes that says I have not.\n\n"
    "I called twice and was told that it would be put right."
)
STEPS = ({"narrative": STORY}, {"organisation": "Tarnbrook Energy and Water"}, {"name": "Ada Example"})
Page = Any


@app.command()
def screenshots(
    folder: Annotated[Path, typer.Argument(help="Where the pictures go, as NAME-light.png, -dark and -phone.")],
    data: Data = None,
    only: Annotated[str, typer.Option("--only", help="Pages whose name has this in it.")] = "",
) -> None:
    """Photograph every page of a running installation that the demo has filled."""
    at = installation(data)
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: path for name, path in _paths(at).items() if only in name}
    session = Signer(at.secret).session(Who("leader@example.org", "Leader", "leader"))
    cookie = {"name": Cookies(at.url.startswith("https://")).session, "value": session, "url": at.url}
    with _browser() as browser, errors.status("Taking pictures") as status:
        for size, given in SIZES.items():
            context = browser.new_context(**given, device_scale_factor=1, reduced_motion="reduce", locale="en-GB")
            for name, path in paths.items():
                status.update(f"{name}, {size}")
                context.clear_cookies()
                if not path.startswith(("/complain", "/signin", "/surveys/answer")):
                    context.add_cookies([cookie])
                page = context.new_page()
                page.goto(at.url + path)
                if name.startswith("complain-"):
                    _fill(page, steps=int(name[-1]) - 1)
                _take(page, folder / f"{name}-{size}.png", whole=size == "phone")
                page.close()
            context.close()
    console.print(f"{len(paths) * len(SIZES)} pictures are in {folder}", highlight=False)


def _paths(at: Installation) -> dict[str, str]:
    """Each page, by the name of its picture."""
    headers = {"Authorization": f"Bearer {at.token('leader', 'recourse screenshots')}"}
    with httpx.Client(base_url=at.url, headers=headers, timeout=60) as client:
        closed = _first(client, "/api/v1/cases?view=closed&page[size]=200", lambda c: c["heat"] == "red")["case_id"]
        case = _first(client, "/api/v1/cases?view=red&page[size]=200", lambda c: c["status"] == "open")["case_id"]
        mention = _first(client, "/api/v1/mentions?page[size]=200", lambda m: m["state"] == "promoted")["mention_id"]
        surveys = re.findall(r"/surveys/answer/[\w.~-]+", client.get("/mailbox").text)
        unanswered = [link for link in surveys if "csrf" in httpx.get(at.url + link).text]
    survey = {} if not unanswered else {"survey": unanswered[0]}
    return survey | {
        "cases": "/cases", "cases-red": "/cases?view=red", "case": f"/cases/{case}", "case-closed": f"/cases/{closed}",
        "social": "/social", "mention": f"/social/{mention}", "surveys": "/surveys", "responses": "/surveys/responses",
        "reports": "/reports", "reports-month": "/reports?by=month", "audit": "/audit", "trail": f"/audit/{closed}",
        "intake": "/intake", "mailbox": "/mailbox", "sentiment": "/sentiment", "styleguide": "/styleguide",
        "not-found": "/cases/00000000-0000-7000-8000-000000000000", "signin": "/signin",
        "track": f"/complain/track/{sign(Signer(at.secret), UUID(case))}",
        **{f"complain-{step + 1}": "/complain" for step in range(len(STEPS) + 1)},
    }  # fmt: skip


def _first(client: httpx.Client, path: str, wanted: Callable[[Any], bool]) -> Any:
    """The first that is wanted, else the first."""
    found = client.get(path).raise_for_status().json()["data"]
    if not found:
        raise Refused("The installation is empty: run `recourse demo` first.")
    return next(filter(wanted, found), found[0])


def _fill(page: Page, steps: int) -> None:
    """The form up to its last page; nothing is sent."""
    for given in STEPS[:steps]:
        for name, value in given.items():
            page.fill(f"[name={name}]:visible", value)
        page.click("form button[type=submit]:visible >> nth=0")


def _take(page: Page, path: Path, *, whole: bool) -> None:
    height = page.evaluate("document.documentElement.scrollHeight") if whole else 0
    if whole and height > page.viewport_size["height"]:
        page.set_viewport_size({"width": page.viewport_size["width"], "height": min(height, LONGEST)})
    for attempt in range(3):
        try:
            page.screenshot(path=path)
        except Exception as error:
            if attempt == 2 or "Unable to capture" not in str(error):
                raise
            page.wait_for_timeout(500)  # Chromium gives up now and then on a busy machine
        else:
            return


@contextmanager
def _browser() -> Iterator[Any]:
    """The system's before Playwright's own."""
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only who takes pictures installs it
    except ImportError:
        raise Refused("Pictures need Playwright: .venv/bin/uv pip install playwright") from None
    path = next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()
