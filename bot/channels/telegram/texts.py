"""What Telegram's side says itself, from ``teksten.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from bot.yaml_file import read_yaml


class Texts(BaseModel):
    """The texts; each is explained where it is written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kies_school: str
    knop_verlopen: str
    gekoppeld: str
    koppeling_onbekend: str
    koppeling_bezet: str
    storing: str
    over_mij: str
    in_het_kort: str
    opdrachten: Mapping[str, str]


TEXTS: Texts = read_yaml(files("bot.channels.telegram") / "teksten.yaml", Texts)
