"""Security headers that no answer leaves without."""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; font-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",  # a customer's link is their key: no other site is told of it
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


HTTPS_ONLY = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}
"""Two years (RFC 6797), where the site is served by https."""


def security_headers(app: ASGIApp, headers: Mapping[str, str] = HEADERS) -> ASGIApp:
    """Wraps an application so that no answer leaves without the headers, whoever made it."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = MutableHeaders(scope=message)
                for name, value in headers.items():
                    present.setdefault(name, value)
            await send(message)

        await app(scope, receive, send_safely if scope["type"] == "http" else send)

    return guarded
