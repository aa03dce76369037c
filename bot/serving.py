"""Running until told to stop: the web server, the sweeper, and a clean end at SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
from collections.abc import Awaitable, Callable

from bot.house import House, tls_context
from bot.web import serve


async def run(house: House, *, demo: bool, ready: Callable[[int], Awaitable[None]]) -> None:
    """Serve until SIGINT or SIGTERM, then finish what was begun.

    Args:
        house: the parts; closed at the end.
        demo: whether every page says that nobody reads this.
        ready: called with the port once the server answers.

    Raises:
        OSError: the port is taken.
    """
    stop = told_to_stop()
    try:
        serving = await serve(house.app(demo=demo), house.config.host, house.config.port, tls_context(house.config))
        sweeper = asyncio.create_task(house.keep_swept())
        # What was built stays until the end: looking through all of it for garbage made some pupils wait 20 ms.
        gc.freeze()
        try:
            await ready(serving.port)
            await stop.wait()
        finally:
            sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sweeper
            await serving.stop()
    finally:
        await house.close()


def told_to_stop() -> asyncio.Event:
    """What is set at SIGINT or SIGTERM, from now on."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop
