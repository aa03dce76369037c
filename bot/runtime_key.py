"""The runtime key: kept in memory only, so that what is locked with it cannot be opened after the machine has stopped."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from bot import server_key
from bot.config import Config, SettingProblem

VARIABLE = "BRIEVENBUS_RUNTIME_KEY"
# File systems of Linux that live in memory.
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
_MOUNTS = Path("/proc/self/mounts")
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108

log = logging.getLogger(__name__)


def load_runtime_key(config: Config, env: Mapping[str, str] | None = None) -> bytes:
    """The runtime key, 32 bytes: ``BRIEVENBUS_RUNTIME_KEY`` (hex or base64; for several machines), else a file in memory.

    The file is made at the first start since the machine was switched on, with mode 600, in ``$XDG_RUNTIME_DIR`` or
    ``/dev/shm``; one for each data folder. Where nothing of the kind exists, the key lives as long as this process.

    Args:
        config: names the data folder.
        env: the environment; that of this process if None.

    Raises:
        SettingProblem: no 32 bytes, or a file that is not ours or that others can read.
    """
    env = os.environ if env is None else env
    if written := env.get(VARIABLE):
        return server_key.decode(written, f"Omgevingsvariabele {VARIABLE}")
    folder = _memory_folder(env)
    if folder is None:
        log.warning("no folder in memory on this machine: after a restart conversations on Telegram begin anew")
        return secrets.token_bytes(server_key.LENGTH)
    # Two installations of one user have two keys; the name says nothing about the folder.
    name = hashlib.blake2b(os.fsencode(config.data.absolute()), digest_size=8, person=b"runtime key").hexdigest()
    file = folder / f"brievenbus-{os.getuid()}-{name}.key"
    try:
        return _read_ours(file)
    except FileNotFoundError:
        server_key.create(file)
    return _read_ours(file)


def _read_ours(file: Path) -> bytes:
    # In /dev/shm anybody can make a file with our name: theirs is refused, whatever it holds.
    found = file.lstat()
    if found.st_uid != os.getuid() or file.is_symlink():
        raise SettingProblem(f"{file} is niet van ons. Haal het weg, en start opnieuw.")
    return server_key.read(file)


def _memory_folder(env: Mapping[str, str]) -> Path | None:
    named = env.get("XDG_RUNTIME_DIR", "")
    for folder in (Path(named) if named else None, _SHARED_MEMORY):
        if folder is not None and folder.is_absolute() and _in_memory(folder) and os.access(folder, os.W_OK | os.X_OK):
            return folder
    return None


def _in_memory(folder: Path) -> bool:
    """Whether a folder is on a file system in memory. Linux says so; elsewhere we do not believe it."""
    try:
        real = folder.resolve(strict=True)
        lines = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return False
    best, kind = -1, ""
    for line in lines:
        _, mounted, found, *_ = line.split(" ")
        where = Path(mounted.encode("latin-1", "ignore").decode("unicode_escape"))
        # The longest that holds the folder; of equals the last, which lies on top.
        if real.is_relative_to(where) and len(where.parts) >= best:
            best, kind = len(where.parts), found
    return kind in _IN_MEMORY
