"""The queue in its order, and the people who read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.brievenbus.inbox import PAGE
from bot.storage import ReaderRow
from tests.bot.brievenbus.rig import PASSWORD, Rig
from tests.bot.inbox.conftest import Office


def melding_links(links: list[str]) -> list[str]:
    return [link.removeprefix("/inbox/melding/") for link in links if link.startswith("/inbox/melding/")]


# --- the queue ------------------------------------------------------------------------------------------------------


async def test_spoed_comes_first_then_new_and_closed_comes_last(office: Office, rig: Rig) -> None:
    # Given meldingen of several days: one closed, one read, one new, one urgent and read
    antje = await rig.person("Antje")
    browser = await office.logged_in(antje)
    closed, read, urgent = await rig.post(urgent=True), await rig.post(), await rig.post(urgent=True)
    for melding, state in ((closed, "afgesloten"), (read, ""), (urgent, "")):
        address = f"/inbox/melding/{melding.hex()}"
        page = await browser.get(address)
        if state:
            await browser.send(page, f"{address}/status", status=state)
    rig.clock.advance(days=1)
    browser = await office.logged_in(antje)
    new = await rig.post()
    # Then they stand in that order
    page = await browser.get()
    assert melding_links(page.links) == [melding.hex() for melding in (urgent, new, read, closed)]
    # And each says when, and what it is
    assert "vandaag, ochtend" in page.text
    assert "gisteren, ochtend" in page.text
    assert page.text.count("spoed") == 2
    assert "nieuw: 1 · gelezen: 2 · afgesloten: 1" in page.text


async def test_days_are_named_in_dutch(office: Office, rig: Rig) -> None:
    antje = await rig.person("Antje")
    await rig.post()
    rig.clock.advance(days=2)
    assert "vrijdag 20 november, ochtend" in (await (await office.logged_in(antje)).get()).text


async def test_a_new_message_is_marked_until_somebody_opens_it(office: Office, rig: Rig) -> None:
    # Given a melding in hand, and a pupil who writes on
    antje = await rig.person("Antje")
    melding = await rig.post()
    browser = await office.logged_in(antje)
    address = f"/inbox/melding/{melding.hex()}"
    await browser.send(await browser.get(address), f"{address}/status", status="in behandeling")
    assert "nieuw bericht" not in (await browser.get()).text
    await rig.write(melding, "Het gebeurde weer.")
    # Then the queue marks it, until it is opened
    assert "in behandeling nieuw bericht" in (await browser.get()).text
    assert "Het gebeurde weer." in (await browser.get(address)).text
    assert "nieuw bericht" not in (await browser.get()).text


async def test_pages_of_the_queue(office: Office, rig: Rig) -> None:
    # Given more meldingen than fit on a page
    antje = await rig.person("Antje")
    posted = {(await rig.post()).hex() for _ in range(PAGE + 2)}
    browser = await office.logged_in(antje)
    # Then the pages have them all, once, and lead to each other
    first = await browser.get()
    assert len(melding_links(first.links)) == PAGE
    assert "/inbox/?pagina=2" in first.links
    assert "/inbox/?pagina=0" not in first.links
    second = await browser.get("/inbox/?pagina=2")
    assert "/inbox/?pagina=1" in second.links
    assert "/inbox/?pagina=3" not in second.links
    assert set(melding_links(first.links) + melding_links(second.links)) == posted
    # And beyond the end it says so, and leads back
    beyond = await browser.get("/inbox/?pagina=9")
    assert "Op deze pagina staat niets meer" in beyond.text
    assert "/inbox/?pagina=8" in beyond.links


@pytest.mark.parametrize("asked", ["0", "-1", "x", "99999999999999999999", "%00", "1.5", ""])
async def test_a_page_that_is_no_number_is_the_first(office: Office, rig: Rig, asked: str) -> None:
    antje = await rig.person("Antje")
    await rig.post()
    page = await (await office.logged_in(antje)).get(f"/inbox/?pagina={asked}")
    assert page.status == 200
    assert len(melding_links(page.links)) == 1


async def test_an_unknown_sentence_is_not_said(office: Office, rig: Rig) -> None:
    browser = await office.logged_in(await rig.person("Antje"))
    assert (await browser.get("/inbox/?gedaan=<b>x</b>")).normalised == (await browser.get()).normalised


async def test_readers_of_different_schools_see_their_own(office: Office, rig: Rig) -> None:
    antje, diana = await rig.person("Antje"), await rig.person("Diana", "vo")
    hers, his = await rig.post(), await rig.post(school="vo")
    assert melding_links((await (await office.logged_in(antje)).get()).links) == [hers.hex()]
    page = await (await office.logged_in(diana)).get()
    assert melding_links(page.links) == [his.hex()]
    assert "De middelbare school" in page.text


# --- people ---------------------------------------------------------------------------------------------------------


async def test_a_colleague_is_confirmed_by_reading_out_a_number(office: Office, rig: Rig) -> None:
    # Given a reader, and a colleague who enrolled
    antje, ivonne = await rig.person("Antje"), await rig.person("Ivonne")
    hers, mine = await office.logged_in(ivonne), await office.logged_in(antje)
    # Then the colleague reads that she waits, and her own number
    assert "Een collega moet jou nog bevestigen" in (await hers.get()).text
    number = ivonne.session.reader.fingerprint
    waiting = await hers.get("/inbox/mensen")
    assert number in waiting.text
    assert not [form for form in waiting.forms if form.action.startswith("/inbox/mensen/bevestigen")]
    # And the reader is asked, without seeing the colleague's number
    assert "Ivonne wacht op bevestiging" in (await mine.get()).text
    page = await mine.get("/inbox/mensen")
    assert number not in page.html
    assert number.replace(" ", "") not in page.html
    assert antje.session.reader.fingerprint in page.text
    # When another number is typed
    page = await mine.send(page, "/inbox/mensen/bevestigen", controlegetal=antje.session.reader.fingerprint)
    # Then it is refused, and says what to do
    assert page.status == 422
    assert "Dit getal hoort niet bij de sleutel van Ivonne" in page.text
    assert "bel de beheerder" in page.text
    # When the right one is typed
    page = await mine.send(page, "/inbox/mensen/bevestigen", controlegetal=number)
    # Then the colleague reads what is sent from now on
    assert "Je collega is bevestigd" in page.text
    assert "wacht op bevestiging" not in page.text
    await rig.post()
    assert len(melding_links((await hers.get()).links)) == 1


@pytest.mark.parametrize("who", ["", "x", "0" * 32, "é"])
async def test_confirming_nobody_is_refused(office: Office, rig: Rig, who: str) -> None:
    antje = await rig.person("Antje")
    ivonne = await rig.person("Ivonne")
    browser = await office.logged_in(antje)
    form = (await browser.get("/inbox/mensen")).form("/inbox/mensen/bevestigen")
    typed = {**form.fields, "wie": who, "controlegetal": ivonne.session.reader.fingerprint}
    assert (await browser.post(form.action, typed)).status == 422
    assert "wacht op bevestiging" in (await browser.get("/inbox/mensen")).text


async def test_a_closed_box_is_mentioned(office: Office, rig: Rig) -> None:
    # Given one reader who has not typed the key back
    antje = await rig.person("Antje", typed_back=False)
    browser = await office.logged_in(antje)
    # Then she reads that the box is closed; and that a second reader opens it
    assert "De brievenbus is dicht" in (await browser.get()).text
    await rig.person("Ivonne", by=antje)
    assert "De brievenbus is dicht" not in (await browser.get()).text


async def test_a_list_of_readers_that_was_tampered_with_is_mentioned(office: Office, rig: Rig) -> None:
    # Given a waiting reader who was made active in the database
    antje = await rig.person("Antje")
    ivonne = await rig.person("Ivonne")
    await rig.forge_state(ivonne, "actief")
    browser = await office.logged_in(antje)
    # Then the queue says so, nobody can be confirmed, and enrolling stops
    assert "De lijst met lezers van deze school klopt niet" in (await browser.get()).text
    page = await browser.get("/inbox/mensen")
    assert "Bevestig nu niemand" in page.text
    assert not [form for form in page.forms if form.action.startswith("/inbox/mensen/bevestigen")]
    link = f"/inbox/uitnodiging/{await rig.staff.invite('jps', 'Esther')}"
    visitor = await office.browser()
    page = await visitor.send(await visitor.get(link), link, wachtwoord=PASSWORD, nogmaals=PASSWORD)
    assert page.status == 500
    assert "De lijst met lezers klopt niet" in page.text
    # And what was altered logs nobody in
    assert (await (await office.browser()).log_in(ivonne.username, PASSWORD)).status == 401


async def test_somebody_else_at_the_same_moment(office: Office, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a reader whose row changes between reading and writing
    antje = await rig.person("Antje", typed_back=False)
    browser = await office.logged_in(antje)
    page = await browser.get("/inbox/sleutel")
    change = rig.roster.change

    async def late(new: ReaderRow, old: ReaderRow | None) -> object:
        return await change(new, None if old is None else replace(old, mac=b"m" * 32))

    monkeypatch.setattr(rig.roster, "change", late)
    # Then it says that nothing was kept, and to try again
    page = await browser.send(page, "/inbox/sleutel", sleutel=antje.recovery_key)
    assert page.status == 409
    assert "Probeer het opnieuw" in page.text
