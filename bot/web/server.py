"""One Sanic server for the pupils' chat and the readers' inbox, in the event loop of whoever starts it."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from importlib.resources import files
from ssl import SSLContext
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from sanic import Blueprint, HTTPResponse, Request, Sanic
from sanic.application.state import ApplicationServerInfo
from sanic.config import Config
from sanic.http import Http
from sanic.http.constants import HTTP
from sanic.response import raw, redirect, text

from bot.brievenbus.keys import ServerKey
from bot.web.chat import ChatPages
from bot.web.errors import Errors
from bot.web.headers import App, add_headers, refuse_foreign
from bot.web.rest import RestChannel
from bot.web.talks import SchoolPage, Talks
from bot.web.tokens import SenderTokens

# Where "snel weg" goes: a page that nobody wonders about, and that shows no search for help.
QUICK_EXIT = "https://www.buienradar.nl/"
# The longest text (20,000 characters) in its longest writing: 12 bytes a character, as %F0%9F%98%80 or \ud83d\ude00.
LARGEST_REQUEST = 256 * 1024
_STATIC = {
    "stijl.css": "text/css; charset=utf-8",
    "chat.js": "text/javascript; charset=utf-8",
    "icoon.svg": "image/svg+xml",
}
_HEALTH_SECONDS = 5.0
_STOP_SECONDS = 2.0
_BACKLOG = 512  # a class that begins at the same moment does so with several connections each
_LOOKS = ("GET", "HEAD")
_numbers = itertools.count(1)


def create_app(
    talks: Talks,
    schools: Mapping[str, SchoolPage],
    server_key: ServerKey,
    inbox: Blueprint | None,
    *,
    demo: bool,
    host_is_loopback: bool,
    health: Callable[[], Awaitable[bool]],
) -> App:
    """The web application, not yet served. Each call makes one of its own.

    Args:
        talks: holds the conversations.
        schools: the schools with a chat, by slug.
        server_key: proves the sender tokens.
        inbox: the pages of the readers; None leaves them out.
        demo: every page says that nobody reads this.
        host_is_loopback: False means that visitors come over TLS, and that browsers are told to insist on it.
        health: whether messages can be taken now.
    """
    config = Config(env_prefix=None)
    config.update(
        ACCESS_LOG=False,
        AUTO_EXTEND=False,
        MOTD=False,
        NOISY_EXCEPTIONS=False,
        REQUEST_MAX_SIZE=LARGEST_REQUEST,
        REQUEST_TIMEOUT=30,
        KEEP_ALIVE_TIMEOUT=75,
        # Sanic rewrites its own methods when a first server of a process starts, and cannot do so twice.
        TOUCHUP=not getattr(Http, "__touched__", False),
    )
    templates = Environment(
        loader=PackageLoader("bot.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    templates.globals["demo"] = demo
    app: App = Sanic(
        f"brievenbus-{next(_numbers)}",
        config=config,
        configure_logging=False,
        error_handler=Errors(templates, schools),
    )
    app.ctx.demo = demo
    app.ctx.host_is_loopback = host_is_loopback
    tokens = SenderTokens(server_key)
    add_headers(app, tls=not host_is_loopback)
    refuse_foreign(app)
    app.blueprint(_house(health))
    if inbox is not None:
        app.blueprint(inbox)
    app.blueprint(ChatPages(talks, schools, tokens, templates).blueprint())
    app.blueprint(RestChannel(talks, schools, tokens).blueprint())
    return app


def _house(health: Callable[[], Awaitable[bool]]) -> Blueprint:
    """What is the same for all: health, the way out, style, script and icon."""
    house = Blueprint("house")

    async def healthz(_request: Request) -> HTTPResponse:
        try:
            async with asyncio.timeout(_HEALTH_SECONDS):
                well = await health()
        except Exception:  # whatever it is: a question about health gets an answer
            well = False
        return text("ok" if well else "storing", status=200 if well else 503)

    async def quick_exit(_request: Request) -> HTTPResponse:
        return redirect(QUICK_EXIT, status=303, headers={"clear-site-data": '"cache"'})

    house.add_route(healthz, "/healthz", methods=_LOOKS, name="healthz")
    house.add_route(quick_exit, "/snel-weg", methods=_LOOKS, name="quick_exit")
    for name, kind in _STATIC.items():
        house.add_route(_static(name, kind), f"/{name}", methods=_LOOKS, name=name.replace(".", "_"))
    return house


def _static(name: str, kind: str) -> Callable[[Request], Coroutine[Any, Any, HTTPResponse]]:
    body = (files("bot.web") / "static" / name).read_bytes()

    async def give(_request: Request) -> HTTPResponse:
        return raw(body, content_type=kind)

    return give


class Serving:
    """A server that takes requests.

    Attributes:
        port: where it listens, also when any free port was asked for.
    """

    def __init__(self, app: App, server: Any, port: int) -> None:
        self._app = app
        self._server = server
        self.port = port

    async def stop(self) -> None:
        """Take no more connections, let running requests finish for two seconds, then cut them off. May be called again."""
        if not self._server.is_serving():
            return
        await self._server.before_stop()
        self._server.close()
        connections = self._server.connections
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                while connections:
                    for connection in tuple(connections):
                        connection.close_if_idle()
                    await asyncio.sleep(0.01)
        except TimeoutError:
            for connection in tuple(connections):
                connection.abort()
        await self._server.after_stop()
        Sanic.unregister_app(self._app)


async def serve(app: App, host: str, port: int, ssl: SSLContext | None = None) -> Serving:
    """Listen at ``host`` and ``port`` in the running event loop.

    Args:
        app: from `create_app`; can be served once.
        host: an address of this machine.
        port: 0 takes any free one.
        ssl: certificate and key, where no proxy carries them.

    Raises:
        OSError: the port is taken, or the address is not ours.
    """
    os.environ.setdefault("SANIC_IGNORE_PRODUCTION_WARNING", "true")  # it would advise debug mode, on the terminal
    # A socket of our own: Sanic reads port 0 as 8000.
    listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        app.state.server_info.append(ApplicationServerInfo(settings={"version": HTTP.VERSION_1}))  # or it sends an empty alt-svc
        server: Any = await app.create_server(
            sock=listening,
            ssl=ssl,
            access_log=False,
            backlog=_BACKLOG,
            return_asyncio_server=True,
            asyncio_server_kwargs={"start_serving": False},
        )
        await server.startup()
        await server.before_start()
        await server.start_serving()
        await server.after_start()
    except BaseException:
        listening.close()
        raise
    return Serving(app, server, listening.getsockname()[1])
