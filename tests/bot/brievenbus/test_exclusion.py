"""Who is excluded from a melding learns nothing of it: no key, no line, no count, not a byte on any page."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest

from bot.actions.answers import Exclusion, People, Person
from bot.brievenbus.entries import Broken, State
from bot.brievenbus.inbox import MeldingUnknown
from bot.brievenbus.mailbox import NobodyLeft
from bot.effects import AddMessage, PostMelding
from bot.house import House
from bot.storage import Delete, EntryRow, MeldingKeyRow, MeldingRow, UnitOfWork
from bot.web import serve
from bot.web.headers import App
from tests.bot.conftest import Account, Pupil, enrol

_numbers = itertools.count(1)
_codes: dict[bytes, tuple[str, ...]] = {}


async def post(house: House, *without: Account, text: str = "Ze schoppen mij onder de tafel.") -> bytes:
    """Post a melding; returns its id."""
    nonce = next(_numbers).to_bytes(16, "big")
    readers = frozenset(account.session.reader.id for account in without)
    names = tuple(account.session.reader.name for account in without)
    operations = await house.mailbox.post(PostMelding("jps", nonce, (("Wat?", text),), readers, names, True))
    await house.storage.commit(UnitOfWork(operations))
    code = house.mailbox.code(nonce)
    melding = (await house.mailbox.open(code)).melding
    _codes[melding] = code
    return melding


async def in_full_use(house: House, by: Account, melding: bytes) -> None:
    """Read, answered, noted, closed, and written on by the pupil."""
    await house.inbox.open(by.session, melding)
    await house.inbox.answer(by.session, melding, "Dank je wel.", f"answer {melding.hex()}")
    await house.inbox.note(by.session, melding, "Niet met Antje bespreken.", f"note {melding.hex()}")
    await house.inbox.set_state(by.session, melding, State.CLOSED, f"state {melding.hex()}")
    thread = await house.mailbox.open(_codes[melding])
    message = AddMessage(melding, thread.thread_key, melding, "Het gaat weer mis.")
    await house.storage.commit(UnitOfWork(await house.mailbox.write(message)))


@dataclass
class Office:
    """A running inbox, and the browser of the reader who is excluded."""

    house: House
    app: App
    client: httpx.AsyncClient
    csrf: str = field(repr=False)

    def addresses(self, method: str, melding: str) -> list[str]:
        """Every page of the inbox and the chat, from the routes themselves: a new page is looked at too."""
        found = set()
        for route in self.app.router.routes:
            path = f"/{route.path}"
            if method in route.methods and "uitloggen" not in path:
                path = re.sub(r"<melding(:\w+)?>", melding, path)
                path = re.sub(r"<token(:\w+)?>", "geen", path)
                found.add(re.sub(r"<school(:\w+)?>", "jps", path))
        return sorted(found | ({"/inbox/?pagina=2", "/inbox/?gedaan=antwoord"} if method == "GET" else set()))

    async def everything(self, melding: bytes) -> dict[str, tuple[int, dict[str, str], str]]:
        """What this reader's browser gets for every page; what is random in a page stands in it as a word."""
        got = {}
        for path in self.addresses("GET", melding.hex()):
            got[f"GET {path}"] = await self.client.get(path)
        for path in self.addresses("POST", melding.hex()):
            if melding.hex() in path:
                form = {"csrf": self.csrf, "formulier": "f" * 22, "tekst": "Wie is dit?", "status": "afgesloten", "gezien": "1"}
                got[f"POST {path}"] = await self.client.post(path, data=form)
        return {name.replace(melding.hex(), "ID"): self._plain(answer, melding) for name, answer in got.items()}

    def _plain(self, answer: httpx.Response, melding: bytes) -> tuple[int, dict[str, str], str]:
        text = answer.text.replace(melding.hex(), "ID")
        text = re.sub(r'name="(formulier|token|id)" value="[^"]*"', r'name="\1" value="RANDOM"', text)
        headers = {name: value.replace(melding.hex(), "ID") for name, value in answer.headers.items() if name != "date"}
        return answer.status_code, headers, text


@pytest.fixture
async def office(house: House, readers: list[Account]) -> AsyncIterator[Office]:
    """Antje's browser."""
    app = house.app()
    serving = await serve(app, "127.0.0.1", 0)
    logged_in = await house.staff.login(readers[1].username, readers[1].password)
    session = await house.staff.session(logged_in.cookie)
    assert session is not None
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{serving.port}", trust_env=False, cookies={"brievenbus": logged_in.cookie}
        ) as client:
            yield Office(house, app, client, session.csrf)
    finally:
        await serving.stop()


# --- every page ----------------------------------------------------------------------------------------------------------


async def test_every_page_is_the_same_to_the_byte(office: Office, readers: list[Account]) -> None:
    # Given a melding that Antje may read, and everything her browser can ask for
    house, (ivonne, antje) = office.house, readers
    mine = await post(house)
    await house.inbox.open(antje.session, mine)
    before = await office.everything(b"\xab" * 16)
    pages = ("GET /inbox", "GET /inbox/mensen", "GET /inbox/melding/ID", "GET /jps", "POST /inbox/melding/ID/antwoord")
    assert set(pages) <= set(before)
    assert before["GET /inbox"][0] == 200
    assert "gelezen: 1" in before["GET /inbox"][2]

    # When meldingen come that exclude her, and her colleague works on them
    about_her = [await post(house, antje, text=f"Juf Antje deed iets. {number}") for number in range(3)]
    for melding in about_her[:2]:
        await in_full_use(house, ivonne, melding)
    assert len((await house.inbox.queue(ivonne.session)).items) == 4

    # Then every page is the same, to the byte, also with the address of such a melding
    for melding in about_her:
        after = await office.everything(melding)
        assert after.keys() == before.keys()
        for page in before:
            assert after[page] == before[page], page


async def test_the_comparison_would_see_a_melding(office: Office, readers: list[Account]) -> None:
    """The same with a melding that she may read: the pages differ, so the test above can fail."""
    before = await office.everything(b"\xab" * 16)
    melding = await post(office.house)
    after = await office.everything(melding)
    different = {page for page in before if after[page] != before[page]}
    assert {"GET /inbox", "GET /inbox/melding/ID", "POST /inbox/melding/ID/antwoord"} <= different


async def test_a_damaged_melding_is_silence_for_the_excluded_too(office: Office, readers: list[Account]) -> None:
    house, (ivonne, antje) = office.house, readers
    before = await office.everything(b"\xab" * 16)
    melding = await post(house, antje)
    await house.storage.commit(UnitOfWork((Delete(EntryRow, {"melding": melding}),)))
    assert all(isinstance(one, Broken) for one in (await house.inbox.open(ivonne.session, melding)).thread[:1])
    assert await office.everything(melding) == before


# --- the service ---------------------------------------------------------------------------------------------------------


async def test_no_call_tells_the_excluded_anything(house: House, readers: list[Account]) -> None:
    ivonne, antje = readers
    mine = await post(house)
    before = (await house.inbox.queue(antje.session), await house.staff.school("jps"))
    melding = await post(house, antje)
    await in_full_use(house, ivonne, melding)
    assert (await house.inbox.queue(antje.session), await house.staff.school("jps")) == before
    assert (await house.inbox.queue(antje.session, 1)).items == ()
    for unknown in (melding, b"\xab" * 16):
        for call in (
            house.inbox.open(antje.session, unknown),
            house.inbox.answer(antje.session, unknown, "Wie ben je?", "x"),
            house.inbox.note(antje.session, unknown, "Hm.", "x"),
            house.inbox.set_state(antje.session, unknown, State.CLOSED, "x"),
        ):
            with pytest.raises(MeldingUnknown):
                await call
    # A form id that she used is not taken from her colleague, nor the other way round.
    await house.inbox.note(antje.session, mine, "Mijn notitie.", "x")


async def test_there_is_no_key_for_who_is_excluded_waits_or_left(house: House, readers: list[Account]) -> None:
    ivonne, antje = readers
    await house.staff.accept(await house.staff.invite("jps", "Truus"), "acht lange gele ladders")
    [mina] = await enrol(house, "mijlpaal", "Mina")
    melding = await post(house, antje)
    keys = await house.storage.find(MeldingKeyRow, {"melding": melding})
    assert [key.reader for key in keys] == [ivonne.session.reader.id]
    waiting = next(reader for reader in await house.staff.readers("jps") if reader.name == "Truus")
    for someone in (antje.session.reader.id, waiting.id, mina.session.reader.id):
        assert await house.storage.count(someone) == {}


async def test_a_reader_who_is_confirmed_later_gets_nothing_old(house: House, readers: list[Account]) -> None:
    ivonne, antje = readers
    melding = await post(house, antje)
    enrolled = await house.staff.accept(await house.staff.invite("jps", "Truus"), "acht lange gele ladders")
    session = await house.staff.session(enrolled.cookie)
    assert session is not None
    await house.staff.confirm(ivonne.session, session.reader.id, session.reader.fingerprint)
    session = await house.staff.session(enrolled.cookie)
    assert session is not None
    assert (await house.inbox.queue(session)).items == ()
    # and that is no "missing key" for the others: the melding was never meant for Truus
    assert (await house.inbox.open(ivonne.session, melding)).missing == ()


async def test_a_missing_key_is_reported_for_others_and_silence_for_the_excluded(house: House, readers: list[Account]) -> None:
    ivonne, antje = readers
    theirs, about_her = await post(house), await post(house, antje)
    for melding in (theirs, about_her):
        where = {"melding": melding, "reader": antje.session.reader.id}
        await house.storage.commit(UnitOfWork((Delete(MeldingKeyRow, where),)))
    assert (await house.inbox.open(ivonne.session, theirs)).missing == ("Antje",)
    opened = await house.inbox.open(ivonne.session, about_her)
    assert opened.missing == ()
    assert opened.excluded == ("Antje",)


async def test_when_nobody_is_left_nothing_is_stored(house: House, readers: list[Account]) -> None:
    with pytest.raises(NobodyLeft):
        await post(house, *readers)
    for table in (MeldingRow, MeldingKeyRow, EntryRow):
        assert await house.storage.find(table, {}) == []


# --- in the conversation -------------------------------------------------------------------------------------------------


async def test_when_everybody_is_chosen_the_pupil_hears_whom_to_go_to(house: House, readers: list[Account], pupil: Pupil) -> None:
    for words in ("/ben_leerling", "/melding_doen", "/overslaan", "Ivonne", "Antje"):
        await pupil.says(words)
    assert "utter_over_lezer_iedereen" in pupil.names()
    await pupil.says("/overslaan")
    await pupil.says('/antwoord{"over_lezer": "klaar"}')
    assert "utter_over_lezer_iedereen" in pupil.names()
    assert await house.storage.find(MeldingRow, {}) == []


async def test_the_last_reader_may_be_excluded_after_the_form_was_filled_in(
    house: House, readers: list[Account], pupil: Pupil
) -> None:
    """Naming a reader in the last answer can take away the last one who could read it."""
    await pupil.fill_in("Ivonne keek toe.", over="Antje")
    await pupil.says('/antwoord{"over_genoemd": "ja"}')
    await pupil.says("Versturen")
    assert await house.storage.find(MeldingRow, {}) == []


async def test_a_reader_who_is_named_is_asked_about(house: House, readers: list[Account], pupil: Pupil) -> None:
    for words in ("/ben_leerling", "/melding_doen", "/overslaan", "Nee, niemand van hen", "/overslaan", "juf antje doet niks"):
        await pupil.says(words)
    assert "utter_genoemd" in pupil.names()
    assert "Antje" in pupil.said()
    await pupil.says("Nee, niet laten lezen")
    assert "utter_genoemd" not in pupil.names()
    for _ in range(6):
        await pupil.says("/overslaan")
    assert "Antje" in pupil.said()
    await pupil.says("Versturen")
    assert "utter_melding_verstuurd" in pupil.names()
    assert "Antje" not in pupil.said()
    assert [key.reader for key in await house.storage.find(MeldingKeyRow, {})] == [readers[0].session.reader.id]


@pytest.mark.parametrize(
    ("name", "text", "asked"),
    [
        ("Antje", "Antje trekt mij aan mijn haar.", True),
        ("Antje", "Ik ben bang voor ANTJE!!!", True),
        ("Antje", "Het gebeurde naast Antjes bureau.", True),
        ("Antje", "Antje's tas lag daar.", True),
        ("Antje", "Vraag maar aan (Antje)", True),
        ("Antje", "dat was Antjé", True),
        ("Antje", "Mijn tante was erbij.", False),
        ("Yvonne Smit", "Ivonne was erbij.", True),
        ("Zoë de Wit", "zoe zegt dat het mag", True),
        ("Thomas Visser", "meester Tomas zag het", True),
        ("Erik van Dijk", "Eric lachte.", True),
        ("Erik van Dijk", "meneer Van Dijk lachte.", True),
        ("Jo Peeters", "jo weet het al", True),
        ("Erik van Dijk", "Hij viel van de trap op het plein.", False),
        ("Anna ten Have", "Ze is ten minste niet boos, de hele dag.", False),
        ("Els op het Veld", "op het plein bij de zandbak", False),
        ("Bas", "Mijn basis is de boekenkast.", False),
    ],
)
def test_names_as_a_child_writes_them(name: str, text: str, asked: bool) -> None:
    people = People((Person("r1", name, True), Person("p1", "Tante", False)))
    found = people.named_in(text, Exclusion())
    assert (found is not None) is asked
    # once something was said about somebody, it is not asked again
    assert people.named_in(text, Exclusion(cleared=("r1",))) is None
    assert people.named_in(text, Exclusion(readers=("r1",))) is None


async def test_a_name_from_the_protocol_asks_about_the_reader_who_is_called_nearly_so(house: House) -> None:
    """The school's protocol says "Antje"; her account says "Antje de Boer". Choosing the one must not leave out the other."""
    accounts = await enrol(house, "jps", "Ivonne Bos", "Antje de Boer")
    pupil = Pupil(house)
    await pupil.open()
    for words in ("/ben_leerling", "/melding_doen", "/overslaan", "Antje", "Nee, verder", "/overslaan", "Ze schreeuwt."):
        await pupil.says(words)
    assert "utter_genoemd" in pupil.names()
    assert "Antje de Boer" in pupil.said()
    await pupil.says("Nee, niet laten lezen")
    for _ in range(6):
        await pupil.says("/overslaan")
    await pupil.says("Versturen")
    assert [key.reader for key in await house.storage.find(MeldingKeyRow, {})] == [accounts[0].session.reader.id]


async def test_an_answer_that_is_changed_asks_again(house: House, readers: list[Account], pupil: Pupil) -> None:
    await pupil.fill_in("Ze pakken mijn pen af.")
    await pupil.says("Iets veranderen")
    await pupil.says('/antwoord{"verander": "wat"}')
    await pupil.says("Het was Antje.")
    assert "utter_genoemd" in pupil.names()


async def test_the_staff_track_says_who_may_not_read_and_the_thread_does_not(house: House, readers: list[Account]) -> None:
    """Who is excluded stands under S: the pupil's code does not open it, so a code found on a desk does not tell it."""
    melding = await post(house, readers[1], text="Zonder naam.")
    assert (await house.inbox.open(readers[0].session, melding)).excluded == ("Antje",)
    thread = await house.mailbox.open(_codes[melding])
    assert "Antje" not in repr([vars(entry) for entry in thread.entries])
