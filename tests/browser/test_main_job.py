"""The main job in Chromium without JavaScript, on a small phone: from the menu to the answer that was read."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser, Page

from tests.browser.conftest import PHONE, Demo, open_melding, photograph

WHAT = "Ze verstoppen elke dag mijn jas en dan lachen ze."
ANSWER = "Dank je dat je dit vertelt. Morgen kijken we mee bij de kapstok."


async def press(page: Page, *titles: str) -> None:
    for title in titles:
        await page.get_by_role("button", name=title, exact=True).first.click()


async def write(page: Page, text: str) -> None:
    await page.get_by_label("Typ hier").fill(text)
    await press(page, "Stuur")


async def said(page: Page) -> str:
    return await page.get_by_role("log").inner_text()


async def test_the_main_job(demo: Demo, chromium: Browser, pictures: Path | None) -> None:
    pupil = await (await chromium.new_context(viewport=PHONE, java_script_enabled=False, locale="nl-NL")).new_page()
    requests: list[str] = []
    pupil.on("request", lambda request: requests.append(request.url))

    # Given a pupil of JPS who reads a tip first
    await pupil.goto(f"{demo.chat}jps/")
    assert "Ik ben een computer. Niemand leest dit nu mee." in await said(pupil)
    await photograph(pupil, pictures, "chat")
    await press(pupil, "Ik ben leerling", "Ik word gepest", "Volgende tip", "Menu")

    # When the pupil fills in the form, and changes an answer in the preview
    await press(pupil, "Ik wil iets melden", "Over mij", "Nee, niemand van hen", "Ja")
    await write(pupil, WHAT)
    await press(pupil, "In de klas")
    await press(pupil, *["Overslaan"] * 4)
    await press(pupil, "Ja")
    assert WHAT in await said(pupil)
    await press(pupil, "Iets veranderen", "Waar")
    await write(pupil, "bij de kapstok")
    preview = await said(pupil)
    assert "bij de kapstok" in preview
    assert "in de klas" not in preview.casefold()
    await photograph(pupil, pictures, "preview")
    await press(pupil, "Versturen")
    assert "Je melding is verstuurd." in await said(pupil)
    words = [await item.inner_text() for item in await pupil.locator(".woorden li").all()]
    assert len(words) == 5

    # Then a vertrouwenspersoon finds it and answers
    reader = await (await chromium.new_context(viewport=PHONE, java_script_enabled=False, locale="nl-NL")).new_page()
    await open_melding(demo, reader, WHAT)
    await photograph(reader, pictures, "inbox")
    await reader.get_by_label("Je antwoord aan de leerling").fill(ANSWER)
    await press(reader, "Antwoord versturen")
    assert ANSWER in await reader.locator("main").inner_text()
    await press(reader, "Uitloggen")
    await reader.goto(demo.inbox)
    assert await reader.get_by_label("Wachtwoord").is_visible()

    # And the pupil reads the answer with the five words, typed with a slip
    await pupil.goto(f"{demo.chat}jps/")
    await press(pupil, "Ik heb een code")
    await write(pupil, " ".join([words[0].upper(), *words[1:]]))
    assert ANSWER in await said(pupil)
    await press(pupil, "Wis dit gesprek")
    assert ANSWER not in await said(pupil)

    own = demo.chat
    assert [url for url in requests if not url.startswith(own)] == []
    assert await pupil.context.cookies() == []
    await pupil.context.close()
    await reader.context.close()


async def test_our_forms_say_where_they_come_from(demo: Demo, chromium: Browser) -> None:
    # A browser without Sec-Fetch-Site is let in by its Origin alone: it must not be "null".
    page = await (await chromium.new_context(viewport=PHONE, java_script_enabled=False)).new_page()
    for address in (f"{demo.chat}jps/", demo.inbox):
        await page.goto(address)
        async with page.expect_request(lambda request: request.method == "POST") as posted:
            await page.locator("form button").last.click()
        headers = await (await posted.value).all_headers()
        assert headers["origin"] == demo.chat.rstrip("/")
    await page.context.close()


async def test_another_school_is_asked_for_its_protocol(demo: Demo, chromium: Browser) -> None:
    parent = await (await chromium.new_context(viewport=PHONE, java_script_enabled=False)).new_page()
    for school in ("mijlpaal", "vo", "kwaliteitskaart", "mozaiek", "jps"):
        await parent.goto(f"{demo.chat}{school}/")
        await press(parent, "Ik ben ouder", "Meer", "Het protocol lezen")
        headings = parent.locator(".keuzes button")
        await headings.first.click()
        assert "regel" in await parent.locator(".bron").last.inner_text()
    await parent.context.close()
