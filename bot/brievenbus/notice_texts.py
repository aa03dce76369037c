"""The texts of notices, from ``seintjes.yaml``."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from bot.yaml_file import read_yaml


class NoticeTexts(BaseModel):
    """What a reader gets to see outside of the inbox."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    onderwerp: str
    tekst: str
    code_onderwerp: str
    code_tekst: str


@cache
def notice_texts() -> NoticeTexts:
    """The texts, read once."""
    return read_yaml(files("bot.brievenbus") / "seintjes.yaml", NoticeTexts)
