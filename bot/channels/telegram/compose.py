"""From what the bot says to what Telegram shows: messages that fit, with buttons that a thumb can read."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from dialogues import BotMessage, Button

# Of Telegram, counted as it counts: in units of UTF-16.
LONGEST_TEXT = 4096
LONGEST_DATA = 64  # bytes
# So many signs of a button's title a small telephone shows; a longer one is also written out above the buttons.
LONGEST_TITLE = 30
# A message with one of these styles stays one by itself: a code to be copied, a card with help, what a person wrote.
_ALONE = frozenset({"melding", "draad", "code", "hulp"})
_HONEST = "utter_eerlijk"
_TAG_LENGTH = 4
_PAYLOAD = re.compile(r'/(?P<intent>\w+)(?:\{"(?P<rest>.*)"\})?', re.DOTALL)
# The best place to cut is behind the first of these that is there.
_PLACES = ("\n\n", "\n", ". ", "? ", " ")


def new_tag() -> str:
    """A tag for the buttons of one turn: of 16 million, so that a stale button is not taken for one of now."""
    return secrets.token_urlsafe(3)


def compose(messages: Sequence[BotMessage], tag: str, *, address: str = "") -> list[Mapping[str, Any]]:
    """The messages as Telegram gets them, in order.

    Buttons stand under the last message that has any, as on the page; a help card keeps its own. What is said in one breath
    becomes one message, as only one a second may be sent to a chat.

    Args:
        messages: what is said.
        tag: for the buttons.
        address: of the web page, which is offered together with the word on who can know of this chat.

    Returns:
        Of each ``text``, and ``buttons`` as pairs of title and data. Of the first also ``clear`` (take away older buttons)
        and ``wipe`` (delete what was said before).
    """
    last = max((number for number, message in enumerate(messages) if message.buttons), default=None)
    things: list[dict[str, Any]] = []
    joins = False
    for number, message in enumerate(messages):
        style = str(message.custom.get("stijl", ""))
        buttons = message.buttons if number == last or style == "hulp" else ()
        text = _with_titles(message.text.strip(), buttons)
        if address and message.response == _HONEST:
            text = f"{text}\n{address}"
        pairs = [[button.title, data_of(button.payload, tag)] for button in buttons]
        if not text and not pairs:
            continue
        joins = joins and style not in _ALONE and _units(things[-1]["text"]) + _units(text) + 2 <= LONGEST_TEXT
        if joins:
            things[-1] = {"text": f"{things[-1]['text']}\n\n{text}", "buttons": pairs}
        else:
            *before, end = split(text)
            things += [{"text": part, "buttons": []} for part in before]
            things.append({"text": end, "buttons": pairs})
        joins = style not in _ALONE and not pairs
    if things:
        things[0] |= {"clear": True, "wipe": any(message.custom.get("wist") for message in messages)}
    return list(things)


def split(text: str) -> list[str]:
    """A text in parts that fit, cut between paragraphs where that can be, else lines, sentences, words."""
    parts = []
    while _units(text) > LONGEST_TEXT:
        fits = _first_units(text, LONGEST_TEXT)
        # Not so early that the parts become many and small.
        cut = next((place for sign in _PLACES if (place := fits.rfind(sign) + len(sign)) > len(fits) // 2), len(fits))
        parts.append(text[:cut].strip())
        text = text[cut:].strip()
    return [*(part for part in parts if part), text]


def data_of(payload: str, tag: str) -> str:
    """What a button carries: the tag, and the payload without the signs that every payload has.

    Raises:
        ValueError: it does not fit; `brievenbus check` and the tests see to it that none is so long.
    """
    found = _PAYLOAD.fullmatch(payload)
    short = payload if found is None else found["intent"] + ("" if found["rest"] is None else "{" + found["rest"])
    data = tag + short
    if len(data.encode()) > LONGEST_DATA:
        raise ValueError("the payload of a button is too long")
    return data


def payload_of(data: str) -> tuple[str, str]:
    """The tag and the payload of a button."""
    tag, short = data[:_TAG_LENGTH], data[_TAG_LENGTH:]
    if short.startswith("/"):
        return tag, short
    intent, brace, rest = short.partition("{")
    return tag, f'/{intent}{{"{rest}"}}' if brace else f"/{intent}"


def _with_titles(text: str, buttons: Sequence[Button]) -> str:
    """A list of the titles below the text, where a telephone would cut one of them off."""
    if all(len(button.title) <= LONGEST_TITLE for button in buttons):
        return text
    return "\n".join([text, "", *(f"• {button.title}" for button in buttons)])


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _first_units(text: str, units: int) -> str:
    """The beginning of a text; no sign is cut in half."""
    return text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "ignore")
