"""Notices: who hears that something waits, when, and that it says nothing; over a simulated month and through outages."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.brievenbus.addresses import Address, AddressTaken, MailWrong, Way, mail_address
from bot.brievenbus.entries import State
from bot.brievenbus.notice_sender import ConfirmationSender, NoticeSender
from bot.brievenbus.notices import LinkUnknown, TooManyCodes, TooSoon
from bot.clock import SCHOOL_TIME, FixedClock
from bot.config import Smtp
from bot.outbox import CONFIRMATION, NOTICE, Refused, Sender
from bot.smtp import MailServer
from bot.storage import Insert, MeldingKeyRow, NoticeAddressRow, NoticeLinkRow, OutboxRow, UnitOfWork
from tests.bot.brievenbus.rig import INBOX, Person, Rig
from tests.bot.mail.server import PASSWORD, USER, believing, running

ROOT = Path(__file__).parents[3]


@dataclass
class Post:
    """Brings texts to addresses, and remembers when; it can be away, or refuse an address for good."""

    clock: FixedClock
    sent: list[tuple[str, datetime, Mapping[str, Any]]] = field(default_factory=list)
    away: bool = False
    unknown: set[str] = field(default_factory=set)

    async def send(self, destination: str, payload: Mapping[str, Any]) -> None:
        if self.away:
            raise OSError("away")
        if destination in self.unknown:
            raise Refused
        self.sent.append((destination, self.clock.now(), payload))

    def times(self, address: str) -> list[datetime]:
        return [when for destination, when, _ in self.sent if destination == address]


def senders(rig: Rig, mail: Sender, telegram: Sender | None = None) -> dict[str, Sender]:
    ways = {Way.MAIL: mail, **({Way.TELEGRAM: telegram} if telegram else {})}
    return {
        NOTICE: NoticeSender(rig.notices, rig.storage, rig.roster, rig.clock, ways),
        CONFIRMATION: ConfirmationSender(mail, rig.clock),
    }


async def code_of(rig: Rig, person: Person, address: str) -> str:
    """Ask for a code and find it in the mail."""
    post = Post(rig.clock)
    await rig.notices.mail_code(person.session, address)
    await rig.outbox.drain(senders(rig, post))
    [(destination, _, payload)] = post.sent
    assert destination == address
    return next(word.strip(".") for word in payload["tekst"].split() if word.strip(".").isdigit() and len(word) > 7)


async def by_mail(rig: Rig, person: Person, address: str = "") -> str:
    address = address or f"{person.name.lower()}@example.org"
    await rig.notices.type_code(person.session, await code_of(rig, person, address))
    return address


async def by_telegram(rig: Rig, person: Person, chat: int) -> str:
    await rig.notices.link_telegram(await rig.notices.telegram_token(person.session), chat)
    return str(chat)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SCHOOL_TIME).astimezone(UTC)


@pytest.fixture
async def post(rig: Rig) -> Post:
    rig.clock.set(at("2026-11-23T10:42"))  # a Monday
    return Post(rig.clock)


@pytest.fixture
async def antje(rig: Rig, post: Post) -> Person:
    return await rig.person("Antje")


# --- who and when ----------------------------------------------------------------------------------------------------


async def test_gewoon_waits_for_the_next_school_time_and_spoed_goes_at_once(rig: Rig, antje: Person, post: Post) -> None:
    there = senders(rig, post)
    address = await by_mail(rig, antje)
    # Given two ordinary meldingen in one morning
    await rig.post()
    rig.clock.advance(minutes=30)
    await rig.post()
    await rig.outbox.drain(there)
    assert post.sent == []
    rig.clock.set(at("2026-11-23T12:15"))
    await rig.outbox.drain(there)
    assert post.times(address) == [at("2026-11-23T12:15")]
    # When one is urgent, in the night
    rig.clock.set(at("2026-11-24T03:07"))
    await rig.post(urgent=True)
    await rig.outbox.drain(there)
    assert post.times(address)[1:] == [at("2026-11-24T03:07")]
    # Then both notices are the same, and say nothing
    contents = [payload for _, _, payload in post.sent]
    assert contents[0] == contents[1] == {"onderwerp": "Er staat iets klaar", "tekst": f"Er staat iets klaar.\n\n{INBOX}"}


async def test_a_pupils_message_is_told_as_its_melding_was(rig: Rig, antje: Person, post: Post) -> None:
    there, address = senders(rig, post), await by_mail(rig, antje)
    gewoon, spoed = await rig.post(), await rig.post(urgent=True)
    rig.clock.set(at("2026-11-23T12:15"))
    await rig.outbox.drain(there)
    for melding in (gewoon, spoed):
        await rig.inbox.open(antje.session, melding)
    rig.clock.set(at("2026-11-23T20:00"))
    await rig.write(gewoon, "Het gebeurde weer.")
    await rig.outbox.drain(there)
    assert len(post.sent) == 1
    await rig.write(spoed, "Nu ook thuis.")
    await rig.outbox.drain(there)
    assert post.times(address)[1:] == [at("2026-11-23T20:00")]
    rig.clock.set(at("2026-11-24T08:15"))
    await rig.outbox.drain(there)
    assert post.times(address)[2:] == [at("2026-11-24T08:15")]


async def test_it_is_off_until_somebody_turns_it_on(rig: Rig, antje: Person, post: Post) -> None:
    await rig.post(urgent=True)
    assert await rig.storage.find(OutboxRow, {}) == []
    assert not await rig.notices.reach([antje.session.reader])
    await by_mail(rig, antje)
    assert await rig.notices.reach([antje.session.reader])
    await rig.post(urgent=True)
    # And off again, also for what was on its way
    await rig.notices.remove(antje.session, Way.MAIL)
    await rig.outbox.drain(senders(rig, post))
    assert post.sent == []
    assert await rig.storage.find(OutboxRow, {}) == []


async def test_the_excluded_and_those_who_wait_get_none(rig: Rig, antje: Person, post: Post) -> None:
    ivonne = await rig.person("Ivonne", by=antje)
    truus = await rig.person("Truus")  # nobody confirmed her
    addresses = [await by_mail(rig, person) for person in (antje, ivonne, truus)]
    before = await rig.storage.find(OutboxRow, {})
    melding = await rig.post(without=(ivonne,), urgent=True)
    await rig.write(melding, "Nog iets.")
    assert before == []
    await rig.outbox.drain(senders(rig, post))
    assert [bool(post.times(address)) for address in addresses] == [True, False, False]


async def test_a_key_that_somebody_forged_brings_no_notice_to_the_excluded(rig: Rig, antje: Person, post: Post) -> None:
    # Given somebody who can write in the database, and would like to know whether there is a melding about Ivonne
    ivonne = await rig.person("Ivonne", by=antje)
    address = await by_mail(rig, ivonne)
    melding = await rig.post(without=(ivonne,), urgent=True)
    forged = MeldingKeyRow(melding, ivonne.session.reader.id, b"s" * 96, b"m" * 32)
    await rig.storage.commit(UnitOfWork((Insert(forged),)))
    await rig.write(melding, "Nog iets.")
    await rig.outbox.drain(senders(rig, post))
    assert post.times(address) == []


async def test_who_became_a_reader_later_hears_nothing_of_what_was_before(rig: Rig, antje: Person, post: Post) -> None:
    melding = await rig.post(urgent=True)
    ivonne = await rig.person("Ivonne", by=antje)
    address = await by_mail(rig, ivonne)
    await rig.write(melding, "Nog iets.")
    await rig.outbox.drain(senders(rig, post))
    assert post.times(address) == []


async def test_what_a_colleague_read_meanwhile_needs_no_notice(rig: Rig, antje: Person, post: Post) -> None:
    ivonne = await rig.person("Ivonne", by=antje)
    await by_mail(rig, ivonne)
    first, second = await rig.post(), await rig.post()
    await rig.inbox.open(antje.session, first)
    await rig.inbox.open(antje.session, second)
    rig.clock.set(at("2026-11-23T12:15"))
    await rig.outbox.drain(senders(rig, post))
    assert post.sent == []
    await rig.post()
    rig.clock.set(at("2026-11-23T15:30"))
    await rig.outbox.drain(senders(rig, post))
    assert len(post.sent) == 1


async def test_a_month_of_school(rig: Rig, antje: Person) -> None:
    """None at night or in holidays but spoed, none to the excluded, one for each reader and time; each at its exact moment."""
    chance = random.Random(42)
    rig.clock.set(at("2026-11-30T00:00"))
    ivonne, bart = await rig.person("Ivonne", by=antje), await rig.person("Bart", by=antje)
    truus = await rig.person("Truus")
    mail, telegram = Post(rig.clock), Post(rig.clock)
    where = {person.name: await by_mail(rig, person) for person in (antje, ivonne, bart, truus)}
    chats = {"Ivonne": await by_telegram(rig, ivonne, 4711)}
    there = senders(rig, mail, telegram)
    expected: dict[str, set[datetime]] = {name: set() for name in where}
    # Given a month, in steps of five minutes, in which at any hour a melding may come
    end = at("2027-01-05T00:00")
    posted = urgent_ones = 0
    while rig.clock.now() < end:
        now = rig.clock.now()
        if chance.random() < 0.012:
            urgent, without = chance.random() < 0.3, (bart,) if chance.random() < 0.5 else ()
            await rig.post(urgent=urgent, without=without)
            posted, urgent_ones = posted + 1, urgent_ones + urgent
            moment = now if urgent else _next_time_by_hand(now)
            for person in (antje, ivonne, bart):
                if person not in without:
                    expected[person.name].add(moment)
        await rig.outbox.drain(there)
        rig.clock.advance(minutes=5)
    assert posted > 80
    assert urgent_ones > 20
    # Then each reader heard at exactly these moments, once each
    for name, address in where.items():
        assert mail.times(address) == sorted(moment for moment in expected[name] if moment < end), name
    assert mail.times(where["Truus"]) == []
    assert telegram.times(chats["Ivonne"]) == mail.times(where["Ivonne"])
    # And all that was said is one sentence
    assert len({payload["tekst"] for _, _, payload in (*mail.sent, *telegram.sent)}) == 1


def _next_time_by_hand(now: datetime) -> datetime:
    """The rule once more, in the words of the settings: the first fixed time from two minutes on, in no weekend or holiday."""
    local = now.astimezone(SCHOOL_TIME)
    for days in range(60):
        day = local.date() + timedelta(days=days)
        if day.weekday() >= 5 or date(2026, 12, 19) <= day <= date(2027, 1, 3):
            continue
        for clock in (time(8, 15), time(12, 15), time(15, 30)):
            moment = datetime.combine(day, clock, SCHOOL_TIME)
            if moment >= local + timedelta(minutes=2):
                return moment.astimezone(UTC)
    raise AssertionError("no school for two months")


# --- outages ---------------------------------------------------------------------------------------------------------


async def test_a_mail_server_that_is_away_for_a_day(rig: Rig, antje: Person) -> None:
    """Over a real server: all readers hear of it after, each once, and not before school begins."""
    rig.clock.set(at("2026-11-23T08:00"))
    people = [antje, *[await rig.person(f"Lezer{number}", by=antje) for number in range(6)]]
    addresses = [await by_mail(rig, person) for person in people]
    async with running() as there:
        settings = Smtp(host="localhost", port=there.port, gebruiker=USER, afzender="brievenbus@school.example")
        office = senders(rig, MailServer(settings, PASSWORD, rig.clock, believing()))
        port = there.port
        await there.end()
        # Given a day without the server, on which things come
        for hour in range(24):
            if hour in (1, 5):
                await rig.post()
            await rig.outbox.drain(office)
            rig.clock.advance(hours=1)
            if hour == 9:
                await rig.post(urgent=True)
        assert there.mails == []
        # When it is back, in the school's morning
        await there.begin(port)
        for _ in range(8):
            await rig.outbox.drain(office)
            rig.clock.advance(minutes=30)
        arrived = sorted(mail.recipient for mail in there.mails)
    assert arrived == sorted(addresses)
    assert {mail.message["Subject"] for mail in there.mails} == {"Er staat iets klaar"}
    assert await rig.storage.find(OutboxRow, {}) == []


async def test_what_could_not_be_sent_does_not_come_at_night(rig: Rig, antje: Person, post: Post) -> None:
    address = await by_mail(rig, antje)
    await rig.post()
    post.away = True
    rig.clock.set(at("2026-11-23T12:15"))
    while rig.clock.now() < at("2026-11-24T02:00"):
        await rig.outbox.drain(senders(rig, post))
        rig.clock.advance(minutes=20)
    # When the server is back at two in the night
    post.away = False
    while rig.clock.now() < at("2026-11-24T12:00"):
        await rig.outbox.drain(senders(rig, post))
        rig.clock.advance(minutes=5)
    [when] = post.times(address)
    assert at("2026-11-24T08:15") <= when <= at("2026-11-24T08:20")


async def test_what_was_due_while_the_program_was_down_comes_in_school_hours(rig: Rig, antje: Person, post: Post) -> None:
    address = await by_mail(rig, antje)
    await rig.post()
    rig.clock.set(at("2026-11-28T11:00"))  # the Saturday after
    await rig.outbox.drain(senders(rig, post))
    assert post.sent == []
    rig.clock.set(at("2026-11-30T08:16"))
    await rig.outbox.drain(senders(rig, post))
    assert post.times(address) == [at("2026-11-30T08:16")]


async def test_one_way_that_fails_does_not_repeat_the_other(rig: Rig, antje: Person, post: Post) -> None:
    await by_mail(rig, antje)
    await by_telegram(rig, antje, 4711)
    mail = Post(rig.clock, away=True)
    await rig.post(urgent=True)
    for _ in range(5):
        await rig.outbox.drain(senders(rig, mail, post))
        rig.clock.advance(minutes=2)
    assert (len(post.sent), len(mail.sent)) == (1, 0)
    mail.away = False
    rig.clock.advance(hours=1)
    await rig.outbox.drain(senders(rig, mail, post))
    assert (len(post.sent), len(mail.sent)) == (1, 1)


async def test_an_address_that_is_refused_for_good_is_left_alone_until_it_is_confirmed_again(
    rig: Rig, antje: Person, post: Post
) -> None:
    address = await by_mail(rig, antje)
    await by_telegram(rig, antje, 4711)
    post.unknown.add(address)
    telegram = Post(rig.clock)
    await rig.post(urgent=True)
    await rig.outbox.drain(senders(rig, post, telegram))
    found = await rig.notices.of(antje.session.reader.id)
    assert found == {Way.MAIL: Address(Way.MAIL, address, refused=True), Way.TELEGRAM: Address(Way.TELEGRAM, "4711", False)}
    # The other way still works, and a pupil is told of it
    assert len(telegram.sent) == 1
    assert await rig.notices.reach([antje.session.reader])
    await rig.notices.remove(antje.session, Way.TELEGRAM)
    assert not await rig.notices.reach([antje.session.reader])
    await rig.post(urgent=True)
    assert await rig.storage.find(OutboxRow, {}) == []
    # When the same address is confirmed again, then it counts again
    post.unknown.clear()
    await by_mail(rig, antje, address)
    await rig.post(urgent=True)
    await rig.outbox.drain(senders(rig, post))
    assert len(post.times(address)) == 1


_CHILD = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.bot.brievenbus.rig import Rig
from tests.bot.brievenbus.test_notices import at, by_mail, senders

class Killed:
    async def send(self, destination, payload):
        Path(sys.argv[1], "sent").write_text(destination)
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    rig = Rig.build(Path(sys.argv[1]))
    rig.clock.set(at("2026-11-23T10:42"))
    await by_mail(rig, await rig.person("Antje"))
    await rig.post(urgent=True)
    await rig.outbox.drain(senders(rig, Killed()))

asyncio.run(main())
"""


async def test_killed_between_sending_and_marking_it_is_sent_again(tmp_path: Path) -> None:
    # Given a program that is killed when the notice has left, and before that is written down
    command = [sys.executable, "-c", _CHILD, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=False)  # noqa: ASYNC221
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert (tmp_path / "sent").read_text() == "antje@example.org"
    # When it starts again, then a second notice comes, and no third
    rig = Rig.build(tmp_path)
    rig.clock.set(at("2026-11-23T10:50"))
    post = Post(rig.clock)
    for _ in range(3):
        await rig.outbox.drain(senders(rig, post))
        rig.clock.advance(hours=2)
    await rig.close()
    assert [destination for destination, _, _ in post.sent] == ["antje@example.org"]


# --- addresses -------------------------------------------------------------------------------------------------------


async def test_two_readers_never_share_an_address_also_across_schools(rig: Rig, antje: Person) -> None:
    mina = await rig.person("Mina", "mijlpaal")
    await by_mail(rig, antje, "antje@example.org")
    await by_telegram(rig, antje, 4711)
    # Whoever can read the mailbox learns that it is taken; nobody else does
    for same in ("antje@example.org", "Antje@Example.ORG", "antje+school@example.org"):
        code = await code_of(rig, mina, same)
        with pytest.raises(AddressTaken):
            await rig.notices.type_code(mina.session, code)
    token = await rig.notices.telegram_token(mina.session)
    with pytest.raises(AddressTaken):
        await rig.notices.link_telegram(token, 4711)
    assert await rig.notices.of(mina.session.reader.id) == {}
    # When the first one turns it off, then it is free
    await rig.notices.remove(antje.session, Way.MAIL)
    await by_mail(rig, mina, "antje@example.org")
    with pytest.raises(AddressTaken):
        await by_mail(rig, antje, "antje@example.org")


async def test_two_who_confirm_the_same_address_at_one_moment(rig: Rig, antje: Person) -> None:
    import asyncio

    mina = await rig.person("Mina", "mijlpaal")
    codes = [await code_of(rig, person, "samen@example.org") for person in (antje, mina)]
    both = zip((antje, mina), codes, strict=True)
    results = await asyncio.gather(
        *(rig.notices.type_code(person.session, code) for person, code in both), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["AddressTaken", "NoneType"]
    assert len(await rig.storage.find(NoticeAddressRow, {})) == 1


async def test_a_new_address_takes_the_place_of_the_old_one(rig: Rig, antje: Person) -> None:
    await by_mail(rig, antje, "oud@example.org")
    await by_mail(rig, antje, "nieuw@example.org")
    found = await rig.notices.of(antje.session.reader.id)
    assert [address.address for address in found.values()] == ["nieuw@example.org"]
    assert len(await rig.storage.find(NoticeAddressRow, {})) == 1


async def test_a_code_counts_once_for_an_hour_and_for_one_reader(rig: Rig, antje: Person, post: Post) -> None:
    ivonne = await rig.person("Ivonne", by=antje)
    code = await code_of(rig, antje, "antje@example.org")
    with pytest.raises(LinkUnknown):
        await rig.notices.type_code(ivonne.session, code)
    await rig.notices.type_code(antje.session, f" {code[:4]} {code[4:]} ")
    with pytest.raises(LinkUnknown):
        await rig.notices.type_code(antje.session, code)
    late = await code_of(rig, antje, "later@example.org")
    assert await rig.notices.waits_for_code(antje.session.reader.id) == "later@example.org"
    rig.clock.advance(hours=1)
    assert await rig.notices.waits_for_code(antje.session.reader.id) == ""
    with pytest.raises(LinkUnknown):
        await rig.notices.type_code(antje.session, late)
    # And a new code makes the old one void
    first = await code_of(rig, antje, "later@example.org")
    await code_of(rig, antje, "later@example.org")
    with pytest.raises(LinkUnknown):
        await rig.notices.type_code(antje.session, first)


async def test_codes_are_not_guessed(rig: Rig, antje: Person) -> None:
    code = await code_of(rig, antje, "antje@example.org")
    looked = 0
    for _ in range(50):
        with suppress(TooSoon):
            with pytest.raises(LinkUnknown):
                await rig.notices.type_code(antje.session, "00000000" if code != "00000000" else "1")
            looked += 1
    assert looked < 10
    rig.clock.advance(minutes=59)
    await rig.notices.type_code(antje.session, code)


async def test_nobodys_mailbox_is_filled_from_here(rig: Rig, antje: Person) -> None:
    for _ in range(5):
        await rig.notices.mail_code(antje.session, "iemand@example.org")
    with pytest.raises(TooManyCodes):
        await rig.notices.mail_code(antje.session, "iemand@example.org")
    rig.clock.advance(hours=1)
    await rig.notices.mail_code(antje.session, "iemand@example.org")


async def test_a_code_that_nobody_can_use_any_more_is_not_mailed(rig: Rig, antje: Person, post: Post) -> None:
    await rig.notices.mail_code(antje.session, "antje@example.org")
    rig.clock.advance(hours=1)
    await rig.outbox.drain(senders(rig, post))
    assert post.sent == []
    assert await rig.storage.find(OutboxRow, {}) == []


async def test_a_telegram_token_links_once_within_an_hour(rig: Rig, antje: Person) -> None:
    token = await rig.notices.telegram_token(antje.session)
    # It fits in a deep link, and is no school's
    assert len(token) <= 64
    assert token.replace("_", "").replace("-", "").isalnum()
    assert "_" in token
    for wrong in ("", "jps", token[:-1], token.lower()):
        with pytest.raises(LinkUnknown):
            await rig.notices.link_telegram(wrong, 4711)
    await rig.notices.link_telegram(token, 4711)
    with pytest.raises(LinkUnknown):
        await rig.notices.link_telegram(token, 4712)
    late = await rig.notices.telegram_token(antje.session)
    rig.clock.advance(hours=1)
    with pytest.raises(LinkUnknown):
        await rig.notices.link_telegram(late, 4713)
    assert (await rig.notices.of(antje.session.reader.id))[Way.TELEGRAM].address == "4711"


async def test_a_code_links_no_chat_and_a_token_no_mail(rig: Rig, antje: Person) -> None:
    token = await rig.notices.telegram_token(antje.session)
    with pytest.raises(LinkUnknown):
        await rig.notices.type_code(antje.session, token)
    [row] = await rig.storage.find(NoticeLinkRow, {})
    assert token.encode() not in row.id + row.locked


@pytest.mark.parametrize(
    ("typed", "shared"),
    [
        ("", False),
        ("antje", False),
        ("antje@school", False),
        ("antje @example.org", False),
        ("a..b@example.org", False),
        ("antje@example.org\nBcc: x@example.org", False),
        ("Antje <antje@example.org>", False),
        ("antje@ex_ample.org", False),
        ("x" * 65 + "@example.org", False),
        ("a@" + "b." * 150 + "org", False),
        ("info@school.nl", True),
        ("Administratie@school.nl", True),
    ],
)
def test_what_is_no_persons_address(typed: str, shared: bool) -> None:
    with pytest.raises(MailWrong) as wrong:
        mail_address(typed)
    assert wrong.value.shared is shared


@pytest.mark.parametrize("typed", [" antje@example.org ", "a.b-c_d+e@mail.school.example.nl", "o'neil@example.org"])
def test_what_is_one(typed: str) -> None:
    assert mail_address(typed) == typed.strip()


async def test_an_address_is_locked_for_its_reader(rig: Rig, antje: Person) -> None:
    ivonne = await rig.person("Ivonne", by=antje)
    await by_mail(rig, antje, "antje@example.org")
    await by_telegram(rig, ivonne, 4711)
    rows: Sequence[NoticeAddressRow] = await rig.storage.find(NoticeAddressRow, {})
    assert {len(row.locked) for row in rows} == {1024 + 40}
    # Somebody who can write gives Ivonne's row to Antje: then it is nobody's
    rig.storage._write.execute("UPDATE notice_address SET reader = ?", [antje.session.reader.id])
    assert set(await rig.notices.of(antje.session.reader.id)) == {Way.MAIL}
    assert await rig.notices.of(ivonne.session.reader.id) == {}


async def test_closing_and_noting_tell_nobody(rig: Rig, antje: Person, post: Post) -> None:
    await by_mail(rig, antje)
    melding = await rig.post()
    rig.clock.set(at("2026-11-23T12:15"))
    await rig.outbox.drain(senders(rig, post))
    await rig.inbox.open(antje.session, melding)
    await rig.inbox.answer(antje.session, melding, "Dank je wel.", "form-1")
    await rig.inbox.set_state(antje.session, melding, State.CLOSED, "form-2")
    assert await rig.storage.find(OutboxRow, {}) == []
