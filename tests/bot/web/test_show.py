"""What becomes a link and what does not, and how a code is shown."""

from __future__ import annotations

import pytest

from bot.web.show import Shown, show
from dialogues import BotMessage


def shown(text: str, **custom: object) -> Shown:
    ((one,), buttons) = show([BotMessage(text, custom=custom)])
    assert buttons == ()
    return one


@pytest.mark.parametrize(
    ("number", "digits"),
    [("112", "112"), ("113", "113"), ("0800-0432", "08000432"), ("020-2615275", "0202615275"), ("0900-1113111", "09001113111")],
)
@pytest.mark.parametrize("around", ["Bel {}.", "{}", "({})", "Bel {}: dag en nacht", "Bel {}, gratis", "bel nummer {}\nof"])
def test_numbers_for_help_can_be_called(number: str, digits: str, around: str) -> None:
    link = f'<a href="tel:{digits}">{number}</a>'
    assert shown(around.format(number), stijl="hulp").text == around.format(link)
    assert shown(around.format(number)).text == around.format(link)


@pytest.mark.parametrize(
    "text",
    [
        "113.nl",
        "1123",
        "a112",
        "€112",
        "112%",
        "regel 112",
        "regels 112-113",
        "Regels 12, 40 en 112",
        "bladzijde 113",
        "12-112-2020",
        "0800-043",
        "112,50",
        "x112x",
    ],
)
def test_what_only_looks_like_a_number_stays_text(text: str) -> None:
    assert shown(text).text == text


@pytest.mark.parametrize("style", ["melding", "draad"])
def test_what_a_person_wrote_has_no_links(style: str) -> None:
    assert shown("bel 112 of https://example.org", stijl=style).text == "bel 112 of https://example.org"


def test_a_source_line_has_no_numbers_to_call() -> None:
    assert shown("protocol, 112 en 113", stijl="bron").text == "protocol, 112 en 113"


@pytest.mark.parametrize(
    ("text", "address", "rest"),
    [
        ("Kijk op https://www.kindertelefoon.nl.", "https://www.kindertelefoon.nl", "."),
        ("(https://113.nl/)", "https://113.nl/", ")"),
        ('https://a.nl/?a=1&b="x', "https://a.nl/?a=1&amp;b=", "&#34;x"),
    ],
)
def test_addresses_become_links_without_the_mark_behind_them(text: str, address: str, rest: str) -> None:
    assert shown(text).text.endswith(f'<a href="{address}" rel="noreferrer noopener">{address}</a>{rest}')


@pytest.mark.parametrize("text", ["http://example.org", "javascript:alert(1)", "https://"])
def test_other_addresses_stay_text(text: str) -> None:
    assert shown(text).text == text


def test_the_words_of_a_code_are_shown_once() -> None:
    one = shown("Schrijf op: appel beer citroen das ezel", stijl="code", woorden=["appel", "beer", "citroen", "das", "ezel"])
    assert one.words == ("appel", "beer", "citroen", "das", "ezel")
    assert one.text == "Schrijf op:"


@pytest.mark.parametrize("words", [None, "appel", [], {}])
def test_a_code_without_words_is_shown_as_text(words: object) -> None:
    one = shown("appel beer", stijl="code", woorden=words)
    assert (one.style, one.text, one.words) == ("code", "appel beer", ())


def test_an_unknown_style_is_none() -> None:
    assert shown("x", stijl="onbekend").style == ""


def test_nothing_said_shows_nothing() -> None:
    assert show([]) == ((), ())
