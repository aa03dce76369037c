"""The command line as a volunteer meets it: what it prints, what it refuses, and what it says to do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main

Run = Callable[..., Result]
PROGRAM = [sys.executable, "-c", "from bot.cli import main; main()"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text("data: data\nport: 0\nscholen: [jps, vo]\n", encoding="utf-8")
    return file


@pytest.fixture
def run(config: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("BRIEVENBUS_CONFIG", str(config))

    def command(*words: str, typed: str = "") -> Result:
        return CliRunner().invoke(main, list(words), input=typed)

    return command


def test_check_is_content_with_what_is_right(run: Run) -> None:
    result = run("check")
    assert result.exit_code == 0, result.output
    assert "Alles klopt" in result.output


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("data: data\npoort: 8080\n", "config.yaml:2: "),
        ("data: data\nport: achtduizend\n", "config.yaml:2: "),
        ("data: [\n", "config.yaml:"),
        ("host: 0.0.0.0\n", "niet versleuteld"),
        ("scholen: [jps, hogwarts]\n", "hogwarts"),
    ],
)
def test_check_says_file_line_and_what_is_wrong(run: Run, config: Path, text: str, told: str) -> None:
    config.write_text(text, encoding="utf-8")
    result = run("check")
    assert result.exit_code == 1
    assert told in result.output


def test_an_invitation_is_a_link_and_the_list_says_who_reads(run: Run, config: Path) -> None:
    result = run("staff", "invite", "jps", "Ivonne")
    assert result.exit_code == 0, result.output
    assert "/inbox/uitnodiging/" in result.output
    assert "72 uur" in result.output
    assert oct((config.parent / "data" / "server.key").stat().st_mode)[-3:] == "600"
    assert "Nog niemand" in run("staff", "list", "jps").output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("staff", "invite", "hogwarts", "Ivonne"), "Kies uit: jps, vo"),
        (("staff", "invite", "jps", " "), "1 tot 60 tekens"),
        (("staff", "invite", "jps"), "NAAM"),
        (("chat", "--school", "hogwarts"), "hogwarts"),
        (("demo", "--port", "99999"), "99999"),
    ],
)
def test_a_mistake_is_told_without_a_traceback(run: Run, words: tuple[str, ...], told: str) -> None:
    result = run(*words)
    assert result.exit_code != 0
    assert told in result.output
    assert "Traceback" not in result.output


def test_a_lost_server_key_is_not_replaced(run: Run, config: Path) -> None:
    run("staff", "invite", "jps", "Ivonne")
    (config.parent / "data" / "server.key").unlink()
    result = run("staff", "list", "jps")
    assert result.exit_code == 1
    assert "Zet hem terug" in result.output


def test_start_refuses_what_is_not_safe(run: Run, config: Path) -> None:
    (config.parent / "data").mkdir()
    (config.parent / "data" / "DEMO").touch()
    assert "een map van een demo" in run("start").output
    config.write_text("data: data\nhost: 0.0.0.0\nport: 0\n", encoding="utf-8")
    result = run("start")
    assert result.exit_code == 1
    assert "achter_proxy" in result.output


def test_chat_reads_lines_from_a_pipe(run: Run) -> None:
    result = run("chat", "--school", "vo", typed="Ik ben leerling\n1\n\nblub\n")
    assert result.exit_code == 0, result.output
    assert "Ik ben een computer." in result.output
    assert "> Ik ben leerling" in result.output
    assert "Sta stevig" in result.output


def test_start_answers_says_how_to_invite_and_ends_at_a_signal(config: Path) -> None:
    environment = {**os.environ, "BRIEVENBUS_CONFIG": str(config)}
    with subprocess.Popen([*PROGRAM, "start"], stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        port = int(first.partition("(poort ")[2].partition(")")[0])
        assert "brievenbus staff invite jps NAAM" in process.stdout.readline()
        assert "brievenbus staff invite vo NAAM" in process.stdout.readline()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
            assert answer.read() == b"ok"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_demo_prints_one_line_of_json_and_leaves_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path), "HOME": str(tmp_path)}
    command = [*PROGRAM, "demo", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        printed = json.loads(process.stdout.readline())
        assert set(printed) == {"chat", "inbox", "accounts"}
        assert {account["school"] for account in printed["accounts"]} == {"mijlpaal", "vo", "kwaliteitskaart", "mozaiek", "jps"}
        with urllib.request.urlopen(f"{printed['chat']}jps/", timeout=10) as answer:
            assert "DEMO: niemand leest dit" in answer.read().decode()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert list(tmp_path.iterdir()) == []
