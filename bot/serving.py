"""Running until told to stop: the web server, the sweeper, the outbox, Telegram, and a clean end at SIGTERM."""

from __future__ import annotations

import asyncio
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
        works = [house.keep_swept(), house.keep_sending(house.senders())]
        if house.telegram is not None:
            works.append(house.telegram.run())
        working = [asyncio.create_task(work) for work in works]
        # What was built stays until the end: looking through all of it for garbage made some pupils wait 20 ms.
        gc.freeze()
        try:
            await ready(serving.port)
            await stop.wait()
        finally:
            for task in working:
                task.cancel()
            # All at once: each has a moment of its own to finish what it began.
            await asyncio.gather(serving.stop(), asyncio.gather(*working, return_exceptions=True))
    finally:
        await house.close()


def told_to_stop() -> asyncio.Event:
    """What is set at SIGINT or SIGTERM, from now on."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop
