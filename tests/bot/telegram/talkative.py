"""``brievenbus start`` as a process, with every logger at its most talkative, and a second of Telegram's that is short."""

from __future__ import annotations

import sys
from dataclasses import replace

import bot.cli
import bot.outbox
from bot import logs
from bot.channels.telegram import Reach
from bot.config import Config
from tests.bot.main_job_over_http import as_talkative_as_possible


def main() -> None:
    """Start it; the only argument is how long a second lasts."""
    second = float(sys.argv[1])
    set_up, reach = logs.set_up, bot.cli.reach

    def louder(level: str) -> None:
        set_up(level)
        as_talkative_as_possible()

    def quicker(config: Config) -> Reach | None:
        found = reach(config)
        as_talkative_as_possible()
        return found and replace(found, second=second)

    logs.set_up = louder
    bot.cli.reach = quicker
    bot.outbox.LOOK_SECONDS = 0.05
    sys.argv = ["brievenbus", "start"]
    bot.cli.main()


if __name__ == "__main__":
    main()
