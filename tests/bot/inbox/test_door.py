"""The door: an invitation, logging in and out, and coming back with the paper."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import pytest

from bot.brievenbus.lanes import QueueFull
from bot.storage import ReaderRow, SessionRow, StorageFull
from tests.bot.brievenbus.rig import IDLE, PASSWORD, Rig
from tests.bot.inbox.browser import Page
from tests.bot.inbox.conftest import Office, opened

NEW_PASSWORD = "een tweede rijtje losse woorden"


def key_on(page: Page) -> str:
    groups = re.findall(r'<li class="code">([A-Z2-7]{4})</li>', page.html)
    assert len(groups) == 8
    return "-".join(groups)


# --- enrolment ------------------------------------------------------------------------------------------------------


async def test_from_the_invitation_to_the_queue(office: Office, rig: Rig) -> None:
    # Given a link
    path = f"/inbox/uitnodiging/{await rig.staff.invite('jps', 'Antje de Vries')}"
    antje = await office.browser()
    # When she opens it
    page = await antje.get(path)
    # Then it says who she is here, and what a password needs
    assert page.status == 200
    assert "Welkom, Antje de Vries" in page.text
    assert "Basisschool JPS" in page.text
    assert page.form(path).fields["inlognaam"] == "antje.jps"
    assert "12 tekens" in page.text
    # When she chooses one
    page = await antje.send(page, path, wachtwoord=PASSWORD, nogmaals=PASSWORD)
    # Then she sees her recovery key, and it stands in no address
    key = key_on(page)
    assert "op papier, niet op de computer" in page.text
    assert key[:4] not in str(page.response.url)
    assert page.response.headers["cache-control"] == "no-store"
    # When she goes on
    page = await antje.get("/inbox/sleutel")
    # Then the key is not shown any more
    assert key not in page.html
    assert key[:9] not in page.html
    # When she mistypes it
    page = await antje.send(page, "/inbox/sleutel", sleutel=key[:-1])
    # Then she hears so, and how to get a new one
    assert page.status == 422
    assert "Dit is niet je herstelsleutel" in page.text
    assert page.form("/inbox/sleutel/nieuw")
    # When she types it well, in her own way
    page = await antje.send(page, "/inbox/sleutel", sleutel=key.lower().replace("-", " "))
    # Then she is in, and the box is open
    assert "Je herstelsleutel klopt" in page.text
    assert "Er zijn nu geen meldingen" in page.text
    assert "De brievenbus is dicht" not in page.text
    assert (await rig.staff.school("jps")).accepts


async def test_who_leaves_before_typing_the_key_back_is_reminded_and_gets_a_new_one(office: Office, rig: Rig) -> None:
    # Given a reader who closed the page with the key
    path = f"/inbox/uitnodiging/{await rig.staff.invite('jps', 'Antje')}"
    antje = await office.browser()
    old = key_on(await antje.send(await antje.get(path), path, wachtwoord=PASSWORD, nogmaals=PASSWORD))
    page = await antje.get()
    assert "Je hebt je herstelsleutel nog niet overgetypt" in page.text
    assert "De brievenbus is dicht" in page.text
    # When she makes a new one
    page = await antje.send(await antje.get("/inbox/sleutel"), "/inbox/sleutel/nieuw")
    new = key_on(page)
    assert new != old
    # Then only the new one counts, and the reminder goes
    page = await antje.send(await antje.get("/inbox/sleutel"), "/inbox/sleutel", sleutel=old)
    assert page.status == 422
    page = await antje.send(page, "/inbox/sleutel", sleutel=new)
    assert "nog niet overgetypt" not in page.text
    assert "De brievenbus is dicht" not in page.text


@pytest.mark.parametrize(
    ("password", "again", "says"),
    [
        ("", "", "te kort"),
        ("te kort", "te kort", "te kort"),
        ("welkom2026!!", "welkom2026!!", "gebruiken veel mensen"),
        ("antje.jps.12", "antje.jps.12", "je naam of de naam van de school"),
        ("aaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaa", "herhaalt steeds"),
        ("y" * 200 + "abcdef" * 20, "y" * 200 + "abcdef" * 20, "te lang"),
        (PASSWORD, PASSWORD + " ", "niet gelijk"),
    ],
)
async def test_a_refused_password_is_explained_and_not_repeated(
    office: Office, rig: Rig, password: str, again: str, says: str
) -> None:
    path = f"/inbox/uitnodiging/{await rig.staff.invite('jps', 'Antje')}"
    antje = await office.browser()
    page = await antje.send(await antje.get(path), path, wachtwoord=password, nogmaals=again)
    assert page.status == 422
    assert says in page.text
    assert not password or f'value="{password}"' not in page.html
    # And the invitation still works
    page = await antje.send(page, path, wachtwoord=PASSWORD, nogmaals=PASSWORD)
    assert key_on(page)


async def test_a_used_old_or_made_up_link_is_the_same_clear_page(office: Office, rig: Rig) -> None:
    # Given a used link, an old one and a made-up one
    used = await rig.staff.invite("jps", "Antje")
    await rig.staff.accept(used, PASSWORD)
    old = await rig.staff.invite("jps", "Ivonne")
    rig.clock.advance(hours=73)
    visitor = await office.browser()
    pages = [await visitor.get(f"/inbox/uitnodiging/{token}") for token in (used, old, "zomaar")]
    pages += [
        await visitor.post(f"/inbox/uitnodiging/{token}", {"wachtwoord": PASSWORD, "nogmaals": PASSWORD})
        for token in (used, old, "zomaar")
    ]
    # Then all say the same: ask the beheerder for a new one
    assert {page.status for page in pages} == {404}
    assert len({page.html for page in pages}) == 1
    assert "Vraag de beheerder" in pages[0].text


async def test_a_double_click_on_the_invitation_leaves_a_way_in(office: Office, rig: Rig) -> None:
    # Given a form that is sent twice at the same moment
    path = f"/inbox/uitnodiging/{await rig.staff.invite('jps', 'Antje')}"
    antje, same = await office.browser(), await office.browser()
    typed = {"wachtwoord": PASSWORD, "nogmaals": PASSWORD}
    pages = await asyncio.gather(antje.post(path, typed), same.post(path, typed))
    # Then one of the two is told that she can just log in, and she can
    assert sorted(page.status for page in pages) == [200, 404]
    refused = max(pages, key=lambda page: page.status)
    assert "Dan kun je gewoon inloggen" in refused.text
    assert "overgetypt" in (await (await office.browser()).log_in("antje.jps", PASSWORD)).text


# --- logging in -----------------------------------------------------------------------------------------------------


async def test_without_a_session_every_page_is_the_log_in_page(office: Office, rig: Rig) -> None:
    # Given a melding, and a visitor who knows its address
    await rig.person("Antje")
    melding = (await rig.post()).hex()
    visitor = await office.browser()
    first = await visitor.get()
    assert first.status == 200
    assert "Inloggen" in first.text
    # Then a melding that is there, one that is not, and the other pages all look the same
    pages = [
        await visitor.get(f"/inbox/{path}")
        for path in (f"melding/{melding}", f"melding/{'0' * 32}", "melding/x", "mensen", "sleutel")
    ]
    assert {page.status for page in pages} == {401}
    assert len({page.html for page in pages}) == 1


@pytest.mark.parametrize(
    ("username", "password", "status", "says"),
    [
        ("antje.jps", "een verkeerd wachtwoord", 401, "Inlognaam of wachtwoord klopt niet."),
        ("niemand.jps", PASSWORD, 401, "Inlognaam of wachtwoord klopt niet."),
        ("", "", 422, "Vul je inlognaam en je wachtwoord in."),
        ("antje.jps", "", 422, "Vul je inlognaam en je wachtwoord in."),
        ("😀" * 500, "\x00\x01", 401, "Inlognaam of wachtwoord klopt niet."),
    ],
)
async def test_a_wrong_log_in_is_said_plainly(
    office: Office, rig: Rig, username: str, password: str, status: int, says: str
) -> None:
    await rig.person("Antje")
    page = await (await office.browser()).log_in(username, password)
    assert page.status == status
    assert says in page.text
    assert page.form("/inbox/inloggen").fields["inlognaam"] == username
    assert page.form("/inbox/inloggen").fields["wachtwoord"] == ""
    assert "/inbox/herstel" in page.links


async def test_twenty_wrong_passwords_slow_down_and_lock_nobody_out(office: Office, rig: Rig) -> None:
    # Given a reader, and somebody who guesses twenty times and waits as long as is asked each time
    antje = await rig.person("Antje")
    stranger = await office.browser()
    waits = []
    for number in range(20):
        page = await stranger.log_in(antje.username, f"gok nummer {number}")
        assert "klopt niet" in page.text
        wait = int(page.response.headers.get("retry-after", "0"))
        assert page.status == (429 if wait else 401)
        assert (f"Probeer het over {wait} seconden opnieuw" in page.text) == bool(wait)
        waits.append(wait)
        rig.clock.advance(seconds=wait)
    # Then the waits grew, up to a minute
    assert waits == sorted(waits)
    assert waits[0] == 0
    assert waits[-1] == 60
    # And then the right password is let in
    page = await stranger.log_in(antje.username, PASSWORD)
    assert "Basisschool JPS Antje" in page.text


async def test_too_soon_is_not_called_wrong(office: Office, rig: Rig) -> None:
    antje = await rig.person("Antje")
    browser = await office.browser()
    for _ in range(3):
        await browser.log_in(antje.username, "een gok")
    # Given a right password that comes too soon
    page = await browser.log_in(antje.username, PASSWORD)
    # Then it says how long to wait, and not that it was wrong
    assert page.status == 429
    assert "te snel" in page.text
    assert "klopt niet" not in page.text
    assert re.search(r"over \d+ seconden? opnieuw", page.text)


async def test_a_known_device_is_not_slowed_by_a_stranger(office: Office, rig: Rig) -> None:
    # Given a browser in which a reader logged in once, and out again
    antje = await rig.person("Antje")
    known = await office.logged_in(antje)
    await known.send(await known.get(), "/inbox/uitloggen")
    # When a stranger guesses until it is slow
    stranger = await office.browser()
    for _ in range(6):
        await stranger.log_in(antje.username, "een gok")
    # Then the known browser is let in at once
    assert "Basisschool JPS Antje" in (await known.log_in(antje.username, PASSWORD)).text


async def test_logging_in_again_ends_the_session_before(office: Office, rig: Rig) -> None:
    antje = await rig.person("Antje")
    browser = await office.logged_in(antje)
    before = len(await rig.storage.find(SessionRow, {}))
    await browser.post("/inbox/inloggen", {"inlognaam": antje.username, "wachtwoord": PASSWORD})
    assert len(await rig.storage.find(SessionRow, {})) == before


async def test_when_it_is_very_busy_that_is_said(office: Office, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    antje = await rig.person("Antje")

    async def full(work: object) -> None:
        raise QueueFull

    monkeypatch.setattr(rig.lanes.staff, "run", full)
    page = await (await office.browser()).log_in(antje.username, PASSWORD)
    assert page.status == 503
    assert "Het is nu heel druk" in page.text
    assert page.response.headers["retry-after"] == "60"


# --- the end of a session -------------------------------------------------------------------------------------------


async def test_logging_out(office: Office, rig: Rig) -> None:
    # Given a reader in the inbox
    antje = await rig.person("Antje")
    browser = await office.logged_in(antje)
    cookie = browser.client.cookies["brievenbus"]
    page = await browser.get()
    # When she logs out
    answer = await browser.client.post("/inbox/uitloggen", data=page.form("/inbox/uitloggen").fields, follow_redirects=False)
    # Then the browser forgets, and so does the server
    assert answer.status_code == 303
    assert answer.headers["clear-site-data"] == '"cache"'
    assert "brievenbus" not in browser.client.cookies
    assert await rig.staff.session(cookie) is None
    assert "Je bent uitgelogd" in (await browser.get(answer.headers["location"])).text


async def test_who_was_away_too_long_hears_so_and_is_back_in_the_queue(office: Office, rig: Rig) -> None:
    # Given a reader who typed for too long
    antje = await rig.person("Antje")
    melding = (await rig.post()).hex()
    browser = await office.logged_in(antje)
    page = await browser.get(f"/inbox/melding/{melding}")
    rig.clock.advance(IDLE + timedelta(minutes=1))
    # When she sends what she typed
    page = await browser.send(page, f"/inbox/melding/{melding}/antwoord", tekst="Dank je wel, ik lees dit.")
    # Then she hears that it was not sent, and it is not there
    assert page.status == 401
    assert "Je was te lang weg. Wat je net typte, is niet verstuurd" in page.text
    assert "ik lees dit" not in page.text
    # When she logs in
    page = await browser.send(page, "/inbox/inloggen", inlognaam=antje.username, wachtwoord=PASSWORD)
    # Then she is in the queue
    assert str(page.response.url).endswith("/inbox/")
    assert f"/inbox/melding/{melding}" in page.links


async def test_an_expired_session_is_mentioned_once(office: Office, rig: Rig) -> None:
    browser = await office.logged_in(await rig.person("Antje"))
    rig.clock.advance(IDLE)
    assert "Je was te lang weg" in (await browser.get()).text
    assert "Je was te lang weg" not in (await browser.get()).text


# --- the recovery key -----------------------------------------------------------------------------------------------


async def test_a_forgotten_password(office: Office, rig: Rig) -> None:
    # Given a reader with a melding and the paper
    antje = await rig.person("Antje")
    melding = (await rig.post()).hex()
    browser = await office.browser()
    page = await browser.get("/inbox/herstel")
    # When she types the key from the paper, first with slips
    page = await browser.send(page, "/inbox/herstel")
    assert "Vul je inlognaam en je herstelsleutel in" in page.text
    wrong = {"inlognaam": antje.username, "sleutel": "AAAA-BBBB", "wachtwoord": NEW_PASSWORD, "nogmaals": NEW_PASSWORD}
    page = await browser.send(page, "/inbox/herstel", **wrong)
    assert page.status == 401
    assert "Inlognaam of herstelsleutel klopt niet" in page.text
    page = await browser.send(page, "/inbox/herstel", **{**wrong, "sleutel": antje.recovery_key, "nogmaals": "anders"})
    assert "niet gelijk" in page.text
    page = await browser.send(page, "/inbox/herstel", wachtwoord="wachtwoord2026", nogmaals="wachtwoord2026")
    assert "gebruiken veel mensen" in page.text
    # The key need not be typed again
    page = await browser.send(page, "/inbox/herstel", wachtwoord=NEW_PASSWORD, nogmaals=NEW_PASSWORD)
    # Then she is in, and the melding still opens
    assert "Je nieuwe wachtwoord werkt" in page.text
    assert antje.recovery_key not in page.html
    assert "Ze pakken steeds mijn tas af." in (await browser.get(f"/inbox/melding/{melding}")).text
    # And the old password is over
    assert (await (await office.browser()).log_in(antje.username, PASSWORD)).status == 401


# --- cookies, headers, odd requests ---------------------------------------------------------------------------------


async def test_the_cookies_over_tls(tmp_path: Path) -> None:
    async with opened(tmp_path, secure=True) as office:
        antje = await office.rig.person("Antje")
        browser = await office.browser()
        answer = await browser.client.post(
            "/inbox/inloggen", data={"inlognaam": antje.username, "wachtwoord": PASSWORD}, follow_redirects=False
        )
        cookies = {line.partition("=")[0]: line.lower() for line in answer.headers.get_list("set-cookie")}
        assert set(cookies) == {"__Host-brievenbus", "__Host-apparaat"}
        for line in cookies.values():
            assert "; secure" in line
            assert "; httponly" in line
            assert "; samesite=lax" in line
            assert "path=/" in line
            assert "domain" not in line
        assert "max-age" not in cookies["__Host-brievenbus"]
        assert "max-age=31536000" in cookies["__Host-apparaat"]
        # A cookie that another host of the domain could have set is not taken
        value = (
            next(line for line in answer.headers.get_list("set-cookie") if "brievenbus" in line).split(";")[0].partition("=")[2]
        )
        for name, status in (("__Host-brievenbus", 200), ("brievenbus", 401), ("__Secure-__Host-brievenbus", 401)):
            page = await browser.client.get("/inbox/mensen", headers={"cookie": f"{name}={value}"})
            assert page.status_code == status


async def test_a_demo_says_so_on_every_page(tmp_path: Path) -> None:
    async with opened(tmp_path, demo=True) as office:
        antje = await office.rig.person("Antje")
        melding = (await office.rig.post()).hex()
        visitor, reader = await office.browser(), await office.logged_in(antje)
        pages = [await visitor.get(path) for path in ("/inbox/", "/inbox/herstel", "/inbox/uitnodiging/x", "/inbox/mensen")]
        pages += [
            await reader.get(path)
            for path in ("/inbox/", "/inbox/mensen", "/inbox/sleutel", f"/inbox/melding/{melding}", "/inbox/melding/x")
        ]
        assert all("DEMO: niemand leest dit" in page.text for page in pages)


async def test_no_demo_does_not(office: Office, rig: Rig) -> None:
    assert "DEMO" not in (await (await office.logged_in(await rig.person("Antje"))).get()).text


async def test_pages_load_nothing_from_elsewhere_and_have_one_title(office: Office, rig: Rig) -> None:
    antje = await rig.person("Antje")
    melding = (await rig.post()).hex()
    browser = await office.logged_in(antje)
    for path in ("/inbox/", "/inbox/mensen", "/inbox/sleutel", f"/inbox/melding/{melding}", "/inbox/herstel", "/inbox/melding/x"):
        page = await browser.get(path)
        assert "<title>Inbox</title>" in page.html
        assert '<html lang="nl">' in page.html
        assert "<script" not in page.html
        assert " style=" not in page.html
        addresses = re.findall(r'(?:src|href|action)="([^"]*)"', page.html)
        assert addresses
        assert all(address.startswith(("/inbox/", "#")) for address in addresses)
    style = await browser.get("/inbox/stijl.css")
    assert style.response.headers["content-type"].startswith("text/css")
    assert "prefers-color-scheme: dark" in style.html
    assert "url(" not in style.html
    assert "@import" not in style.html


async def test_the_address_of_a_form_leads_back_to_its_page(office: Office, rig: Rig) -> None:
    antje = await rig.person("Antje")
    melding = (await rig.post()).hex()
    browser = await office.logged_in(antje)
    for path, ends in (
        ("/inbox/inloggen", "/inbox/"),
        ("/inbox/uitloggen", "/inbox/"),
        ("/inbox/sleutel/nieuw", "/inbox/sleutel"),
        ("/inbox/mensen/bevestigen", "/inbox/mensen"),
        (f"/inbox/melding/{melding}/antwoord", f"/inbox/melding/{melding}"),
        ("/inbox/melding/%0d%0aset-cookie:x/status", "/inbox/"),
        ("/inbox/melding/..%2f..%2f/status", "/inbox/"),
    ):
        page = await browser.get(path)
        assert page.status == 200
        assert str(page.response.url).removeprefix(office.address) == ends


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\xff\xfe%ff%00", "application/x-www-form-urlencoded"),
        (b"a=1&" * 500, "application/x-www-form-urlencoded"),
        (b'{"inlognaam": "antje.jps"}', "application/json"),
        (b"--x\r\nnonsense", "multipart/form-data"),
        (b"", ""),
    ],
)
async def test_what_is_no_form_is_an_empty_form(office: Office, rig: Rig, content: bytes, kind: str) -> None:
    browser = await office.browser()
    answer = await browser.client.post("/inbox/inloggen", content=content, headers={"content-type": kind})
    assert answer.status_code == 422


async def test_a_full_disk_at_the_door(office: Office, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a disk that is full
    antje = await rig.person("Antje")
    path = f"/inbox/uitnodiging/{await rig.staff.invite('jps', 'Ivonne')}"
    browser = await office.browser()
    page = await browser.get(path)
    reader = await office.logged_in(antje)
    queue = await reader.get()

    async def full(unit: object) -> None:
        raise StorageFull("full")

    monkeypatch.setattr(rig.storage, "commit", full)
    # Then nobody comes in, it says what to do, and nothing was kept
    refused = await browser.send(page, path, wachtwoord=PASSWORD, nogmaals=PASSWORD)
    assert refused.status == 503
    assert "Er is niets bewaard" in refused.text
    assert "beheerder" in refused.text
    assert len(await rig.storage.find(ReaderRow, {})) == 1
    # But logging out works: the browser forgets
    out = await reader.send(queue, "/inbox/uitloggen")
    assert "Je bent uitgelogd" in out.text
    monkeypatch.undo()
    assert key_on(await browser.send(page, path, wachtwoord=PASSWORD, nogmaals=PASSWORD))
