"""The server key: from the environment, or from a file that only we can read."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from bot.config import Config, SettingProblem

LENGTH = 32  # bytes
_VARIABLE = "BRIEVENBUS_SERVER_KEY"


def load_server_key(config: Config, env: Mapping[str, str] | None = None, *, may_create: bool = True) -> bytes:
    """The server key, 32 bytes: ``BRIEVENBUS_SERVER_KEY`` (hex or base64), else ``server.key`` in the data folder.

    The file is made at the first start, with mode 600, whole or not at all; two processes that start together get the same key.

    Args:
        config: names the data folder.
        env: the environment; that of this process if None.
        may_create: False where a missing key means a lost one, because the folder already holds what was made with it.

    Raises:
        SettingProblem: no 32 bytes, a file that others can read, or no file where there should be one.
    """
    env = os.environ if env is None else env
    if written := env.get(_VARIABLE):
        return decode(written, f"Omgevingsvariabele {_VARIABLE}")
    file = config.data / "server.key"
    try:
        return read(file)
    except FileNotFoundError:
        if not may_create:
            raise SettingProblem(
                f"De serversleutel {file} is weg. Zet hem terug uit je eigen kopie. "
                "Zonder die sleutel zijn de gegevens in deze map niet te gebruiken."
            ) from None
    create(file)
    return read(file)


def read(file: Path) -> bytes:
    """A key from a file that only its owner can read.

    Raises:
        FileNotFoundError: there is none.
        SettingProblem: others can read it, or it holds no key.
    """
    with file.open("rb") as opened:
        mode = os.fstat(opened.fileno()).st_mode
        if mode & 0o077:
            raise SettingProblem(f"Anderen op deze computer kunnen {file} lezen of veranderen. Voer uit: chmod 600 {file}")
        written = opened.read(4096)
    return decode(written.decode("ascii", errors="replace"), str(file))


def decode(written: str, where: str) -> bytes:
    """A key as a person writes it, hex or base64.

    Raises:
        SettingProblem: it is not 32 bytes; ``where`` says which key is meant.
    """
    text = written.strip()
    try:
        if len(text) == 2 * LENGTH:
            key = bytes.fromhex(text)
        else:
            key = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != LENGTH:
        raise SettingProblem(f"{where}: dit is geen sleutel van {LENGTH} bytes, als hex of base64. Zet de goede sleutel terug.")
    return key


def create(file: Path) -> None:
    """Make a key; does nothing when another process was first."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(base64.b64encode(secrets.token_bytes(LENGTH)) + b"\n")
            opened.flush()
            os.fsync(opened.fileno())
        # A link appears whole or not at all, and never in the place of a file that is there.
        try:
            os.link(draft, file)
        except FileExistsError:
            return
    finally:
        draft.unlink(missing_ok=True)
        _sync_folder(file.parent)


def _sync_folder(folder: Path) -> None:
    """Without this the name can be gone after a power cut, though the content was written."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
