"""The server key: made once, whole, for our eyes only."""

from __future__ import annotations

import base64
import os
import threading
from pathlib import Path

import pytest

from bot import server_key
from bot.config import Config, SettingProblem
from bot.server_key import load_server_key


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(data=tmp_path / "een" / "twee")


def test_the_first_start_makes_it_and_the_next_finds_it(config: Config) -> None:
    key = load_server_key(config, {})
    file = config.data / "server.key"
    assert len(key) == 32
    assert load_server_key(config, {}, may_create=False) == key
    assert (file.stat().st_mode & 0o777, config.data.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [found.name for found in config.data.iterdir()] == ["server.key"]


def test_a_loose_umask_changes_nothing(config: Config) -> None:
    before = os.umask(0)
    try:
        load_server_key(config, {})
    finally:
        os.umask(before)
    assert (config.data / "server.key").stat().st_mode & 0o777 == 0o600


def test_file_and_folder_are_synced_before_it_is_used(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").resolve())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    load_server_key(config, {})
    assert synced[0].name.startswith(".server.key.")
    assert synced[1] == config.data.resolve()


def test_a_write_that_fails_leaves_nothing(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        load_server_key(config, {})
    assert list(config.data.iterdir()) == []


def test_two_that_start_together_get_the_same(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given another process that makes the key between our look and our own making of it."""
    real = server_key.create

    def slower(file: Path) -> None:
        other = threading.Thread(target=real, args=(file,))
        other.start()
        other.join()
        theirs.append(file.read_bytes())
        real(file)

    theirs: list[bytes] = []
    monkeypatch.setattr(server_key, "create", slower)
    assert load_server_key(config, {}) == base64.b64decode(theirs[0])
    assert [found.name for found in config.data.iterdir()] == ["server.key"]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o601])
def test_a_file_that_others_can_read_or_change_is_refused(config: Config, mode: int) -> None:
    load_server_key(config, {})
    file = config.data / "server.key"
    file.chmod(mode)
    with pytest.raises(SettingProblem, match=rf"chmod 600 {file}"):
        load_server_key(config, {})


@pytest.mark.parametrize("content", [b"", b"AAAA\n", b"\xff\xfe", b"g" * 64])
def test_a_damaged_file_is_refused_and_kept(config: Config, content: bytes) -> None:
    load_server_key(config, {})
    file = config.data / "server.key"
    file.write_bytes(content)
    with pytest.raises(SettingProblem, match="Zet de goede sleutel terug"):
        load_server_key(config, {})
    assert file.read_bytes() == content


def test_a_lost_key_is_not_replaced_in_silence(config: Config) -> None:
    with pytest.raises(SettingProblem, match="is weg"):
        load_server_key(config, {}, may_create=False)
    assert not config.data.exists()


KEY = bytes(range(224, 256))


@pytest.mark.parametrize(
    "written",
    [
        KEY.hex(),
        KEY.hex().upper(),
        base64.b64encode(KEY).decode(),
        base64.urlsafe_b64encode(KEY).decode().rstrip("="),
        f" {KEY.hex()}\n",
    ],
)
def test_the_environment_goes_first_and_leaves_no_file(config: Config, written: str) -> None:
    assert load_server_key(config, {"BRIEVENBUS_SERVER_KEY": written}) == KEY
    assert not config.data.exists()


@pytest.mark.parametrize("written", ["geheim", KEY.hex()[:-2], base64.b64encode(KEY + b"x").decode(), "ë" * 64])
def test_a_wrong_variable_is_refused_without_being_shown(config: Config, written: str) -> None:
    with pytest.raises(SettingProblem, match="BRIEVENBUS_SERVER_KEY: dit is geen sleutel van 32 bytes") as told:
        load_server_key(config, {"BRIEVENBUS_SERVER_KEY": written})
    assert written not in str(told.value)
