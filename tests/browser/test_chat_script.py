"""The chat with JavaScript in Chromium: nothing sent twice, nothing lost, nothing left behind, and every message heard once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from bot.messages import Incoming, Replies
from bot.web.chat import LONGEST_TEXT
from dialogues import BotMessage, Button
from tests.bot.web.conftest import MENU, Web, running
from tests.browser.chatting import answered, button, press, said, turn_of, write
from tests.browser.conftest import PHONE, Demo, assert_fits, inbox_of, open_melding, photograph
from tests.browser.test_chat_page import EVERYTHING

ANSWER = "Dank je dat je dit vertelt. Morgen kijken we mee bij de kapstok."
TO_PREVIEW = ("Ik ben leerling", "Ik wil iets melden", "Over mij", "Nee, niemand van hen", "Ja")


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    async with running() as started:
        yield started


@pytest.fixture
async def phone(chromium: Browser) -> AsyncIterator[BrowserContext]:
    context = await chromium.new_context(viewport=PHONE, locale="nl-NL")  # type: ignore[arg-type]
    yield context
    await context.close()


async def opened(context: BrowserContext, address: str) -> Page:
    """A page of the chat; an error in the script fails the test that sees it."""
    page = await context.new_page()
    page.on("pageerror", lambda error: (_ for _ in ()).throw(error))
    await page.goto(address)
    return page


def address(web: Web) -> str:
    return f"http://127.0.0.1:{web.port}/jps/"


async def to_preview(page: Page, what: str) -> None:
    await press(page, *TO_PREVIEW)
    await write(page, what)
    await press(page, *["Overslaan"] * 5, "Ja")
    assert what in await said(page)


async def code_of(page: Page) -> list[str]:
    return await page.locator(".woorden").last.locator("li").all_inner_texts()


async def times_in_inbox(demo: Demo, chromium: Browser, what: str) -> int:
    """How many meldingen say so."""
    context = await chromium.new_context()
    reader = await context.new_page()
    found = 0
    for melding in await inbox_of(demo, reader):
        await reader.goto(melding)
        found += what in await reader.locator("main").inner_text()
    await context.close()
    return found


# --- the main job --------------------------------------------------------------------------------------------------------


async def test_the_main_job(demo: Demo, chromium: Browser, phone: BrowserContext, pictures: Path | None) -> None:
    what = "Ze verstoppen elke week mijn jas en dan lachen ze."
    pupil = await opened(phone, f"{demo.chat}jps/")
    requests, loads = [], []
    pupil.on("request", lambda request: requests.append(request.url))
    pupil.on("load", lambda: loads.append(1))
    # Given a pupil who reads a tip, fills in the form, and changes an answer in the preview
    await press(pupil, "Ik ben leerling", "Ik word gepest", "Volgende tip", "Menu", *TO_PREVIEW[1:])
    await write(pupil, what)
    await press(pupil, "In de klas", *["Overslaan"] * 4, "Ja", "Iets veranderen", "Waar")
    await write(pupil, "bij de kapstok")
    assert "bij de kapstok" in await pupil.locator(".melding").last.inner_text()
    await photograph(pupil, pictures, "script-preview")
    # When it is sent
    await press(pupil, "Versturen")
    assert "Je melding is verstuurd." in await said(pupil)
    words = await code_of(pupil)
    assert len(words) == 5
    # Then a reader finds it and answers
    reader = await (await chromium.new_context()).new_page()
    await open_melding(demo, reader, what)
    await reader.get_by_label("Je antwoord aan de leerling").fill(ANSWER)
    await reader.get_by_role("button", name="Antwoord versturen").click()
    await expect(reader.locator("main")).to_contain_text(ANSWER)
    await reader.context.close()
    # And the pupil reads it, on a page that was never loaded again
    await press(pupil, "Menu", "Ik heb een code")
    await write(pupil, " ".join(words).upper())
    assert ANSWER in await said(pupil)
    # And nothing of it stays in view when it is wiped, nor anywhere in the browser
    await press(pupil, "Wis dit gesprek")
    left = await said(pupil)
    assert "Dit gesprek is gewist." in left
    for gone in (ANSWER, what, words[0]):
        assert gone not in await pupil.content()
    assert loads == []
    assert [url for url in requests if not url.startswith(demo.chat)] == []
    assert await phone.cookies() == []
    kept = "async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length, history.length]"
    assert await pupil.evaluate(kept) == [0, 0, 0, 2]  # the empty page of a new tab, and this one


async def test_the_main_job_with_the_keyboard_alone(demo: Demo, chromium: Browser) -> None:
    context = await chromium.new_context(viewport={"width": 1280, "height": 800}, locale="nl-NL")
    page = await opened(context, f"{demo.chat}jps/")
    what = "Ze duwen mij met de toetsen."

    async def reach(name: str) -> None:
        for _ in range(40):
            await page.keyboard.press("Tab")
            if (
                await page.evaluate("document.activeElement.labels?.[0]?.textContent || document.activeElement.textContent")
                == name
            ):
                outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none"  # whoever looks sees where they are
                return
        raise AssertionError(f"no way to {name}")

    async def choose(*names: str) -> None:
        for name in names:
            before = await turn_of(page)
            await reach(name)
            await page.keyboard.press("Enter")
            await answered(page, before)

    await choose(*TO_PREVIEW)
    # A question that asks for text has the focus in its field; Enter sends, Shift and Enter begins a line.
    await page.get_by_label("typ hier").focus()
    before = await turn_of(page)
    await page.keyboard.type(what)
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("Elke dag.")
    await page.keyboard.press("Enter")
    await answered(page, before)
    await choose(*["Overslaan"] * 5, "Ja", "Versturen")
    assert f"{what}\nElke dag." in await said(page)
    assert len(await code_of(page)) == 5
    await context.close()
    assert await times_in_inbox(demo, chromium, what) == 1


# --- the network is cut ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arrived", [False, True], ids=["before it arrived", "after the commit"])
async def test_the_network_is_cut_in_the_middle_of_versturen(
    demo: Demo, chromium: Browser, phone: BrowserContext, pictures: Path | None, arrived: bool
) -> None:
    what = f"Ze gooien mijn tas weg, {'daarna' if arrived else 'daarvoor'}."
    page = await opened(phone, f"{demo.chat}jps/")
    await to_preview(page, what)
    posted, lost = [], []

    async def cut(route: Route) -> None:
        posted.append(route.request.post_data)
        if len(posted) < 3:
            if arrived:
                lost.append(await (await route.fetch()).text())
            await route.abort("connectionreset")
        else:
            await route.continue_()

    await phone.route("**/jps/", cut)
    # When the answer to versturen does not come, twice
    await button(page, "Versturen").click()
    again = page.get_by_role("alert").get_by_role("button", name="Stuur opnieuw")
    await expect(again).to_be_focused()
    assert "Misschien is er geen verbinding." in await page.get_by_role("alert").inner_text()
    await photograph(page, pictures, f"geen-antwoord-{arrived}")
    await again.click()
    await expect(again).to_be_focused()
    # Then sending it again shows the code, the one that was made the first time, and there is one melding
    before = await turn_of(page)
    await again.click()
    await answered(page, before)
    assert await page.get_by_role("alert").inner_text() == ""
    assert len(posted) == 3
    assert len(set(posted)) == 1  # the same id, the same turn
    code = await code_of(page)
    assert len(code) == 5
    if arrived:
        assert re.findall(r"<li>(\w+)</li>", lost[0]) == code
    assert await times_in_inbox(demo, chromium, what) == 1


@pytest.mark.parametrize("arrived", [False, True], ids=["before it arrived", "after the commit"])
async def test_an_answer_that_is_cut_off_counts_once(demo: Demo, phone: BrowserContext, arrived: bool) -> None:
    page = await opened(phone, f"{demo.chat}jps/")
    await press(page, *TO_PREVIEW)

    async def cut(route: Route) -> None:
        if arrived:
            await route.fetch()
        await route.abort()

    await phone.route("**/jps/", cut)
    field = page.get_by_label("typ hier")
    await field.fill("Ze schelden mij uit.")
    await button(page, "Stuur").click()
    again = page.get_by_role("alert").get_by_role("button")
    await expect(again).to_be_focused()
    assert await field.input_value() == "Ze schelden mij uit."
    assert await field.is_editable()
    await phone.unroute("**/jps/")
    before = await turn_of(page)
    await again.click()
    await answered(page, before)
    assert await field.input_value() == ""
    assert ("Dit was al aangekomen." in await said(page)) == arrived
    await press(page, *["Overslaan"] * 5, "Ja")
    assert (await page.locator(".melding").inner_text()).count("Ze schelden mij uit.") == 1


async def test_what_is_changed_after_a_cut_is_a_new_message(web: Web, phone: BrowserContext) -> None:
    page = await opened(phone, address(web))
    await phone.route("**/jps/", lambda route: route.abort())
    await page.get_by_label("typ hier").fill("eerst")
    await button(page, "Stuur").click()
    await expect(page.get_by_role("alert").get_by_role("button")).to_be_focused()
    first = await page.locator("[name=id]").input_value()
    await phone.unroute("**/jps/")
    await write(page, "daarna")
    (heard,) = web.talks.heard
    assert heard.text == "daarna"
    assert heard.message_id not in ("", first)


async def test_an_answer_that_does_not_come_is_waited_for_no_longer_than_twenty_seconds(web: Web, phone: BrowserContext) -> None:
    page = await phone.new_page()
    await page.clock.install()
    await page.goto(address(web))
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await phone.route("**/jps/", hold)
    await page.get_by_label("typ hier").fill("hallo")
    await button(page, "Stuur").click()
    await page.clock.run_for(1_000)
    waiting = page.locator("#wacht")
    await expect(waiting).to_be_visible()
    assert await waiting.inner_text() == "hallo"
    await page.clock.run_for(20_000)
    await expect(page.get_by_role("alert").get_by_role("button")).to_be_focused()
    assert not await waiting.is_visible()
    assert await page.get_by_label("typ hier").input_value() == "hallo"
    # and when it comes after all, it changes nothing under the fingers
    async with page.expect_response("**/jps/"):
        await held[0].continue_()
    await page.wait_for_timeout(200)
    assert await page.get_by_role("alert").get_by_role("button").is_visible()
    assert "hallo" not in await said(page)


@pytest.mark.parametrize("status", [500, 503])
async def test_a_server_in_trouble_is_told_as_no_answer(web: Web, phone: BrowserContext, status: int) -> None:
    page = await opened(phone, address(web))
    await phone.route("**/jps/", lambda route: route.fulfill(status=status, body="<h1>proxy</h1>", content_type="text/html"))
    await page.get_by_label("typ hier").fill("hallo")
    await button(page, "Stuur").click()
    await expect(page.get_by_role("alert").get_by_role("button")).to_be_focused()
    assert await page.get_by_label("typ hier").input_value() == "hallo"


async def test_a_conversation_that_is_no_longer_known_says_so_and_keeps_the_text(web: Web, phone: BrowserContext) -> None:
    page = await opened(phone, address(web))
    await page.evaluate("document.querySelector('[name=token]').value = 'x'")
    await page.get_by_label("typ hier").fill("hallo")
    await button(page, "Stuur").click()
    await expect(page.get_by_role("alert")).to_contain_text("Dit gesprek klopt niet meer.")
    assert await page.get_by_label("typ hier").input_value() == "hallo"
    await page.get_by_role("link", name="Begin opnieuw").click()
    await write(page, "hallo")
    assert [heard.text for heard in web.talks.heard] == ["hallo"]


# --- twice, old, elsewhere ------------------------------------------------------------------------------------------------


async def test_a_double_click_sends_once_and_does_not_hit_the_next_button(web: Web, phone: BrowserContext) -> None:
    page = await opened(phone, address(web))
    web.talks.says = (BotMessage("Hallo"), BotMessage("Ik ben een computer.", MENU))  # the same buttons in the same place
    await button(page, "Ik word gepest").dblclick()
    await page.wait_for_timeout(300)
    assert len(web.talks.heard) == 1

    handle = web.talks.handle

    async def slow(incoming: Incoming) -> Replies:
        await asyncio.sleep(0.4)
        return await handle(incoming)

    web.talks.handle = slow  # type: ignore[method-assign]
    await page.wait_for_timeout(300)
    before = await turn_of(page)
    for _ in range(5):
        await button(page, "Ik word gepest").click()
    await button(page, "Hulp").click()
    await answered(page, before)
    assert len(web.talks.heard) == 2


async def test_two_tabs_are_two_conversations(demo: Demo, phone: BrowserContext) -> None:
    first, second = await opened(phone, f"{demo.chat}jps/"), await opened(phone, f"{demo.chat}jps/")
    token = "document.querySelector('[name=token]').value"
    assert await first.evaluate(token) != await second.evaluate(token)

    async def turn_to(page: Page, *titles: str) -> None:
        await page.bring_to_front()  # a tab in the background draws nothing
        await press(page, *titles)

    await turn_to(first, *TO_PREVIEW)
    await turn_to(second, "Ik ben ouder")
    await turn_to(first)
    await write(first, "Dit is de eerste.")
    assert "Dit is de eerste." not in await said(second)
    await turn_to(second, "Menu")
    await turn_to(first, *["Overslaan"] * 5, "Ja")
    assert "Dit is de eerste." in await first.locator(".melding").inner_text()


async def test_a_page_that_was_overtaken_says_so_and_keeps_the_text(demo: Demo, phone: BrowserContext) -> None:
    page = await opened(phone, f"{demo.chat}jps/")
    await press(page, *TO_PREVIEW)
    fields = {name: await page.locator(f"[name={name}]").input_value() for name in ("token", "turn")}
    async with httpx.AsyncClient(base_url=demo.chat, trust_env=False) as elsewhere:
        answer = await elsewhere.post("jps/", data={**fields, "id": "elders", "text": "Van een andere pagina."})
        assert answer.status_code == 200
    await write(page, "Van deze pagina.")
    assert "Deze pagina was niet meer de laatste." in await said(page)
    assert await page.get_by_label("typ hier").input_value() == "Van deze pagina."
    assert await page.locator(".jij", has_text="Van deze pagina.").count() == 0


async def test_buttons_of_earlier_questions_are_gone(web: Web, phone: BrowserContext) -> None:
    page = await opened(phone, address(web))
    web.talks.says = EVERYTHING
    await write(page, "hallo")
    assert await page.get_by_role("button", name="Zo bedoel ik het niet").is_visible()
    web.talks.says = (BotMessage("Waar?", (Button("Op het plein", "/plein"),)),)
    await press(page, "Weggooien")
    main = [await each.inner_text() for each in await page.locator(".keuzes button").all()]
    assert main == ["Op het plein"]
    assert await page.locator("input[name^='op:']").count() == 1 + 5  # the choice, and what is always there


async def test_what_did_not_count_goes_back_into_the_field(web: Web, phone: BrowserContext) -> None:
    page = await opened(phone, address(web))
    web.talks.kept = False
    await write(page, "ze pakten\nmijn tas")
    assert await page.get_by_label("typ hier").input_value() == "ze pakten\nmijn tas"
    assert "ze pakten" not in await said(page)
    # A question about help in the middle of writing leaves what was written
    web.talks.kept = True
    await press(page, "Hulp")
    assert await page.get_by_label("typ hier").input_value() == "ze pakten\nmijn tas"


async def test_a_text_that_is_too_long_stays_with_the_question(web: Web, phone: BrowserContext) -> None:
    page = await opened(phone, address(web))
    field = page.get_by_label("typ hier")
    await field.fill("x" * (LONGEST_TEXT + 1))
    await button(page, "Stuur").click()
    await expect(page.get_by_role("log")).to_contain_text("Je tekst is te lang.")
    assert len(await field.input_value()) == LONGEST_TEXT + 1
    assert await button(page, "Ik word gepest").is_visible()
    assert web.talks.heard == []
    await page.wait_for_timeout(450)
    await write(page, "kort")
    assert [heard.text for heard in web.talks.heard] == ["kort"]


# --- leaving --------------------------------------------------------------------------------------------------------------


async def away(context: BrowserContext) -> None:
    """No test goes where the way out leads."""
    await context.route("**/snel-weg", lambda route: route.fulfill(body="<title>weer</title>", content_type="text/html"))


@pytest.mark.parametrize("way", ["tap", "shift"])
async def test_the_way_out_leaves_nothing_behind(web: Web, phone: BrowserContext, way: str) -> None:
    await away(phone)
    page = await opened(phone, f"http://127.0.0.1:{web.port}/")
    await page.goto(address(web))
    await write(page, "geheim")
    if way == "tap":
        await page.get_by_role("link", name="Snel weg").click()
    else:
        await page.get_by_label("typ hier").focus()
        for _ in range(3):
            await page.keyboard.press("Shift")
    await page.wait_for_url("**/snel-weg")
    # Then the chat is not in the history of this tab any more
    await page.go_back()
    assert page.url == f"http://127.0.0.1:{web.port}/"


async def test_the_page_is_empty_before_the_way_out_answers(web: Web, phone: BrowserContext) -> None:
    await phone.route("**/snel-weg", lambda route: route.fulfill(status=204))  # the browser stays where it is
    page = await opened(phone, address(web))
    await write(page, "geheim")
    await page.get_by_role("link", name="Snel weg").click()
    await page.wait_for_function("document.body.textContent === ''")
    assert "geheim" not in await page.content()


async def test_capitals_and_slow_fingers_are_no_way_out(web: Web, phone: BrowserContext) -> None:
    await away(phone)
    page = await opened(phone, address(web))
    await page.get_by_label("typ hier").focus()
    for letter in "HALLO":
        await page.keyboard.press(f"Shift+{letter}")
    await page.keyboard.press("Shift")
    await page.keyboard.press("Shift")
    await page.wait_for_timeout(1_600)
    await page.keyboard.press("Shift")
    await page.wait_for_timeout(100)
    assert await page.get_by_label("typ hier").input_value() == "HALLO"


async def test_reload_and_the_back_button_begin_anew(web: Web, phone: BrowserContext) -> None:
    page = await opened(phone, address(web))
    token = await page.locator("[name=token]").input_value()
    for again in (page.reload, None):
        await write(page, "geheim")
        await page.get_by_label("typ hier").fill("half getypt")
        if again is None:
            await page.goto(f"http://127.0.0.1:{web.port}/")
            await page.go_back()
        else:
            await again()
        assert "geheim" not in await page.content()
        assert await page.get_by_label("typ hier").input_value() == ""
        assert await page.locator("[name=token]").input_value() != token
        assert await turn_of(page) == "0"


async def test_a_page_that_the_browser_kept_is_emptied_and_loaded_anew(web: Web, phone: BrowserContext) -> None:
    page = await opened(phone, address(web))
    await write(page, "geheim")
    kept = "kind => dispatchEvent(new PageTransitionEvent(kind, {persisted: true}))"
    await page.evaluate(kept, "pagehide")
    assert await page.evaluate("document.body.textContent") == ""
    async with page.expect_navigation():
        await page.evaluate(kept, "pageshow")
    assert await turn_of(page) == "0"


# --- seeing, hearing, reading ---------------------------------------------------------------------------------------------


async def test_a_screen_reader_hears_each_message_once(web: Web, phone: BrowserContext) -> None:
    page = await opened(phone, address(web))
    await page.evaluate(
        """() => {
            window.heard = [];
            const watch = (region, name) => new MutationObserver(changes => window.heard.push([name, changes.flatMap(
                change => Array.from(change.addedNodes, node => node.textContent.trim())).filter(text => text)]))
                .observe(region, {childList: true, subtree: true, characterData: true});
            watch(document.querySelector('[role=log]'), 'log');
            watch(document.querySelector('[role=alert]'), 'alert');
        }"""
    )
    web.talks.says = (BotMessage("Bel 112.", custom={"stijl": "hulp"}), BotMessage("Waar was het?", MENU))
    await write(page, "op school")
    heard = [each for each in await page.evaluate("heard") if each[1]]
    assert heard == [["log", ["Jij zei:op school", "Bel 112.", "Waar was het?"]]]
    # and the focus is on the choices, never on a message, which would be read a second time
    assert await page.evaluate("document.activeElement.id") == "keuzes"
    live = await page.evaluate(
        "Array.from(document.querySelectorAll('[aria-live], [role=log], [role=alert], [role=status]'), e => e.id)"
    )
    assert live == ["", "melder"]
    assert await page.locator("#wacht").get_attribute("aria-hidden") == "true"
    # A short question that asks for text gets the focus in the field
    web.talks.says = (BotMessage("Wat is er gebeurd?"),)
    await press(page, "Ik word gepest")
    await expect(page.get_by_label("typ hier")).to_be_focused()
    assert await page.locator("#vraag").inner_text() == "Wat is er gebeurd?"


async def test_the_beginning_of_an_answer_is_in_view(web: Web, phone: BrowserContext, pictures: Path | None) -> None:
    page = await opened(phone, address(web))
    web.talks.says = (BotMessage("Eerst even dit. " + "En dan nog wat. " * 60, MENU),)
    await write(page, "ik typ dit " * 30)
    await expect_at_the_top(page, page.locator(".bot").last)
    # a help card fully, with its buttons, before whatever follows
    web.talks.says = (EVERYTHING[0], BotMessage("Waar was het?", tuple(Button(str(n), f"/{n}") for n in range(9))))
    await write(page, "nog wat")
    card = page.locator(".bericht.hulp").last
    await expect_at_the_top(page, card)
    await expect(card.get_by_role("button").last).to_be_in_viewport(ratio=1)
    await photograph(page, pictures, "hulpkaart")
    # and a short one with the field below it
    web.talks.says = (BotMessage("Waar was het?"),)
    await write(page, "goed")
    for part in (page.locator(".gesprek .jij").last, page.locator(".bot").last, button(page, "Stuur")):
        await expect(part).to_be_in_viewport(ratio=1)


async def expect_still(page: Page) -> None:
    """Wait until a smooth scroll is over."""
    await page.wait_for_function(
        "async () => { const from = scrollY; await new Promise(done => setTimeout(done, 150)); return scrollY === from; }"
    )


async def expect_at_the_top(page: Page, part: object) -> None:
    header = await page.locator("header").bounding_box()
    assert header is not None
    for _ in range(100):
        box = await part.bounding_box()  # type: ignore[attr-defined]
        distance = box["y"] - header["height"]
        if 0 <= distance <= 24:
            return
        await page.wait_for_timeout(20)
    raise AssertionError(f"{distance} pixels below the bar")


LONG = "Ikwordelkedaguitgescholdenopditheellangeschoolpleinnaastdefietsenstalling" * 3
HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script><a href="javascript:document.title=3">x</a>'


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
async def test_long_words_at_twice_the_size_fit_a_narrow_page(
    web: Web, chromium: Browser, pictures: Path | None, scheme: str, motion: str
) -> None:
    context = await chromium.new_context(
        viewport={"width": 320, "height": 568},
        color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion=motion,  # type: ignore[arg-type]
    )
    page = await opened(context, address(web))
    await page.evaluate("document.documentElement.style.fontSize = '200%'")
    await assert_fits(page)
    web.talks.says = (*EVERYTHING, BotMessage(LONG, (Button(LONG, "/lang"),)))
    await write(page, LONG)
    await assert_fits(page)
    assert await page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == (
        "auto" if motion == "reduce" else "smooth"
    )
    await expect_at_the_top(page, page.locator(".gesprek .hulp").last)
    await photograph(page, pictures, f"lang-{scheme}")

    async def later(route: Route) -> None:
        await asyncio.sleep(3)
        await route.abort()

    await context.route("**/jps/", later)
    await page.get_by_label("typ hier").fill(LONG)
    await button(page, "Stuur").click()
    await page.locator(".puntjes").wait_for()
    await assert_fits(page)
    moving = await page.evaluate("document.getAnimations().length")
    assert moving == (0 if motion == "reduce" else 3)
    await expect_still(page)
    await photograph(page, pictures, f"lang-wacht-{scheme}")
    await page.get_by_role("alert").get_by_role("button").wait_for()
    await assert_fits(page)
    await expect_still(page)
    await photograph(page, pictures, f"lang-geen-antwoord-{scheme}")
    await context.close()


async def test_nothing_that_is_said_or_typed_runs(web: Web, phone: BrowserContext) -> None:
    page = await opened(phone, address(web))
    web.talks.says = (BotMessage(HOSTILE, (Button(HOSTILE, "/x"),)), BotMessage("https://www.pestweb.nl en 0800-0432"))
    await write(page, HOSTILE)
    await button(page, HOSTILE).click()
    await page.wait_for_timeout(600)
    assert await page.title() == "Startpagina"
    assert await page.locator("main img, main script, a[href^='javascript']").count() == 0
    assert (await said(page)).count(HOSTILE) == 4  # typed, said, pressed, said
    # the same links as on the page without JavaScript
    links = [await link.get_attribute("href") for link in await page.locator(".gesprek .bericht").last.get_by_role("link").all()]
    assert links == ["https://www.pestweb.nl", "tel:08000432"]


async def test_on_a_phone_enter_begins_a_line(web: Web, chromium: Browser) -> None:
    context = await chromium.new_context(viewport=PHONE, is_mobile=True, has_touch=True)  # type: ignore[arg-type]
    page = await opened(context, address(web))
    assert await page.locator(".klein span").is_hidden()  # there is no Shift key to be pressed
    await page.get_by_label("typ hier").focus()
    await page.keyboard.type("een")
    await page.keyboard.press("Enter")
    await page.keyboard.type("twee")
    assert await page.get_by_label("typ hier").input_value() == "een\ntwee"
    before = await turn_of(page)
    await button(page, "Stuur").tap()
    await answered(page, before)
    assert web.talks.heard[-1].text == "een\ntwee"
    await context.close()


@pytest.mark.parametrize("missing", ["fetch", "DOMParser", "URLSearchParams"])
async def test_an_old_browser_uses_the_form(web: Web, phone: BrowserContext, missing: str) -> None:
    page = await phone.new_page()
    await page.add_init_script(f"delete window.{missing}")
    await page.goto(address(web))
    async with page.expect_navigation():
        await button(page, "Ik word gepest").click()
    assert [heard.text for heard in web.talks.heard] == ["/gepest_worden"]
    assert await page.locator(".jij p").inner_text() == "Ik word gepest"
