"""The server itself: what every response carries, who is refused, and how it starts and stops."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any

import httpx
import pytest
from sanic import Blueprint, Sanic
from sanic.response import text

from bot.web import QUICK_EXIT, create_app, serve
from tests.bot.web.conftest import KEY, SCHOOLS, FakeTalks, Run, Web

CHAT_PAGES = ["/", "/jps/", "/nergens/", "/a/b/c/d", "/favicon.ico"]
OTHERS = ["/healthz", "/snel-weg", "/stijl.css", "/chat.js", "/icoon.svg", "/nergens/messages"]


async def well() -> bool:
    return True


async def send_raw(web: Web, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(request)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def assert_safe(headers: httpx.Headers, *, script: bool) -> None:
    assert headers["content-security-policy"] == (
        "default-src 'none'; " + ("script-src 'self'; connect-src 'self'; " if script else "") + "style-src 'self'; "
        "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    for name in ("server", "set-cookie", "access-control-allow-origin", "x-powered-by", "etag", "strict-transport-security"):
        assert name not in headers


@pytest.mark.parametrize("address", CHAT_PAGES + OTHERS)
async def test_every_response_carries_the_headers_and_no_cookie(web: Web, address: str) -> None:
    answer = await web.client.get(address, headers={"Cookie": "a=b"})
    assert_safe(answer.headers, script=address in CHAT_PAGES)
    assert not web.client.cookies


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9\r\n\r\n",
        b"GET /<script> HTTP/1.1\r\nA: " + b"x" * 20_000 + b"\r\n\r\n",
        b"POST /jps/ HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST /jps/ HTTP/1.1\r\nHost: x\r\nContent-Length: nee\r\n\r\n",
        b"POST /jps/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=range(6),
)
async def test_so_does_the_answer_to_what_is_no_request(web: Web, request_bytes: bytes) -> None:
    answer = await send_raw(web, request_bytes)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split(b" ")[1]) in (400, 413)
    assert_safe(httpx.Headers([line.split(b": ", 1) for line in head.split(b"\r\n")[1:]]), script=True)  # type: ignore[misc]
    assert b"Begin opnieuw" in body
    assert b"<script>" not in body
    assert b"Traceback" not in body


async def test_an_address_of_strange_bytes_is_hung_up_on_and_the_server_goes_on(web: Web) -> None:
    assert await send_raw(web, b"GET \xff HTTP/1.1\r\n\r\n") == b""
    assert (await web.client.get("/healthz")).text == "ok"


async def test_over_tls_browsers_are_told_to_insist(run: Run) -> None:
    async with run(host_is_loopback=False) as web:
        answer = await web.client.get("/")
        assert answer.headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_refused_in_dutch(web: Web, method: str) -> None:
    answer = await web.client.request(method, "/jps/")
    assert answer.status_code == 405
    assert "Dat kan op deze pagina niet." in answer.text
    assert_safe(answer.headers, script=True)
    assert set((await web.client.request(method, "/healthz")).headers["allow"].split(", ")) == {"GET", "HEAD"}


async def test_a_look_without_a_body(web: Web) -> None:
    for address in ("/", "/jps/", "/healthz", "/stijl.css", "/chat.js"):
        answer = await web.client.head(address)
        assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("address", ["/a/b/c", "/jps/x", "/jps/conversation/x", "/%3Cscript%3E/"])
async def test_an_unknown_page_says_so_and_repeats_nothing(web: Web, address: str) -> None:
    answer = await web.client.get(address)
    assert answer.status_code == 404
    assert answer.text.count("script") == 2  # our own, opened and closed
    assert 'href="tel:112"' in answer.text  # help is one tap away, here too
    assert '"/snel-weg"' in answer.text


async def test_an_error_in_a_page_shows_no_trace(web: Web, caplog: Any) -> None:
    fields = await web.begin()
    web.talks.error = RuntimeError("geheime woorden")
    answer = await web.client.post("/jps/", data={**fields, "text": "mijn woorden"})
    assert answer.status_code == 500
    assert "Er ging iets mis bij ons." in answer.text
    for hidden in ("woorden", "RuntimeError", "Traceback"):
        assert hidden not in answer.text
    assert "RuntimeError at " in caplog.text
    assert "woorden" not in caplog.text


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"Origin": "http://{host}"}, True),
        ({"Origin": "http://{host}", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "https://{host}"}, True),  # a proxy in between carries TLS
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, True),  # our own form, because of no-referrer
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Origin": "null"}, False),
        ({"Origin": "null", "Sec-Fetch-Site": "none"}, False),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": "https://example.org"}, False),
        ({"Origin": "https://example.org", "Sec-Fetch-Site": "same-origin"}, False),
        ({"Origin": "http://{host}.example.org"}, False),
        ({"Origin": "http://127.0.0.1"}, False),
        ({"Origin": "http://127.0.0.1:1"}, False),
        ({"Origin": "http://[::"}, False),
        ({"Origin": ""}, False),
        ({"Origin": "file://"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
    ],
    ids=range(19),
)
async def test_only_our_own_pages_may_post(web: Web, headers: dict[str, str], allowed: bool) -> None:
    fields, sender = await web.begin(), await web.sender()
    given = {name: value.format(host=f"127.0.0.1:{web.port}") for name, value in headers.items()}
    page = await web.client.post("/jps/", data={**fields, "text": "x"}, headers=given)
    message = await web.client.post("/jps/messages", json={"sender": sender, "message": "x"}, headers=given)
    opened = await web.client.post("/jps/conversation", json={}, headers=given)
    assert {page.status_code, message.status_code, opened.status_code} == {200 if allowed else 403}
    assert len(web.talks.heard) == (2 if allowed else 0)
    if not allowed:
        assert set(message.json()) == {"fout"}
        assert_safe(page.headers, script=True)


async def test_a_browser_that_is_too_old_hears_why(web: Web) -> None:
    answer = await web.client.post("/jps/", data={**await web.begin(), "text": "x"}, headers={"Origin": "null"})
    assert "te oud" in answer.text


async def test_a_link_on_another_site_may_lead_here_but_its_scripts_may_not_read(web: Web) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert (await web.client.get("/jps/", headers=link)).status_code == 200
    script = {"Sec-Fetch-Site": "cross-site", "Origin": "https://example.org"}
    assert (await web.client.get("/jps/", headers=script)).status_code == 403


async def test_nothing_is_made_from_the_host_header(web: Web) -> None:
    answer = await web.client.get("/jps/", headers={"Host": "kwaad.example", "X-Forwarded-Host": "kwaad.example"})
    assert answer.status_code == 200
    assert "kwaad" not in answer.text
    assert "http" not in answer.text.replace('http-equiv="', "")


async def test_the_way_out(web: Web) -> None:
    answer = await web.client.get("/snel-weg")
    assert answer.status_code == 303
    assert answer.headers["location"] == QUICK_EXIT
    assert answer.headers["clear-site-data"] == '"cache"'
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(("state", "status"), [(True, 200), (False, 503), (RuntimeError("x"), 503)])
async def test_health(web: Web, state: bool | Exception, status: int) -> None:
    web.well[0] = state
    answer = await web.client.get("/healthz")
    assert answer.status_code == status
    assert (answer.text == "ok") == (status == 200)


async def test_the_script_is_small_and_touches_nothing_outside_its_page(web: Web) -> None:
    script = await web.client.get("/chat.js")
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    code = re.sub(r"^\s*//.*$|\s// .*$", "", script.text, flags=re.MULTILINE)
    assert len(code) < 6_000  # read before every first conversation, also over a bad connection
    for part in ("innerHTML", "insertAdjacent", "document.write", "eval", "Storage", "indexedDB", "cookie", "http", "console"):
        assert part not in code


async def test_style_and_icon(web: Web) -> None:
    style = await web.client.get("/stijl.css")
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    for part in ("url(", "@import", "http"):
        assert part not in style.text  # nothing from elsewhere
    assert (await web.client.get("/icoon.svg")).headers["content-type"].startswith("image/svg+xml")


async def test_a_demo_says_so_on_every_page(run: Run) -> None:
    async with run(demo=True) as web:
        fields = await web.begin()
        pages = [await web.client.get(address) for address in ("/", "/jps/", "/nergens/", "/a/b/c")]
        pages.append(await web.client.post("/jps/", data={**fields, "text": "x"}))
        pages.append(await web.client.post("/jps/", data={**fields, "text": "x" * 20_001}))
        for page in pages:
            assert "DEMO: niemand leest dit" in page.text
    async with run(demo=False) as web:
        assert "DEMO" not in (await web.client.get("/jps/")).text


async def test_several_servers_in_one_process(run: Run) -> None:
    async with run() as first, run() as second:
        assert first.port != second.port
        for web in (first, second):
            answer = await web.client.get("/healthz")
            assert answer.text == "ok"
            assert "alt-svc" not in answer.headers


async def test_the_inbox_has_its_own_pages_and_the_same_headers() -> None:
    inbox = Blueprint("inbox", url_prefix="/inbox")

    @inbox.get("/")
    async def show(_request: Any) -> Any:
        return text("inbox")

    app = create_app(FakeTalks(), SCHOOLS, KEY, inbox, demo=False, host_is_loopback=True, health=well)
    serving = await serve(app, "127.0.0.1", 0)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{serving.port}") as client:
            answer = await client.get("/inbox/")
            assert answer.text == "inbox"
            assert_safe(answer.headers, script=False)
    finally:
        await serving.stop()


async def test_stopping_lets_a_running_request_finish_and_then_refuses() -> None:
    talks = FakeTalks()
    handle, begun = talks.handle, asyncio.Event()

    async def slow(incoming: Any) -> Any:
        begun.set()
        await asyncio.sleep(0.3)
        return await handle(incoming)

    talks.handle = slow  # type: ignore[method-assign]
    app = create_app(talks, SCHOOLS, KEY, None, demo=False, host_is_loopback=True, health=well)
    serving = await serve(app, "127.0.0.1", 0)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{serving.port}") as client:
        sender = (await client.post("/jps/conversation")).json()["sender"]
        running = asyncio.create_task(client.post("/jps/messages", json={"sender": sender, "message": "x"}))
        await begun.wait()
        await serving.stop()
        assert (await running).status_code == 200
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{serving.port}") as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("/healthz")
    await serving.stop()  # once more does no harm
    assert app.name not in Sanic._app_registry


async def test_stopping_does_not_wait_for_ever() -> None:
    talks = FakeTalks()
    begun = asyncio.Event()

    async def never(_incoming: Any) -> Any:
        begun.set()
        await asyncio.sleep(60)

    talks.handle = never  # type: ignore[method-assign]
    serving = await serve(create_app(talks, SCHOOLS, KEY, None, demo=False, host_is_loopback=True, health=well), "127.0.0.1", 0)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{serving.port}") as client:
        sender = (await client.post("/jps/conversation")).json()["sender"]
        running = asyncio.create_task(client.post("/jps/messages", json={"sender": sender, "message": "x"}))
        await begun.wait()
        began = time.monotonic()
        await serving.stop()
        assert time.monotonic() - began < 3
        with pytest.raises(httpx.HTTPError):
            await running


async def test_a_port_that_is_taken_is_an_error_of_the_system(web: Web) -> None:
    app = create_app(FakeTalks(), SCHOOLS, KEY, None, demo=False, host_is_loopback=True, health=well)
    with pytest.raises(OSError, match="in use"):
        await serve(app, "127.0.0.1", web.port)
