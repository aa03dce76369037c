"""The page "Seintjes": on and off, by mail and on Telegram, and what is said when something does not arrive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bot.brievenbus.addresses import Way
from bot.brievenbus.notice_sender import ConfirmationSender, NoticeSender
from bot.outbox import CONFIRMATION, NOTICE, Refused
from tests.bot.brievenbus.rig import Person, Rig
from tests.bot.inbox.browser import Browser, Page
from tests.bot.inbox.conftest import Office

PAGE = "/inbox/seintjes"


class Post:
    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.unknown = False

    async def send(self, destination: str, payload: Mapping[str, Any]) -> None:
        if self.unknown:
            raise Refused
        self.sent.append((destination, payload["tekst"]))


@pytest.fixture
async def antje(rig: Rig) -> Person:
    return await rig.person("Antje")


@pytest.fixture
async def browser(office: Office, antje: Person) -> Browser:
    return await office.logged_in(antje)


@pytest.fixture
def post() -> Post:
    return Post()


async def deliver(rig: Rig, post: Post) -> None:
    ways = {Way.MAIL: post, Way.TELEGRAM: post}
    notices = NoticeSender(rig.notices, rig.storage, rig.roster, rig.clock, ways)
    await rig.outbox.drain({NOTICE: notices, CONFIRMATION: ConfirmationSender(post, rig.clock)})


async def turn_on_mail(rig: Rig, browser: Browser, post: Post, address: str = "antje@example.org") -> Page:
    page = await browser.send(await browser.get(PAGE), f"{PAGE}/mail", adres=address)
    await deliver(rig, post)
    code = next(word.strip(".") for word in post.sent[-1][1].split() if word.strip(".").isdigit() and len(word) > 7)
    return await browser.send(page, f"{PAGE}/code", code=code)


async def test_the_menu_leads_to_it_and_it_says_when_notices_come(rig: Rig, browser: Browser) -> None:
    assert PAGE in (await browser.get()).links
    page = await browser.get(PAGE)
    assert page.status == 200
    assert "op schooldagen om 08:15, 12:15 en 15:30 uur" in page.text
    assert "Bij spoed komt het meteen" in page.text
    # Off by default
    assert "Zet mail uit" not in page.text


async def test_mail_is_turned_on_by_a_code_and_off_again(rig: Rig, browser: Browser, post: Post) -> None:
    page = await browser.send(await browser.get(PAGE), f"{PAGE}/mail", adres="antje@example.org")
    assert "Er is een code onderweg" in page.text
    assert "We stuurden een code naar antje@example.org" in page.text
    await deliver(rig, post)
    page = await browser.send(page, f"{PAGE}/code", code="12")
    assert (page.status, "Dit is niet de code" in page.text) == (422, True)
    page = await turn_on_mail(rig, browser, post)
    assert "Gelukt. Je krijgt vanaf nu seintjes per mail." in page.text
    assert "Seintjes gaan naar antje@example.org" in page.text
    assert "Typ de code over" not in page.text
    page = await browser.send(page, f"{PAGE}/uit")
    assert "Uitgezet." in page.text
    assert "antje@example.org" not in page.html


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Vul een mailadres in."),
        ("antje", "geen mailadres dat we kunnen gebruiken"),
        ("info@school.nl", "Dit is een adres dat meer mensen lezen."),
    ],
)
async def test_what_is_no_address_comes_back(browser: Browser, typed: str, says: str) -> None:
    page = await browser.send(await browser.get(PAGE), f"{PAGE}/mail", adres=typed)
    assert page.status == 422
    assert says in page.text
    assert page.form(f"{PAGE}/mail").fields["adres"] == typed


async def test_too_many_codes_and_wrong_codes_are_slowed(browser: Browser) -> None:
    for _ in range(6):
        page = await browser.send(await browser.get(PAGE), f"{PAGE}/mail", adres="antje@example.org")
    assert (page.status, "al een paar codes gestuurd" in page.text) == (429, True)
    for _ in range(9):
        page = await browser.send(page, f"{PAGE}/code", code="00000001")
    assert (page.status, "Dit was te snel" in page.text) == (429, True)
    assert int(page.response.headers["Retry-After"]) > 0


async def test_an_address_of_another_reader_is_not_taken(office: Office, rig: Rig, browser: Browser, post: Post) -> None:
    mina = await rig.person("Mina", "vo")
    await turn_on_mail(rig, browser, post)
    page = await turn_on_mail(rig, await office.logged_in(mina), post)
    assert (page.status, "Dit adres is al van een andere lezer." in page.text) == (422, True)


async def test_telegram_is_linked_by_a_token_that_stands_on_no_address(rig: Rig, browser: Browser) -> None:
    assert "Koppel Telegram" not in (await browser.get(PAGE)).text
    rig.notices.telegram_bot = "brievenbus_bot"
    page = await browser.send(await browser.get(PAGE), f"{PAGE}/telegram")
    [link] = [link for link in page.links if link.startswith("https://t.me/brievenbus_bot?start=")]
    token = link.partition("start=")[2]
    assert f"/start {token}" in page.text
    assert token not in str(page.response.url)
    await rig.notices.link_telegram(token, 4711)
    page = await browser.get(PAGE)
    assert "Er is een privéchat gekoppeld." in page.text
    assert "4711" not in page.html
    page = await browser.send(page, f"{PAGE}/uit")
    assert "privéchat gekoppeld" not in page.text


async def test_without_mail_or_bot_the_page_says_so(rig: Rig, browser: Browser) -> None:
    rig.notices.mail = False
    page = await browser.get(PAGE)
    assert "De beheerder kan een mailserver instellen." in page.text
    assert "De beheerder kan een bot op Telegram instellen." in page.text
    assert len(page.forms) == 1  # logging out


async def test_what_does_not_arrive_is_said_to_its_reader_only(
    office: Office, rig: Rig, antje: Person, browser: Browser, post: Post
) -> None:
    """Not to colleagues: who is excluded from a melding would see that a notice about it was tried."""
    ivonne = await rig.person("Ivonne", by=antje)
    of_ivonne = await office.logged_in(ivonne)
    await turn_on_mail(rig, browser, post)
    pages = ("/inbox/", "/inbox/mensen", PAGE)
    before = [(await of_ivonne.get(path)).normalised for path in pages]
    post.unknown = True
    await rig.post(urgent=True, without=(ivonne,))
    await deliver(rig, post)
    assert "We konden je geen seintje sturen: je mailadres werkt niet meer." in (await browser.get()).text
    page = await browser.get(PAGE)
    assert "je mailadres werkt niet meer. Geef een ander adres" in page.text
    assert [(await of_ivonne.get(path)).normalised for path in pages] == before
    # When it works again, then nothing is said any more
    post.unknown = False
    await turn_on_mail(rig, browser, post)
    assert "geen seintje" not in (await browser.get()).text


async def test_forms_of_elsewhere_do_nothing(rig: Rig, antje: Person, browser: Browser) -> None:
    rig.notices.telegram_bot = "brievenbus_bot"
    for path in ("mail", "code", "telegram", "uit"):
        page = await browser.post(f"{PAGE}/{path}", {"adres": "x@example.org", "weg": "mail"})
        assert page.status == 403
        assert (await browser.get(f"{PAGE}/{path}")).status == 200  # leads back to the page
    token = (await browser.get(PAGE)).form(f"{PAGE}/mail").fields["csrf"]
    page = await browser.post(f"{PAGE}/uit", {"csrf": token, "weg": "postduif"})
    assert page.status == 403


async def test_it_is_for_who_is_logged_in(office: Office) -> None:
    page = await (await office.browser()).get(PAGE)
    assert page.status == 401
    assert "Log eerst in." in page.text
