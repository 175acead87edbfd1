"""Finds a Chromium for the page tests, or gets one: `python -m tests.browser`."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
ASK = (
    "from playwright.sync_api import sync_playwright as s; p = s().start(); print(p.chromium.executable_path); p.stop()"
)
HELP = """The page tests need a browser, and none could be found or installed. Do one of these, then make test again:
  Debian, Ubuntu   apt-get install chromium
  Fedora           dnf install chromium
  macOS, Windows   install Google Chrome
  anywhere         .venv/bin/python -m playwright install --with-deps chromium"""


@cache
def chromium_path() -> str | None:
    """The system's browser before Playwright's own; None where there is neither."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    if MAC.exists():
        return str(MAC)
    asked = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=False)
    own = asked.stdout.strip()
    return own if own and Path(own).exists() else None


def _tried(*command: str) -> bool:
    """Whether a command could install the browser; a network that hangs counts as none."""
    print("Trying:", " ".join(command))
    try:
        subprocess.run(command, check=True, timeout=600)
    except (OSError, subprocess.SubprocessError):
        return False
    chromium_path.cache_clear()
    return chromium_path() is not None


def install() -> bool:
    """Playwright's own first, as it needs no rights; then the system's, where we may."""
    if _tried(sys.executable, "-m", "playwright", "install", "chromium"):
        return True
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return False
    _tried("apt-get", "update")
    return _tried("apt-get", "install", "--yes", "--no-install-recommends", "chromium")


def main() -> int:
    if chromium_path() or install():
        print("Browser for the page tests:", chromium_path())
        return 0
    print(HELP, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
