"""The webhook: Telegram posts updates to us, and hears 200 only after everything that they led to was committed."""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Awaitable, Callable

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import empty
from telegram import Bot, Update

log = logging.getLogger(__name__)

PATH = "/telegram/webhook"
_HEADER = "x-telegram-bot-api-secret-token"


def webhook_blueprint(bot: Bot, secret: str, take: Callable[[Update], Awaitable[None]]) -> Blueprint:
    """The route.

    Args:
        secret: what Telegram proves itself with.
        take: handles one update; returns after its commit.
    """
    blueprint = Blueprint("telegram")

    async def receive(request: Request) -> HTTPResponse:
        given = request.headers.get(_HEADER, "")
        # In constant time: whoever guesses learns nothing from how long we take.
        if not hmac.compare_digest(given.encode(), secret.encode()):
            return empty(status=403)
        try:
            update = Update.de_json(json.loads(request.body), bot)
        except (ValueError, TypeError, KeyError, AttributeError):
            log.warning("an update of Telegram could not be read")
            return empty(status=400)
        try:
            await take(update)
        except Exception:
            log.exception("a message on Telegram could not be handled; it comes again")
            return empty(status=503)
        return empty(status=200)

    blueprint.add_route(receive, PATH, methods=("POST",), name="receive")
    return blueprint
