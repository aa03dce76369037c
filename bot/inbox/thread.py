"""One melding: reading it, answering, noting for colleagues, setting its state."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from sanic import HTTPResponse

from bot.brievenbus.entries import Broken, Entry, Kind, Side, State
from bot.brievenbus.inbox import AlreadyDone, ChangedMeanwhile, MeldingUnknown, OpenedMelding
from bot.brievenbus.keys import SealBroken
from bot.brievenbus.padding import TooLong
from bot.inbox.desk import Desk, Visit, done, see
from bot.inbox.forms import TextProblem, new_form_id, text_problem
from bot.storage import StorageFull

_IDENT = re.compile(r"[0-9a-f]{32}")
_COUNT = re.compile(r"[0-9]{1,6}")
# What a reader can set; *nieuw* is what nobody has opened.
_SETTABLE = (State.READ, State.BUSY, State.CLOSED)
Write = Callable[[bytes, str, str], Awaitable[None]]


@dataclass(frozen=True)
class Shown:
    """An entry as the page shows it.

    Attributes:
        kind: ``melding``, ``bericht``, ``status``, ``notitie`` or ``kapot``.
        who: name of the reader; empty for the pupil.
        text: what was written, or the state that was set.
        answers: questions and answers of the melding itself.
    """

    kind: str
    who: str = ""
    half_day: int = 0
    text: str = field(default="", repr=False)
    answers: Sequence[Sequence[str]] = field(default=(), repr=False)


@dataclass(frozen=True)
class Typed:
    """A text that was not taken, and why: it comes back in its field."""

    where: str = ""
    text: str = field(default="", repr=False)
    why: str = ""


class Thread:
    """The pages of one melding. What is not there and what is not for this reader are the same page."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, visit: Visit, melding: str) -> HTTPResponse:
        """The melding."""
        return await self._show(visit, _ident(melding), done=done(visit.request))

    async def answer(self, visit: Visit, melding: str) -> HTTPResponse:
        """Write to the pupil."""
        seen = visit.form.get("gezien")
        count = int(seen) if _COUNT.fullmatch(seen) else None

        async def write(ident: bytes, text: str, form: str) -> None:
            await self._desk.inbox.answer(visit.session, ident, text, form, count)

        return await self._write(visit, _ident(melding), "antwoord", write)

    async def note(self, visit: Visit, melding: str) -> HTTPResponse:
        """Write for colleagues."""

        async def write(ident: bytes, text: str, form: str) -> None:
            await self._desk.inbox.note(visit.session, ident, text, form)

        return await self._write(visit, _ident(melding), "notitie", write)

    async def set_state(self, visit: Visit, melding: str) -> HTTPResponse:
        """Set the state."""
        ident = _ident(melding)
        state = next((state for state in _SETTABLE if state.value == visit.form.get("status")), None)
        if state is None or not visit.form.id:
            return self._desk.problem("formulier", 403, visit.session)
        try:
            await self._desk.inbox.set_state(visit.session, ident, state, _form_id(ident, "status", visit.form.id))
        except AlreadyDone:
            return see(_address(ident), "al")
        except SealBroken:
            return self._desk.problem("melding", 500, visit.session)
        return see(_address(ident), "status")

    async def _write(self, visit: Visit, ident: bytes, where: str, write: Write) -> HTTPResponse:
        """Take a text; where that fails, the page comes back with the text still in it."""
        if not visit.form.id:
            return self._desk.problem("formulier", 403, visit.session)
        text = visit.form.text("tekst")
        problem, status = text_problem(text), 422
        why = "" if problem is None else problem.value
        if not why:
            try:
                await write(ident, text, _form_id(ident, where, visit.form.id))
            except AlreadyDone:
                return see(_address(ident), "al")
            except TooLong:
                why = TextProblem.LONG.value
            except ChangedMeanwhile:
                why, status = "intussen", 409
            except StorageFull:
                why, status = "vol", 503
            except SealBroken:
                return self._desk.problem("melding", 500, visit.session)
            else:
                return see(_address(ident), where)
        return await self._show(visit, ident, status, Typed(where, text, why))

    async def _show(
        self, visit: Visit, ident: bytes, status: int = 200, typed: Typed | None = None, done: str = ""
    ) -> HTTPResponse:
        try:
            opened = await self._desk.inbox.open(visit.session, ident)
        except SealBroken:
            return self._desk.problem("melding", 500, visit.session)
        return self._desk.page(
            "melding.html",
            visit.session,
            status,
            opened=opened,
            address=_address(ident),
            thread=[_shown(entry) for entry in opened.thread],
            notes=[_shown(entry) for entry in opened.notes],
            settable=[state.value for state in _SETTABLE if state is not opened.state],
            broken=_broken(opened),
            typed=typed or Typed(),
            form_ids={where: new_form_id() for where in ("antwoord", "notitie", "status")},
            done=done,
        )


def _ident(melding: str) -> bytes:
    if not _IDENT.fullmatch(melding):
        raise MeldingUnknown
    return bytes.fromhex(melding)


def _address(ident: bytes) -> str:
    return f"/inbox/melding/{ident.hex()}"


def _form_id(ident: bytes, where: str, typed: str) -> str:
    # Bound to the melding and the form, so that an id that was sent elsewhere stops nothing here.
    return f"{ident.hex()} {where} {typed}"


def _broken(opened: OpenedMelding) -> bool:
    return any(isinstance(entry, Broken) for entry in (*opened.thread, *opened.notes))


def _shown(entry: Entry | Broken) -> Shown:
    if isinstance(entry, Broken):
        return Shown("kapot")
    who = "" if entry.side is Side.PUPIL else entry.author
    if entry.kind is Kind.MELDING:
        return Shown("melding", who, entry.half_day, answers=entry.body["antwoorden"])
    text = entry.body["status" if entry.kind is Kind.STATE else "tekst"]
    return Shown(entry.kind.value, who, entry.half_day, text)
