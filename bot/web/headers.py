"""What every response carries, and which requests are refused because another site made them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from sanic import Request, Sanic
from sanic.config import Config
from sanic.response import BaseHTTPResponse

from bot.web.errors import Fault
from bot.web.policy import POLICY

App: TypeAlias = Sanic[Config, SimpleNamespace]

_ALWAYS = {
    "content-security-policy": POLICY,
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",  # for browsers that do not know frame-ancestors
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-robots-tag": "noindex, nofollow",
}
_STRICT_TRANSPORT = "max-age=31536000"  # a year; without subdomains, which are the school board's


def add_headers(app: App, *, tls: bool) -> None:
    """Let every response of ``app`` carry the headers above; a handler may set another value itself.

    Args:
        app: not yet started.
        tls: whether visitors come over TLS, ours or that of a declared proxy.
    """
    headers = tuple({**_ALWAYS, "strict-transport-security": _STRICT_TRANSPORT}.items() if tls else _ALWAYS.items())

    def add(_request: Any, response: BaseHTTPResponse) -> None:
        set_default = response.headers.setdefault
        for name, value in headers:
            set_default(name, value)

    app.register_middleware(add, "response")


def refuse_foreign(app: App) -> None:
    """Refuse what another site lets a visitor's browser send: 403, before any handler.

    Our own pages carry ``Referrer-Policy: no-referrer``, and then browsers write ``Origin: null`` on our own form posts, as a
    sandboxed frame of someone else does too. Only ``Sec-Fetch-Site``, which no page can set, tells them apart. A browser
    from before 2023 that says ``null`` and nothing else is told so: let through, it could be led into a stranger's conversation.
    """

    def check(request: Request) -> None:
        if request.method == "NONE":  # what Sanic makes of a request that it could not read: that is answered already
            return
        headers = request.headers
        origin = headers.get("origin")
        site = headers.get("sec-fetch-site")
        if origin is None and site is None:  # no browser, or one that only looks
            return
        if site in ("cross-site", "same-site") and request.method not in ("GET", "HEAD"):
            raise Fault("herkomst")
        if origin == "null":
            if site is None:
                raise Fault("oude_browser")
            if site != "same-origin":
                raise Fault("herkomst")
        elif origin is not None and _host_of(origin) != headers.get("host", "").lower():
            raise Fault("herkomst")

    app.register_middleware(check, "request")


def _host_of(origin: str) -> str | None:
    """Host and port, compared as they are: a proxy in between may change http into https, so the scheme says nothing."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    return parts.netloc.lower() if parts.scheme in ("http", "https") else None
