"""The token of the bot: from the environment, or from a file that only we can read. Without one there is no bot."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.config import Config, SettingProblem

VARIABLE = "BRIEVENBUS_TELEGRAM_TOKEN"
FILE = "telegram.token"
_SHAPE = re.compile(r"\d{3,20}:[A-Za-z0-9_-]{30,60}")


@dataclass(frozen=True)
class Reach:
    """How Telegram is reached.

    Attributes:
        token: of the bot.
        server: of the Bot API: Telegram's, or one of one's own.
        webhook: our public address, where Telegram posts updates; empty to fetch them.
        second: how long a second of Telegram's limits lasts; tests make it shorter.
    """

    token: str = field(repr=False)
    server: str = "https://api.telegram.org"
    webhook: str = ""
    second: float = 1.0


def reach(config: Config, env: Mapping[str, str] | None = None) -> Reach | None:
    """How Telegram is reached with these settings; None where there is no token.

    Args:
        config: names the data folder and the way in.
        env: the environment; that of this process if None.

    Raises:
        SettingProblem: this is no token, or others can read its file.
    """
    env = os.environ if env is None else env
    file = config.data / FILE
    token = env.get(VARIABLE, "").strip()
    where = f"Omgevingsvariabele {VARIABLE}"
    if not token:
        where = str(file)
        try:
            with file.open(encoding="ascii", errors="replace") as opened:
                if os.fstat(opened.fileno()).st_mode & 0o077:
                    raise SettingProblem(
                        f"Anderen op deze computer kunnen {file} lezen of veranderen. Voer uit: chmod 600 {file}"
                    )
                token = opened.read(4096).strip()
        except FileNotFoundError:
            return None
    if not _SHAPE.fullmatch(token):
        raise SettingProblem(f"{where}: dit is geen token van een bot. Kopieer het opnieuw van @BotFather.")
    return Reach(token, config.telegram.server, config.address if config.telegram.manier == "webhook" else "")
