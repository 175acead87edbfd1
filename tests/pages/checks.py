"""What every page must stand: an accessibility check, no overflow, nothing on the console."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from axe_core_python.async_playwright import Axe
from playwright.async_api import Page

# The accessibility checker reads rgb() only; it is shown every colour of the page as one.
AS_RGB = """() => {
  if (window.asRgb) return;
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  window.asRgb = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
    return `rgba(${red}, ${green}, ${blue}, ${alpha / 255})`;
  };
  const fixed = (value) => typeof value === "string" ? value.replace(/ok(lch|lab)\\([^)]*\\)/g, asRgb) : value;
  const real = window.getComputedStyle.bind(window);
  window.getComputedStyle = (...of) => new Proxy(real(...of), {
    get(style, name) {
      const value = style[name];
      return typeof value === "function" ? (...given) => fixed(value.apply(style, given)) : fixed(value);
    },
  });
}"""


async def axe(page: Page) -> list[str]:
    """Every violation as one line: the rule, what it says, and the elements."""
    await page.evaluate(AS_RGB)
    found: dict[str, Any] = await Axe().run(page)
    return [
        f"{violation['id']}: {violation['help']}: {[node['html'][:160] for node in violation['nodes'][:5]]}"
        for violation in found["violations"]
    ]


async def overflow(page: Page) -> list[str]:
    """The elements that make a page scroll sideways."""
    elements: list[str] = await page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
        .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
        .map((element) => element.outerHTML.slice(0, 120)).slice(0, 10)"""
    )
    return elements


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The application on a free loopback port, in a thread of its own; gives its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 30
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.02)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
