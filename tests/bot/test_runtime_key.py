"""The runtime key: in memory only, one for each data folder, for our eyes only, and gone with the machine."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from bot import runtime_key
from bot.config import Config, SettingProblem
from bot.runtime_key import load_runtime_key


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the kernel says is in memory."""
    folder = tmp_path / "run user"
    folder.mkdir()
    mounts = tmp_path / "mounts"
    written = str(folder).replace(" ", r"\040")
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\ntmpfs {written} tmpfs rw 0 0\n")
    monkeypatch.setattr(runtime_key, "_MOUNTS", mounts)
    monkeypatch.setattr(runtime_key, "_SHARED_MEMORY", tmp_path / "no such folder")
    return folder


def config(tmp_path: Path, name: str = "data") -> Config:
    return Config(data=tmp_path / name)


def test_the_first_start_makes_it_and_the_next_finds_it(tmp_path: Path, memory: Path) -> None:
    env = {"XDG_RUNTIME_DIR": str(memory)}
    key = load_runtime_key(config(tmp_path), env)
    assert len(key) == 32
    assert load_runtime_key(config(tmp_path), env) == key
    [file] = memory.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    # Nothing of it on the disk
    assert not (tmp_path / "data").exists()
    # And another installation of the same user has another key
    assert load_runtime_key(config(tmp_path, "other"), env) != key
    # When the machine is switched off, then the key is gone
    file.unlink()
    assert load_runtime_key(config(tmp_path), env) != key


def test_shared_memory_is_used_where_no_folder_is_given(tmp_path: Path, memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime_key, "_SHARED_MEMORY", memory)
    key = load_runtime_key(config(tmp_path), {})
    assert [base64.b64decode(file.read_bytes()) for file in memory.iterdir()] == [key]


def test_a_folder_on_a_disk_is_not_used(tmp_path: Path, memory: Path, caplog: pytest.LogCaptureFixture) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    key = load_runtime_key(config(tmp_path), {"XDG_RUNTIME_DIR": str(disk)})
    assert list(disk.iterdir()) == list(memory.iterdir()) == []
    # Then it lives as long as the process, and that is said
    assert load_runtime_key(config(tmp_path), {"XDG_RUNTIME_DIR": str(disk)}) != key
    assert "no folder in memory" in caplog.text


def test_the_kernels_own_word_is_understood() -> None:
    assert runtime_key._in_memory(Path("/dev/shm"))
    assert not runtime_key._in_memory(Path("/proc"))
    assert not runtime_key._in_memory(Path("/no/such/folder"))


def test_the_environment_goes_first(tmp_path: Path, memory: Path) -> None:
    key = os.urandom(32)
    for written in (key.hex(), base64.b64encode(key).decode()):
        env = {"BRIEVENBUS_RUNTIME_KEY": written, "XDG_RUNTIME_DIR": str(memory)}
        assert load_runtime_key(config(tmp_path), env) == key
    with pytest.raises(SettingProblem, match="BRIEVENBUS_RUNTIME_KEY"):
        load_runtime_key(config(tmp_path), {"BRIEVENBUS_RUNTIME_KEY": "kort"})
    assert list(memory.iterdir()) == []


def test_what_others_can_read_or_put_there_is_refused(tmp_path: Path, memory: Path) -> None:
    env = {"XDG_RUNTIME_DIR": str(memory)}
    load_runtime_key(config(tmp_path), env)
    [file] = memory.iterdir()
    file.chmod(0o644)
    with pytest.raises(SettingProblem, match="chmod 600"):
        load_runtime_key(config(tmp_path), env)
    # Given a link to a file that somebody else would like us to read
    theirs = tmp_path / "theirs"
    file.chmod(0o600)
    file.rename(theirs)
    file.symlink_to(theirs)
    with pytest.raises(SettingProblem, match="niet van ons"):
        load_runtime_key(config(tmp_path), env)


def test_the_file_of_another_user_is_refused(tmp_path: Path, memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = {"XDG_RUNTIME_DIR": str(memory)}
    load_runtime_key(config(tmp_path), env)
    [file] = memory.iterdir()
    real = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: real + 1)
    file.rename(file.with_name(file.name.replace(f"-{real}-", f"-{real + 1}-")))
    with pytest.raises(SettingProblem, match="niet van ons"):
        load_runtime_key(config(tmp_path), env)
