"""The log: whatever goes wrong, wherever, nothing that a person wrote or an address gets into it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Sequence

import pytest

from bot.logs import THIRD_PARTIES, frames_of

SECRET = "Sanne-op-het-schoolplein"


def output_of(script: str, *arguments: str) -> str:
    """Everything that a process with our logging, at its most talkative, prints; the secret reaches it by its environment."""
    start = """
        import asyncio, gc, json, logging, os, socket, sys, threading, warnings
        from bot import logs
        logs.set_up("debug")
        SECRET = os.environ["SECRET"]
    """
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", textwrap.dedent(start) + textwrap.dedent(script), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "SECRET": SECRET},
        check=False,
    )
    return done.stdout + done.stderr


def assert_clean(output: str, *expected: str) -> None:
    """The output has the traces that help, and nothing of the secret: not in words, not in any of its spellings."""
    for words in expected:
        assert words in output, output
    for spelling in (SECRET, SECRET.lower(), SECRET.split("-")[0], SECRET.encode().hex(), repr(SECRET.encode())):
        assert spelling not in output, output


def test_an_exception_is_its_type_and_its_places() -> None:
    output = output_of("""
        def inner():
            raise ValueError(SECRET)
        try:
            try:
                inner()
            except ValueError as error:
                raise RuntimeError(SECRET) from error
        except RuntimeError as error:
            logging.getLogger("bot.turn").exception("a turn failed: %s", error)
            logging.getLogger("bot.turn").error(error)
            logging.getLogger("bot.turn").error("%(what)s", {"what": error})
        logging.getLogger("bot.turn").info("wrong number of arguments", SECRET)
        logging.getLogger("bot.turn").debug("school %s is %s", "jps", "open")
        logging.getLogger("bot.turn").debug("100%")
    """)
    assert_clean(
        output,
        "ERROR bot.turn: a turn failed: RuntimeError: RuntimeError at <string>:",
        "from ValueError at <string>:",
        "DEBUG bot.turn: school jps is open",
        "DEBUG bot.turn: 100%",
        "a line that cannot be formatted",
    )


def test_a_group_of_exceptions_shows_the_types_inside() -> None:
    group = ExceptionGroup(SECRET, [ValueError(SECRET), KeyError(SECRET)])
    assert frames_of(group) == "ExceptionGroup[ValueError, KeyError]"


def test_exceptions_that_cause_each_other_end() -> None:
    one, other = ValueError(SECRET), KeyError(SECRET)
    one.__cause__, other.__cause__ = other, one
    assert frames_of(one) == "ValueError from KeyError"


def test_what_nobody_catches() -> None:
    output = output_of("""
        class Left:
            def __del__(self):
                raise ValueError(SECRET)
        def in_thread():
            raise KeyError(SECRET)
        thread = threading.Thread(target=in_thread, name=SECRET)
        thread.start()
        thread.join()
        left = Left()
        del left
        gc.collect()
        warnings.warn(SECRET)
        raise LookupError(SECRET)
    """)
    assert_clean(
        output, "a thread stopped by an error: KeyError", "cleaning up: ValueError", "UserWarning at", "LookupError at <string>:"
    )


def test_what_asyncio_says_about_tasks_and_callbacks() -> None:
    output = output_of("""
        async def fail(secret):
            raise ValueError(secret)
        async def main():
            task = asyncio.create_task(fail(SECRET), name=SECRET)
            await asyncio.sleep(0)
            del task
            gc.collect()
            loop = asyncio.get_running_loop()
            loop.call_soon(int, SECRET)
            loop.call_exception_handler({"message": SECRET, "exception": KeyError(SECRET)})
            loop.set_debug(True)
            loop.slow_callback_duration = 0
            await asyncio.create_task(asyncio.sleep(0, SECRET), name=SECRET)
        asyncio.run(main())
    """)
    assert_clean(output, "ERROR asyncio: asyncio/base_events.py:", "ValueError at <string>:", "KeyError")


@pytest.mark.parametrize("own_logging", [False, True], ids=["ours", "sanic-configures"])
def test_a_real_sanic_app_that_fails(own_logging: bool) -> None:
    """Also where Sanic sets up its own logging over ours, which is a mistake that must cost nothing."""
    output = output_of(
        """
        from sanic import Sanic, exceptions
        app = Sanic("proef", configure_logging=json.loads(sys.argv[1]))

        @app.post("/<word>")
        async def failing(request, word):
            raise ValueError(request.body.decode())

        @app.get("/refuse/<word>")
        async def refusing(request, word):
            raise exceptions.ServerError(word)

        @app.get("/half/<word>")
        async def half(request, word):
            answer = await request.respond(content_type="text/plain")
            await answer.send("x")
            raise KeyError(word)

        async def ask(port, head, body=b""):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head.encode() + b" HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n")
            writer.write(b"X-Word: " + SECRET.encode() + b"\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
            status = await reader.readline()
            writer.close()
            return status[9:12].decode()

        async def main():
            ours = socket.create_server(("127.0.0.1", 0))
            server = await app.create_server(sock=ours, return_asyncio_server=True, access_log=True)
            await server.startup()
            await server.start_serving()
            port = ours.getsockname()[1]
            print(
                await ask(port, "POST /" + SECRET + "?" + SECRET, SECRET.encode()),
                await ask(port, "GET /refuse/" + SECRET),
                await ask(port, "GET /half/" + SECRET),
                await ask(port, "GET /not/there/" + SECRET),
                await ask(port, "NONSENSE " + SECRET),
            )
            await server.close()
        asyncio.run(main())
        """,
        json.dumps(own_logging),
    )
    assert_clean(output, "500 500 200 404", "ValueError at ")


def test_an_action_that_fails_in_rasa_sdk() -> None:
    output = output_of("""
        from rasa_sdk import Action
        from rasa_sdk.executor import ActionExecutor
        class Fails(Action):
            def name(self):
                return "action_fails"
            async def run(self, dispatcher, tracker, domain):
                raise ValueError(SECRET)
        executor = ActionExecutor()
        executor.register_action(Fails())
        tracker = {"sender_id": SECRET, "slots": {"wat": SECRET}, "latest_message": {"text": SECRET}, "events": [],
                   "paused": False, "followup_action": None, "active_loop": {}, "latest_action_name": None}
        call = {"next_action": "action_fails", "sender_id": SECRET, "tracker": tracker, "domain": {"slots": {}}}
        try:
            asyncio.run(executor.run(call))
        except Exception as error:
            logging.getLogger("bot.turn").exception("an action failed")
    """)
    assert_clean(output, "an action failed: ValueError at ")


@pytest.mark.parametrize("names", [THIRD_PARTIES], ids=["all"])
def test_third_parties_speak_from_warnings_on_and_say_only_where(names: Sequence[str]) -> None:
    output = output_of(
        """
        for name in json.loads(sys.argv[1]):
            logger = logging.getLogger(name + ".inner")
            assert not logger.isEnabledFor(logging.INFO), name
            logger.setLevel(logging.DEBUG)
            logger.warning("https://api.example.org/bot%s/getUpdates", SECRET, stack_info=True)
        logging.getLogger("unheard.of").warning(SECRET, extra={"chat": SECRET})
        logging.warning(SECRET)
        logging.getLogger("sanic.access").critical(SECRET)
        """,
        json.dumps(names),
    )
    assert_clean(output, *(f"WARNING {name}.inner: <string>:" for name in names), "WARNING unheard.of: ", "WARNING root: ")
    assert "http" not in output.replace("httpx.inner", "").replace("httpcore.inner", "")
    assert "sanic.access" not in output
    assert len(output.splitlines()) == len(names) + 2


def test_setting_up_twice_says_everything_once() -> None:
    output = output_of("""
        logs.set_up("error")
        logging.getLogger("bot").warning("unsaid")
        logging.getLogger("bot").error("said")
    """)
    assert (output.count("said"), output.count("unsaid")) == (1, 0)
