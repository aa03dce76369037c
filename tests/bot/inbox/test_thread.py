"""One melding: read, answered once however often the button is pressed, noted, closed; and for whom it does not exist."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.storage import Delete, EntryRow, MeldingKeyRow, MeldingRow, StorageFull, UnitOfWork
from tests.bot.brievenbus.rig import Rig
from tests.bot.inbox.browser import Browser, Page
from tests.bot.inbox.conftest import Office

ANSWER = "Dank je wel dat je dit vertelt. Ik praat morgen met je juf."


async def at(browser: Browser, melding: bytes) -> Page:
    page = await browser.get(f"/inbox/melding/{melding.hex()}")
    assert page.status == 200
    return page


def path(melding: bytes, form: str) -> str:
    return f"/inbox/melding/{melding.hex()}/{form}"


# --- reading and answering ------------------------------------------------------------------------------------------


async def test_a_melding_is_read_and_answered(office: Office, rig: Rig) -> None:
    # Given a melding
    antje = await rig.person("Antje")
    melding = await rig.post(
        answers=(("Voor wie is het?", "Voor mij"), ("Wat is er gebeurd?", "Ze zeggen <b>stom</b>\nelke dag."))
    )
    browser = await office.logged_in(antje)
    # When she opens it
    page = await at(browser, melding)
    # Then she reads questions and answers as they were typed, and that it counts as read now
    assert "Voor wie is het? Voor mij" in page.text
    assert "Ze zeggen &lt;b&gt;stom&lt;/b&gt;\nelke dag." in page.html
    assert "Antje zette de status op gelezen" in page.text
    assert "Beloof ook geen geheimhouding" in page.text
    # When she answers
    page = await browser.send(page, path(melding, "antwoord"), tekst=f"  {ANSWER}\r\nTot morgen!\x07 ")
    # Then it says so, and the pupil reads it
    assert page.status == 200
    assert "Je antwoord is verstuurd" in page.text
    assert page.form(path(melding, "antwoord")).fields["tekst"] == ""
    assert await rig.entries(melding) == [
        ("melding", "[['Voor wie is het?', 'Voor mij'], ['Wat is er gebeurd?', 'Ze zeggen <b>stom</b>\\nelke dag.']]"),
        ("status", "gelezen"),
        ("bericht", f"{ANSWER}\nTot morgen!"),
    ]


async def test_a_double_click_answers_once(office: Office, rig: Rig) -> None:
    # Given a form that is sent twice at the same moment, and a third time later
    antje = await rig.person("Antje")
    melding = await rig.post()
    browser = await office.logged_in(antje)
    page = await at(browser, melding)
    both = await asyncio.gather(*(browser.send(page, path(melding, "antwoord"), tekst=ANSWER) for _ in range(2)))
    third = await browser.send(page, path(melding, "antwoord"), tekst=ANSWER)
    # Then it is there once
    assert [kind for kind, _ in await rig.entries(melding)] == ["melding", "status", "bericht"]
    assert sorted("Je antwoord is verstuurd" in one.text for one in both) == [False, True]
    assert "Dit was al verstuurd" in third.text
    # And another form writes again
    await browser.send(third, path(melding, "antwoord"), tekst=ANSWER)
    assert len(await rig.entries(melding)) == 4


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Je hebt nog niets geschreven"),
        (" \r\n\t ", "Je hebt nog niets geschreven"),
        ("a" * 4001, "Je tekst is te lang: 4001 tekens. Er passen er 4000 in."),
    ],
)
@pytest.mark.parametrize("form", ["antwoord", "notitie"])
async def test_a_text_that_cannot_be_sent_comes_back(office: Office, rig: Rig, form: str, text: str, says: str) -> None:
    antje = await rig.person("Antje")
    melding = await rig.post()
    browser = await office.logged_in(antje)
    page = await browser.send(await at(browser, melding), path(melding, form), tekst=text)
    assert page.status == 422
    assert says in page.text
    assert page.form(path(melding, form)).fields["tekst"] == text.strip()
    other = "notitie" if form == "antwoord" else "antwoord"
    assert page.form(path(melding, other)).fields["tekst"] == ""
    assert len(await rig.entries(melding)) == 2
    # And shorter, from that page, it goes
    assert (await browser.send(page, path(melding, form), tekst="Goed zo.")).status == 200


async def test_the_longest_text_fits_in_any_script(office: Office, rig: Rig) -> None:
    antje = await rig.person("Antje")
    melding = await rig.post()
    browser = await office.logged_in(antje)
    for text in ("😀" * 4000, '"\\' * 2000, "x\n" * 1999 + "xx"):
        page = await browser.send(await at(browser, melding), path(melding, "antwoord"), tekst=text)
        assert "Je antwoord is verstuurd" in page.text
        assert (await rig.entries(melding))[-1] == ("bericht", text)


async def test_nobody_answers_what_they_have_not_read(office: Office, rig: Rig) -> None:
    # Given a reader who is typing while the pupil writes on
    antje = await rig.person("Antje")
    melding = await rig.post()
    browser = await office.logged_in(antje)
    page = await at(browser, melding)
    await rig.write(melding, "Het is niet meer nodig.")
    # When she sends her answer
    page = await browser.send(page, path(melding, "antwoord"), tekst=ANSWER)
    # Then she sees what came, with her text still there, and nothing was sent
    assert page.status == 409
    assert "Er kwam intussen iets bij" in page.text
    assert "Het is niet meer nodig." in page.text
    assert page.form(path(melding, "antwoord")).fields["tekst"] == ANSWER
    assert ("bericht", ANSWER) not in await rig.entries(melding)
    # And from that page it goes
    assert "Je antwoord is verstuurd" in (await browser.send(page, path(melding, "antwoord"), tekst=ANSWER)).text


async def test_a_full_disk_keeps_the_text_on_the_page(office: Office, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a reader who is typing when the disk is full
    antje = await rig.person("Antje")
    melding, unopened = await rig.post(), await rig.post()
    browser = await office.logged_in(antje)
    page = await at(browser, melding)

    async def full(unit: object) -> None:
        raise StorageFull("full")

    monkeypatch.setattr(rig.storage, "commit", full)
    # Then what she sends comes back with what to do, and what nobody has opened can still be read
    for form in ("antwoord", "notitie"):
        refused = await browser.send(page, path(melding, form), tekst=ANSWER)
        assert refused.status == 503
        assert "is niet bewaard: de schijf van de server is vol" in refused.text
        assert refused.form(path(melding, form)).fields["tekst"] == ANSWER
    assert (await browser.send(page, path(melding, "status"), status="afgesloten")).status == 503
    assert "Ze pakken steeds mijn tas af." in (await at(browser, unopened)).text
    monkeypatch.undo()
    assert "Je antwoord is verstuurd" in (await browser.send(page, path(melding, "antwoord"), tekst=ANSWER)).text


async def test_colleagues_see_notes_and_the_pupil_does_not(office: Office, rig: Rig) -> None:
    # Given two readers
    antje = await rig.person("Antje")
    ivonne = await rig.person("Ivonne", by=antje)
    melding = await rig.post()
    first, second = await office.logged_in(antje), await office.logged_in(ivonne)
    # When one notes something
    page = await first.send(await at(first, melding), path(melding, "notitie"), tekst="Ik spreek de leerkracht donderdag.")
    assert "Je notitie is bewaard" in page.text
    # Then the other reads it, with who wrote it, and the pupil does not
    seen = (await at(second, melding)).text
    assert "Antje vandaag, ochtend Ik spreek de leerkracht donderdag." in seen
    assert "donderdag" not in str(await rig.entries(melding))


async def test_states(office: Office, rig: Rig) -> None:
    # Given a melding that was opened
    antje = await rig.person("Antje")
    melding = await rig.post()
    browser = await office.logged_in(antje)
    page = await at(browser, melding)
    assert [value for _, value in page.form(path(melding, "status")).buttons] == ["in behandeling", "afgesloten"]
    # When it is set to another state, by a double click
    both = await asyncio.gather(*(browser.send(page, path(melding, "status"), status="in behandeling") for _ in range(2)))
    # Then the page, the queue and the pupil see it once
    assert all(one.status == 200 for one in both)
    page = await at(browser, melding)
    assert "Nu: in behandeling" in page.text
    assert "in behandeling: 1" in (await browser.get()).text
    assert await rig.entries(melding) == [await _melding(rig, melding), ("status", "gelezen"), ("status", "in behandeling")]
    # And it can be closed and opened again
    page = await browser.send(page, path(melding, "status"), status="afgesloten")
    page = await browser.send(page, path(melding, "status"), status="gelezen")
    assert "Nu: gelezen" in page.text


@pytest.mark.parametrize("status", ["nieuw", "", "weg", "AFGESLOTEN"])
async def test_a_state_that_nobody_can_set_is_refused(office: Office, rig: Rig, status: str) -> None:
    antje = await rig.person("Antje")
    melding = await rig.post()
    browser = await office.logged_in(antje)
    form = (await at(browser, melding)).form(path(melding, "status"))
    assert (await browser.post(form.action, {**form.fields, "status": status})).status == 403
    assert "Nu: gelezen" in (await at(browser, melding)).text


async def _melding(rig: Rig, melding: bytes) -> tuple[str, str]:
    return (await rig.entries(melding))[0]


# --- forged forms ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("csrf", [None, "", "x", "é", "another"])
async def test_a_form_without_the_right_token_does_nothing(office: Office, rig: Rig, csrf: str | None) -> None:
    # Given a reader with a melding, and a colleague
    antje = await rig.person("Antje")
    ivonne = await rig.person("Ivonne", by=antje)
    melding = await rig.post()
    browser = await office.logged_in(antje)
    page = await at(browser, melding)
    if csrf == "another":
        csrf = ivonne.session.csrf
    # When forms come with a missing, wrong or another session's token
    for action, typed in (
        (path(melding, "antwoord"), {"tekst": ANSWER}),
        (path(melding, "notitie"), {"tekst": ANSWER}),
        (path(melding, "status"), {"status": "afgesloten"}),
        ("/inbox/uitloggen", {}),
    ):
        fields = {**page.form(action).fields, **typed}
        del fields["csrf"]
        refused = await browser.post(action, fields if csrf is None else {**fields, "csrf": csrf})
        # Then each is refused, and what was typed does not stand in the page
        assert refused.status == 403
        assert "Dit is niet verstuurd" in refused.text
        assert ANSWER not in refused.text
    assert (await browser.post("/inbox/sleutel/nieuw", {"csrf": csrf or ""})).status == 403
    assert len(await rig.entries(melding)) == 2
    assert "Nu: gelezen" in (await at(browser, melding)).text


async def test_a_form_without_its_id_does_nothing(office: Office, rig: Rig) -> None:
    antje = await rig.person("Antje")
    melding = await rig.post()
    browser = await office.logged_in(antje)
    form = (await at(browser, melding)).form(path(melding, "antwoord"))
    for ident in ("", "x", "é" * 20, "A" * 65):
        assert (await browser.post(form.action, {**form.fields, "tekst": ANSWER, "formulier": ident})).status == 403
    assert len(await rig.entries(melding)) == 2


async def test_a_post_from_another_site_is_refused(office: Office, rig: Rig) -> None:
    antje = await rig.person("Antje")
    melding = await rig.post()
    browser = await office.logged_in(antje)
    form = (await at(browser, melding)).form(path(melding, "antwoord"))
    data = {**form.fields, "tekst": ANSWER}
    answer = await browser.client.post(form.action, data=data, headers={"origin": "https://elders.example"})
    assert answer.status_code == 403
    assert len(await rig.entries(melding)) == 2


# --- for whom it does not exist -------------------------------------------------------------------------------------


async def test_what_is_not_for_you_is_not_there(office: Office, rig: Rig) -> None:
    # Given a melding about Ivonne, and a reader of another school
    antje = await rig.person("Antje")
    ivonne = await rig.person("Ivonne", by=antje)
    diana = await rig.person("Diana", "vo")
    melding = await rig.post(without=(ivonne,))
    assert "Deze melding gaat ook over Ivonne" in (await at(await office.logged_in(antje), melding)).text
    for person in (ivonne, diana):
        browser = await office.logged_in(person)
        # When they open it, or an address that is nothing
        pages = [
            await browser.get(f"/inbox/melding/{ident}")
            for ident in (melding.hex(), "0" * 32, melding.hex().upper(), "x", "%00", "1" * 500)
        ]
        # Then it is the same page
        assert {page.status for page in pages} == {404}
        assert len({page.html for page in pages}) == 1
        # And the same when they send a form to it
        fields = {"csrf": (await browser.get("/inbox/sleutel")).form("/inbox/uitloggen").fields["csrf"], "formulier": "f" * 22}
        for form, typed in (("antwoord", {"tekst": ANSWER}), ("notitie", {"tekst": ""}), ("status", {"status": "afgesloten"})):
            sent = [
                await browser.post(f"/inbox/melding/{ident}/{form}", {**fields, **typed}) for ident in (melding.hex(), "0" * 32)
            ]
            assert [page.status for page in sent] == [404, 404]
            assert sent[0].html == sent[1].html == pages[0].html


async def test_for_the_excluded_every_page_is_the_same_with_and_without_the_melding(office: Office, rig: Rig) -> None:
    # Given two readers, a melding that both may read, and what one of them sees on every page
    antje = await rig.person("Antje")
    ivonne = await rig.person("Ivonne", by=antje)
    await rig.person("Esther")
    ordinary = await rig.post()
    browser = await office.logged_in(ivonne)
    await at(browser, ordinary)

    async def everything() -> list[str]:
        paths = ("", "?pagina=1", "?pagina=2", "mensen", "sleutel", f"melding/{ordinary.hex()}")
        return [(await browser.get(f"/inbox/{path}")).normalised for path in paths]

    before = await everything()
    # When a melding is sent that is about her, urgent and all, and a colleague answers and closes it
    about = await rig.post(without=(ivonne,), urgent=True)
    with_it = await everything()
    colleague = await office.logged_in(antje)
    page = await colleague.send(await at(colleague, about), path(about, "antwoord"), tekst=ANSWER)
    await colleague.send(page, path(about, "status"), status="afgesloten")
    # Then her pages are the same, to the byte
    assert with_it == before
    assert await everything() == before
    # And the colleague's are not
    assert "afgesloten: 1" in (await colleague.get()).text


# --- damage ---------------------------------------------------------------------------------------------------------


async def test_a_damaged_message_leaves_the_rest(office: Office, rig: Rig) -> None:
    # Given a melding with an answer, of which one entry is altered
    antje = await rig.person("Antje")
    melding = await rig.post()
    browser = await office.logged_in(antje)
    before = {row.id for row in await rig.storage.find(EntryRow, {})}
    await browser.send(await at(browser, melding), path(melding, "antwoord"), tekst=ANSWER)
    for row in await rig.storage.find(EntryRow, {"melding": melding}):
        if row.id not in before:
            await rig.overwrite(replace(row, sealed=row.sealed[:-1] + bytes([row.sealed[-1] ^ 1])))
    # Then that is said in its place, and the rest is there
    page = await at(browser, melding)
    assert "Dit bericht is beschadigd." in page.text
    assert "Een deel van deze melding is beschadigd" in page.text
    assert "Ze pakken steeds mijn tas af." in page.text
    # And it can still be answered
    assert "Je antwoord is verstuurd" in (await browser.send(page, path(melding, "antwoord"), tekst=ANSWER)).text


@pytest.mark.parametrize("column", ["thread_head", "staff_head", "mac", "code_lookup"])
async def test_a_damaged_melding_says_so_and_leaves_the_others(office: Office, rig: Rig, column: str) -> None:
    # Given two meldingen, of which one is altered
    antje = await rig.person("Antje")
    bad, good = await rig.post(answers=(("Wat?", "Dit gaat stuk."),)), await rig.post()
    row = await rig.storage.get(MeldingRow, {"id": bad})
    assert row is not None
    value: bytes = getattr(row, column)
    await rig.overwrite(replace(row, **{column: value[:-1] + bytes([value[-1] ^ 1])}))
    browser = await office.logged_in(antje)
    # Then the queue shows both, the damaged one with what to do
    queue = await browser.get()
    assert "Beschadigde melding" in queue.text
    assert "Vraag de beheerder om een reservekopie" in queue.text
    # And opening or answering it says the same, while the other opens
    page = await browser.get(f"/inbox/melding/{bad.hex()}")
    assert page.status == 500
    assert "Deze melding is beschadigd" in page.text
    assert "De andere meldingen zijn in orde" in page.text
    fields = {"csrf": queue.form("/inbox/uitloggen").fields["csrf"], "formulier": "f" * 22}
    for form, typed in (("antwoord", {"tekst": ANSWER}), ("notitie", {"tekst": ANSWER}), ("status", {"status": "afgesloten"})):
        page = await browser.post(path(bad, form), {**fields, **typed})
        assert page.status == 500
        assert "Deze melding is beschadigd" in page.text
    await at(browser, good)


async def test_a_key_that_went_missing_is_silence_for_one_and_a_report_for_the_other(office: Office, rig: Rig) -> None:
    # Given a melding that both readers may read, and the key of one is deleted
    antje = await rig.person("Antje")
    ivonne = await rig.person("Ivonne", by=antje)
    melding = await rig.post()
    await rig.storage.commit(UnitOfWork((Delete(MeldingKeyRow, {"melding": melding, "reader": ivonne.session.reader.id}),)))
    # Then the other is told
    assert "Ivonne hoort deze melding ook te kunnen lezen" in (await at(await office.logged_in(antje), melding)).text
    # And for her it is not there
    browser = await office.logged_in(ivonne)
    assert "Er zijn nu geen meldingen" in (await browser.get()).text
    assert (await browser.get(f"/inbox/melding/{melding.hex()}")).status == 404
