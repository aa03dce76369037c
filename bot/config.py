"""The settings: config.yaml, overridden by the environment, in one typed model."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from bot.yaml_file import explain, read_yaml

_PREFIX = "BRIEVENBUS_"
# Variables that are no setting of config.yaml: where it is, and what may never stand in it.
_OTHER_VARIABLES = frozenset(
    {
        "BRIEVENBUS_CONFIG",
        "BRIEVENBUS_SERVER_KEY",
        "BRIEVENBUS_RUNTIME_KEY",
        "BRIEVENBUS_SMTP_PASSWORD",
        "BRIEVENBUS_TELEGRAM_TOKEN",
    }
)
_Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
_TimeOfDay = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Weekday = Literal["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"]
# A summer holiday has six weeks; more than this is a slip of the keyboard, and would keep notices away for years.
_LONGEST_HOLIDAY = 100


class SettingProblem(Exception):
    """A setting outside config.yaml that we cannot use; the message is Dutch and says what to do."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tls(_Part):
    """The certificate and its key, both PEM."""

    cert: Path
    key: Path


class Argon(_Part):
    """What guessing costs. The floor is not a setting: below it a stolen disk would be worth guessing at."""

    geheugen_mib: Annotated[int, Field(ge=64, le=4096)] = 64
    rondes: Annotated[int, Field(ge=4, le=64)] = 4


class Holiday(_Part):
    """Days without school, the first and the last included."""

    van: date
    tot: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not 0 <= (self.tot - self.van).days < _LONGEST_HOLIDAY:
            raise ValueError(f'"tot" komt na "van", en er zitten minder dan {_LONGEST_HOLIDAY} dagen tussen')
        return self


class Notices(_Part):
    """When readers may hear that something waits; *spoed* comes at once."""

    tijden: Annotated[tuple[_TimeOfDay, ...], Field(min_length=1)] = ("08:15", "12:15", "15:30")
    dagen: Annotated[tuple[Weekday, ...], Field(min_length=1)] = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag")
    vakanties: dict[_Slug, tuple[Holiday, ...]] = {}


class Smtp(_Part):
    """The server that takes our mail; always through TLS. Its password stands in the environment or in a file."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    tls: Literal["starttls", "direct"] = "starttls"
    gebruiker: str | None = None
    afzender: Annotated[str, Field(pattern=r"^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$")]


class Telegram(_Part):
    """How the bot gets its messages. Its token stands in the environment or in a file; without one there is no bot."""

    manier: Literal["ophalen", "webhook"] = "ophalen"
    server: Annotated[str, Field(pattern=r"^(https://[A-Za-z0-9.:-]+|http://(127\.0\.0\.1|localhost)(:\d+)?)$")] = (
        "https://api.telegram.org"
    )


class _Settings(_Part):
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    adres: str | None = None
    tls: Tls | None = None
    achter_proxy: bool = False
    scholen: Annotated[tuple[_Slug, ...], Field(min_length=1)] = ("mijlpaal", "vo", "kwaliteitskaart", "mozaiek", "jps")
    gesprek_minuten: Annotated[int, Field(ge=1, le=1440)] = 60
    draad_minuten: Annotated[int, Field(ge=1, le=60)] = 15
    inbox_minuten: Annotated[int, Field(ge=1, le=480)] = 30
    bewaren_dagen: Annotated[int, Field(ge=1, le=3650)] = 365
    seintjes: Notices = Notices()
    smtp: Smtp | None = None
    telegram: Telegram = Telegram()
    argon: Argon = Argon()
    logniveau: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("adres")
    @classmethod
    def _is_public_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value)
            usable = parts.scheme == "https" and parts.hostname and not (parts.username or parts.query or parts.fragment)
        except ValueError:
            usable = False
        if not usable or re.search(r"\s", value):
            raise ValueError("schrijf het hele adres, zoals https://brievenbus.onzeschool.nl")
        return value.rstrip("/")

    @field_validator("scholen")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) != len(value):
            raise ValueError("elke school mag er één keer in staan")
        return value


class _ConfigFile(_Settings):
    """config.yaml as it is written."""

    data: Path | None = None


class Config(_Settings):
    """The settings as the program uses them: every path absolute, the data folder known.

    Attributes:
        data: the folder for everything that is kept; may not exist yet.
        file: where the settings came from, for messages.
    """

    data: Path
    file: str = "config.yaml"

    @classmethod
    def load(cls, env: Mapping[str, str] | None = None) -> Self:
        """Read the settings that hold here.

        Args:
            env: the environment; that of this process if None.

        Raises:
            FileProblem: config.yaml is wrong; with its line.
            SettingProblem: a BRIEVENBUS_ variable is wrong.
        """
        env = os.environ if env is None else env
        file = _find_file(env)
        written = read_yaml(file, _ConfigFile).model_dump(exclude_none=True)
        if isinstance(file, Path):
            _resolve_paths(written, file.absolute().parent)
        overrides = _from_environment(env)
        _resolve_paths(overrides, Path.cwd())
        settings = {"data": _xdg_data_folder(env), **written, **overrides, "file": str(file)}
        for part in _BLOCKS:
            if isinstance(written.get(part), dict) and isinstance(overrides.get(part), dict):
                settings[part] = {**written[part], **overrides[part]}
        try:
            return cls.model_validate(settings)
        except ValidationError as error:  # the file was checked above: only a variable can be wrong now
            found = error.errors(include_url=False)[0]
            steps = [step for step in found["loc"] if isinstance(step, str)]
            missing = found["type"] == "missing"
            message = "Vul ook deze in." if missing else explain(cls, steps[-1], found)
            raise SettingProblem(f"Omgevingsvariabele {_variable(steps)}: {message}") from None

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach us directly."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def secure(self) -> bool:
        """Whether browsers reach us through TLS, so that cookies can be Secure."""
        return self.tls is not None or self.achter_proxy

    @property
    def public(self) -> bool:
        """Whether others than this machine can reach us."""
        return self.achter_proxy or not self.on_loopback

    @property
    def address(self) -> str:
        """The address that links begin with, without a slash at the end."""
        if self.adres is not None:
            return self.adres
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    def problems(self) -> tuple[str, ...]:
        """Why ``brievenbus start`` may not serve with these settings; each in Dutch, with what to do. Empty when it may."""
        found = []
        if not self.on_loopback and not self.secure:
            found.append(
                f'Met host "{self.host}" is de brievenbus bereikbaar voor anderen, maar de verbinding is niet versleuteld. '
                'Vul "tls" in, of zet "achter_proxy" op true als een webserver dat doet, of kies host 127.0.0.1.'
            )
        if self.public and self.adres is None:
            found.append(
                'Vul "adres" in: het openbare adres, zoals https://brievenbus.onzeschool.nl. Het komt in links te staan.'
            )
        if self.telegram.manier == "webhook" and self.adres is None:
            found.append(
                'Een webhook heeft een openbaar adres nodig. Vul "adres" in, of kies bij "telegram" de manier "ophalen".'
            )
        if self.tls is not None:
            found.extend(_tls_problems(self.tls))
        return tuple(found)


# Settings with settings of their own; lists, which have commas in a variable; and what does not fit in a variable.
_BLOCKS: dict[str, type[BaseModel]] = {"tls": Tls, "seintjes": Notices, "smtp": Smtp, "telegram": Telegram, "argon": Argon}
_LISTS = frozenset({"scholen", "tijden", "dagen"})
_ONLY_IN_FILE = frozenset({"vakanties"})


def packaged_file() -> Traversable:
    """The config.yaml that comes with the program.

    A wheel carries it inside the package ``bot``; an editable install has no such copy, and reads the checkout's.
    """
    inside = files("bot") / "config.yaml"
    return inside if inside.is_file() else Path(__file__).resolve().parents[1] / "config.yaml"


def _find_file(env: Mapping[str, str]) -> Traversable | Path:
    if named := env.get("BRIEVENBUS_CONFIG"):
        return Path(named).expanduser()
    here = Path("config.yaml")
    return here if here.is_file() else packaged_file()


def _xdg_data_folder(env: Mapping[str, str]) -> Path:
    """The XDG Base Directory Specification: a relative XDG_DATA_HOME is to be ignored."""
    named = Path(env.get("XDG_DATA_HOME", ""))
    return (named if named.is_absolute() else Path.home() / ".local" / "share") / "brievenbus"


def _resolve_paths(settings: dict[str, Any], folder: Path) -> None:
    tls = settings.get("tls")
    for block, names in ((settings, ("data",)), (tls if isinstance(tls, dict) else {}, ("cert", "key"))):
        for name in names:
            if block.get(name) is not None:
                block[name] = folder / Path(block[name]).expanduser()


def _from_environment(env: Mapping[str, str]) -> dict[str, Any]:
    """The settings that stand in the environment: BRIEVENBUS_PORT, BRIEVENBUS_TLS_CERT; a list has commas; empty is left out."""
    known = dict(_variables())
    found: dict[str, Any] = {}
    for variable, value in sorted(env.items()):
        if not variable.startswith(_PREFIX) or variable in _OTHER_VARIABLES or not value:
            continue
        if variable not in known:
            raise SettingProblem(f"Omgevingsvariabele {variable} is niet bekend. Haal hem weg, of kies uit: {', '.join(known)}.")
        *blocks, name = known[variable]
        inside = found
        for block in blocks:
            inside = inside.setdefault(block, {})
        inside[name] = [part.strip() for part in value.split(",")] if name in _LISTS else value
    return found


def _variables() -> list[tuple[str, tuple[str, ...]]]:
    """Every variable with the setting that it stands for."""
    settings: list[tuple[str, ...]] = []
    for name in _ConfigFile.model_fields:
        inside = [inner for inner in _BLOCKS[name].model_fields if inner not in _ONLY_IN_FILE] if name in _BLOCKS else []
        settings.extend([(name, inner) for inner in inside] or [(name,)])
    return [(_variable(setting), setting) for setting in settings]


def _variable(setting: tuple[str, ...] | list[str]) -> str:
    return _PREFIX + "_".join(setting).upper()


def _tls_problems(tls: Tls) -> list[str]:
    found = [
        f"Het bestand {file} is er niet, of is niet te lezen." for file in (tls.cert, tls.key) if not os.access(file, os.R_OK)
    ]
    if not found and tls.key.stat().st_mode & 0o007:
        found.append(f"Iedereen op deze computer kan {tls.key} lezen. Voer uit: chmod 600 {tls.key}")
    return found
