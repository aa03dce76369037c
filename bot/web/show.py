"""From what the bot says to what a page shows: text with links where they help, and the buttons in their places."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from dialogues import BotMessage, Button

# Styles that hold what a person wrote: plain data, in which nothing becomes a link.
_PLAIN = frozenset({"melding", "draad"})
_STYLES = _PLAIN | {"code", "hulp", "bron"}
# Places in a document ("regel 112-113") look like the numbers of 112 and 113.
_LINK = re.compile(
    r"""(?P<web> https://[^\s<>"'”’]*[^\s<>"'”’.,;:!?)\]] )
      | (?<![\w€.,/@+-]) (?P<tel> 0\d{2,3}-\d{4,8} | 11[23] ) (?! \w | [-–/]\d | [.,]\w | % )""",
    re.VERBOSE,
)
_PLACE_BEFORE = re.compile(
    r"\b(?:regels?|pagina|bladzijden?|blz\.?|p\.|artikel|art\.|lokaal)(?:\s+\d+\s*(?:,|en|tot|t/m|–|-))*\s*$", re.IGNORECASE
)

# About eight lines and three buttons: what 640 pixels hold besides the bar and the field.
_SHORT = 220
_FEW_BUTTONS = 3


@dataclass(frozen=True)
class Shown:
    """One message as the page shows it.

    Attributes:
        style: one of ``melding``, ``draad``, ``code``, ``hulp``, ``bron``, or empty.
        text: safe to put into a page.
        words: the words of a code, shown large.
        buttons: those that stay with the message itself.
    """

    style: str
    text: Markup = field(repr=False)
    words: tuple[str, ...] = field(default=(), repr=False)
    buttons: tuple[Button, ...] = ()


def show(messages: Sequence[BotMessage]) -> tuple[tuple[Shown, ...], tuple[Button, ...]]:
    """The messages, and the buttons below them.

    Below stand the buttons of the last message that has any: older ones belong to a question that is past. A help card keeps
    its own: "zo bedoel ik het niet" must not vanish because the form goes on with its next question.
    """
    last = max((number for number, message in enumerate(messages) if message.buttons), default=None)
    shown = tuple(_show(message, keep_buttons=number != last) for number, message in enumerate(messages))
    return shown, messages[last].buttons if last is not None else ()


def wipes(messages: Sequence[BotMessage]) -> bool:
    """Whether nothing of before these messages may stay in view: the conversation was wiped, or its melding thrown away."""
    return any(message.custom.get("wist") is True for message in messages)


def _show(message: BotMessage, *, keep_buttons: bool) -> Shown:
    style = str(message.custom.get("stijl", ""))
    if style not in _STYLES:
        style = ""
    text = message.text.strip("\n")
    words: tuple[str, ...] = ()
    given = message.custom.get("woorden")
    if style == "code" and isinstance(given, list | tuple) and given:
        words = tuple(str(word) for word in given)
        text = text.replace(" ".join(words), "").strip()  # they stand below, large; other channels need them in the text
    return Shown(
        style=style,
        text=escape(text) if style in _PLAIN else _with_links(text, numbers=style != "bron"),
        words=words,
        buttons=message.buttons if keep_buttons and style == "hulp" else (),
    )


def _with_links(text: str, *, numbers: bool) -> Markup:
    parts: list[Markup] = []
    end = 0
    for found in _LINK.finditer(text):
        if address := found["web"]:
            link = Markup('<a href="{0}" rel="noreferrer noopener">{0}</a>').format(address)
        elif numbers and not _PLACE_BEFORE.search(text, max(0, found.start() - 40), found.start()):
            link = Markup('<a href="tel:{0}">{1}</a>').format(found["tel"].replace("-", ""), found["tel"])
        else:
            continue
        parts += (escape(text[end : found.start()]), link)
        end = found.end()
    parts.append(escape(text[end:]))
    return Markup("").join(parts)


def is_short(said: str, shown: Sequence[Shown], buttons: Sequence[Button]) -> bool:
    """Whether all of it stands above the text field on a small telephone.

    A field that takes the focus scrolls the page to itself: on a longer page the pupil would not see how the answer begins,
    and a help card has to be seen.
    """
    length = len(said) + sum(len(one.text) for one in shown)
    return length <= _SHORT and len(buttons) <= _FEW_BUTTONS and not any(one.style for one in shown)
