"""Our actions for a Rasa elsewhere on this machine: facts from the request, effects at once, loopback only."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import rasa_sdk

from bot.action_server import OutsideActions, serve_actions
from bot.brievenbus.entries import Entry
from bot.house import House
from bot.messages import Facts
from tests.bot.conftest import Account
from tests.bot.fault_child import remember

NONCE = "0123456789abcdef" * 2


@pytest.fixture(autouse=True)
def _quick_houses(monkeypatch: pytest.MonkeyPatch) -> None:
    remember(monkeypatch.setattr)


def call(house: House, action: str, slots: dict[str, Any] | None = None) -> dict[str, Any]:
    """What Rasa posts."""
    tracker = {
        "sender_id": "somebody",
        "slots": slots or {},
        "latest_message": {"text": "", "intent": {"name": "groet"}, "entities": []},
        "events": [],
        "paused": False,
        "active_loop": {},
        "latest_action_name": "action_listen",
        "latest_input_channel": "telegram",
    }
    domain = house.conversation._engine.assistant.domain_json()
    # rasa-sdk warns of Rasa's own version, 3.6: it was seen to work.
    return {"next_action": action, "sender_id": "somebody", "version": rasa_sdk.__version__, "tracker": tracker, "domain": domain}


def slots_of(result: Any) -> dict[str, Any]:
    return {event["name"]: event["value"] for event in result.events if event["event"] == "slot"}


@pytest.mark.parametrize(
    ("slots", "facts"),
    [
        ({}, Facts("jps", "telegram")),
        ({"session_started_metadata": {"school": "mozaiek"}}, Facts("mozaiek", "telegram")),
        ({"school": "mozaiek"}, Facts("mozaiek", "telegram")),
        ({"session_started_metadata": {"school": "nergens"}}, Facts("jps", "telegram")),
        ({"session_started_metadata": "jps", "school": None}, Facts("jps", "telegram")),
    ],
)
async def test_the_facts_come_from_the_request(house: House, slots: dict[str, Any], facts: Facts) -> None:
    actions = OutsideActions(house, "jps")
    assert actions.facts(call(house, "", slots)["tracker"]) == facts
    assert slots_of(await actions.run(call(house, "action_session_start", slots)))["school"] == facts.school
    assert actions.facts({}) == Facts("jps", "rest")


async def test_rasa_sees_the_message_after_the_session_start(house: House) -> None:
    result = await OutsideActions(house, "jps").run(call(house, "action_session_start"))
    assert result.events[0]["event"] == "session_started"
    assert (result.events[-1]["event"], result.events[-1]["name"]) == ("action", "action_listen")


async def test_what_is_sent_is_written_at_once_and_the_answers_are_forgotten(house: House, readers: list[Account]) -> None:
    actions = OutsideActions(house, "jps")
    slots = {"school": "jps", "akkoord": "ja", "nonce": NONCE, "wat": "Ze pakken mijn tas af."}
    # When it is sent
    result = await actions.run(call(house, "action_versturen", slots))
    # Then a reader has it
    [item] = (await house.inbox.queue(readers[0].session)).items
    [first, *_] = (await house.inbox.open(readers[0].session, item.id)).thread
    assert isinstance(first, Entry)
    assert [answer for _, answer in first.body["antwoorden"]] == ["Ze pakken mijn tas af."]
    # And Rasa knows nothing but the facts of the session
    after = [event["event"] for event in result.events]
    assert "reset_slots" in after
    assert slots_of(result).keys() >= {"school", "kind"}
    assert "wat" not in slots_of(result)
    # And a second press shows the same code
    again = await actions.run(call(house, "action_versturen", slots))
    assert result.responses[-2]["text"] == again.responses[-2]["text"]
    assert len((await house.inbox.queue(readers[0].session)).items) == 1


async def test_it_answers_on_this_machine_only_and_no_web_page_may_read_it(house: House) -> None:
    serving = await serve_actions(OutsideActions(house, "jps"), 0)
    try:
        # Another address of this machine, as everything else would see it.
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.2", serving.port)
        answer = await _post(serving.port, call(house, "action_session_start"), origin="https://example.org")
        assert answer["events"][0]["event"] == "session_started"
        assert answer["headers"].get("access-control-allow-origin") is None
        assert (await _post(serving.port, call(house, "action_bestaat_niet")))["status"] == 404
        names = json.loads((await _get(serving.port, "/actions")).decode())
        assert {"name": "action_versturen"} in names
    finally:
        await serving.stop()


async def _post(port: int, body: dict[str, Any], origin: str = "") -> dict[str, Any]:
    def post() -> dict[str, Any]:
        headers = {"content-type": "application/json"} | ({"origin": origin} if origin else {})
        try:
            with urlopen(Request(f"http://127.0.0.1:{port}/webhook", json.dumps(body).encode(), headers)) as answer:
                return {
                    **json.load(answer),
                    "status": answer.status,
                    "headers": {k.lower(): v for k, v in answer.headers.items()},
                }
        except HTTPError as error:
            with error:
                return {"status": error.code}

    return await asyncio.to_thread(post)


async def _get(port: int, path: str) -> bytes:
    def get() -> bytes:
        with urlopen(f"http://127.0.0.1:{port}{path}") as answer:
            return bytes(answer.read())

    return await asyncio.to_thread(get)


def test_the_command_serves_until_it_is_told_to_stop_and_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from bot.cli import main; main()", "actions", "--port", "0", "--school", "jps"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        port = re.search(r"http://127\.0\.0\.1:(\d+)/webhook", line)
        assert port is not None
        with urlopen(f"http://127.0.0.1:{port[1]}/health") as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
    assert not list(tmp_path.iterdir())


def test_a_school_that_is_not_open_is_refused() -> None:
    command = [sys.executable, "-c", "from bot.cli import main; main()", "actions", "--school", "nergens"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "nergens" in done.stderr
