"""What a page may do in a browser: nothing, but what is named here."""

from __future__ import annotations

from collections.abc import Mapping

from sanic import HTTPResponse
from sanic.response import html


def _policy(*more: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            *more,
            "style-src 'self'",
            "img-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


# For whatever is no page of the chat: the inbox needs no script.
POLICY = _policy()
# Our own script from a file, and its requests to this server; nothing inline, so that no text of anyone ever runs.
SCRIPT_POLICY = _policy("script-src 'self'", "connect-src 'self'")


def page(body: str, status: int = 200, headers: Mapping[str, str] | None = None) -> HTTPResponse:
    """A page of the chat, which may run our script."""
    return html(body, status=status, headers={**(headers or {}), "content-security-policy": SCRIPT_POLICY})
