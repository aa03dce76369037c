"""People who read: how they come in, confirm each other, and come back when they forgot their password."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.brievenbus.keys import SealBroken
from bot.brievenbus.passwords import Weakness
from bot.brievenbus.roster import ReaderState
from bot.brievenbus.staff import FingerprintWrong, InvitationUnknown, LoginRefused, PasswordWeak
from bot.storage import Delete, Insert, InvitationRow, ReaderRow, RosterRow, SessionRow, UnitOfWork
from tests.bot.brievenbus.rig import PASSWORD, Rig

NEW_PASSWORD = "een tweede rijtje losse woorden"


# --- invitations ----------------------------------------------------------------------------------------------------


async def test_the_first_reader_of_a_school_is_active_and_the_second_waits(rig: Rig) -> None:
    # When two people enrol one after the other
    antje = await rig.enrol("Antje")
    ivonne = await rig.enrol("Ivonne")
    # Then the first reads at once, and the second waits for her
    assert (await rig.session(antje.cookie)).reader.state is ReaderState.ACTIVE
    assert (await rig.session(ivonne.cookie)).reader.state is ReaderState.WAITING
    # And the school takes nothing yet: there is one active reader, whose key was not typed back
    assert not (await rig.staff.school("jps")).accepts


async def test_two_who_enrol_at_the_same_moment_do_not_both_become_the_first(rig: Rig) -> None:
    # Given two invitations for people with the same first name
    links = [await rig.staff.invite("jps", "Antje") for _ in range(2)]
    # When both press the button at once
    both = await asyncio.gather(*(rig.staff.accept(link, PASSWORD) for link in links))
    # Then both are in, under different log-in names, and one of them waits
    assert sorted(one.username for one in both) == ["antje.jps", "antje2.jps"]
    readers = (await rig.staff.school("jps")).readers
    assert sorted(reader.state.value for reader in readers) == ["actief", "wacht"]
    assert (await rig.staff.school("jps")).sound


async def test_an_invitation_works_once(rig: Rig) -> None:
    # Given an invitation that was used
    link = await rig.staff.invite("jps", "Antje")
    await rig.staff.accept(link, PASSWORD)
    # Then it does nothing more
    with pytest.raises(InvitationUnknown):
        await rig.staff.invitation(link)
    with pytest.raises(InvitationUnknown):
        await rig.staff.accept(link, PASSWORD)
    assert len(await rig.staff.readers("jps")) == 1


async def test_an_invitation_that_is_sent_twice_at_once_makes_one_reader(rig: Rig) -> None:
    # Given one invitation
    link = await rig.staff.invite("jps", "Antje")
    # When the button is pressed twice
    outcomes = await asyncio.gather(*(rig.staff.accept(link, PASSWORD) for _ in range(2)), return_exceptions=True)
    # Then one press counts
    assert sorted(type(one).__name__ for one in outcomes) == ["Enrolment", "InvitationUnknown"]
    assert len(await rig.staff.readers("jps")) == 1


async def test_an_invitation_that_is_put_back_makes_no_second_reader(rig: Rig) -> None:
    # Given a used invitation whose row somebody puts back in the database
    link = await rig.staff.invite("jps", "Antje")
    [row] = await rig.storage.find(InvitationRow, {})
    await rig.staff.accept(link, PASSWORD)
    await rig.storage.commit(UnitOfWork((Insert(row),)))
    # Then it is refused all the same
    with pytest.raises(InvitationUnknown):
        await rig.staff.accept(link, PASSWORD)


async def test_an_invitation_ends_after_72_hours(rig: Rig) -> None:
    link = await rig.staff.invite("jps", "Antje")
    rig.clock.advance(hours=71, minutes=59)
    assert (await rig.staff.invitation(link)).username == "antje.jps"
    rig.clock.advance(minutes=1)
    with pytest.raises(InvitationUnknown):
        await rig.staff.invitation(link)


@pytest.mark.parametrize("change", [{"school": "vo"}, {"half_day": 1}, {"name_locked": b"x" * 80}, {"mac": b"m" * 32}])
async def test_an_altered_invitation_is_refused(rig: Rig, change: dict[str, object]) -> None:
    link = await rig.staff.invite("jps", "Antje")
    [row] = await rig.storage.find(InvitationRow, {})
    await rig.overwrite(replace(row, **change))
    with pytest.raises(InvitationUnknown):
        await rig.staff.invitation(link)


@pytest.mark.parametrize("token", ["", "x", "é", "A" * 29, "A" * 30, "A" * 31, "../../etc", "A" * 5000])
async def test_a_made_up_link_is_refused(rig: Rig, token: str) -> None:
    with pytest.raises(InvitationUnknown):
        await rig.staff.invitation(token)


async def test_a_weak_password_leaves_the_invitation(rig: Rig) -> None:
    link = await rig.staff.invite("jps", "Antje")
    with pytest.raises(PasswordWeak) as refused:
        await rig.staff.accept(link, "welkom2026!!")
    assert refused.value.weakness is Weakness.COMMON
    assert (await rig.staff.accept(link, PASSWORD)).username == "antje.jps"


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
async def test_a_name_has_a_length(rig: Rig, name: str) -> None:
    with pytest.raises(ValueError, match="1 to 60"):
        await rig.staff.invite("jps", name)


@pytest.mark.parametrize(
    ("name", "username"), [("Noëlle  van Dam", "noelle.jps"), ("李", "lezer.jps"), ("Anne-Marie Bos", "anne-marie.jps")]
)
async def test_a_log_in_name_is_typed_easily(rig: Rig, name: str, username: str) -> None:
    assert (await rig.staff.invitation(await rig.staff.invite("jps", name))).username == username


# --- the recovery key -----------------------------------------------------------------------------------------------


async def test_a_forgotten_password_loses_nothing(rig: Rig) -> None:
    # Given a reader with a melding, and a session elsewhere
    antje = await rig.person("Antje")
    melding = await rig.post()
    elsewhere = (await rig.staff.login(antje.username, PASSWORD)).cookie
    # When she sets a new password with her recovery key
    back = await rig.staff.recover(antje.username, antje.recovery_key.lower().replace("-", " "), NEW_PASSWORD)
    # Then she reads the melding, the new password works, the old one does not, and the other session is over
    opened = await rig.inbox.open(await rig.session(back.cookie), melding)
    assert len(opened.thread) == 2
    assert await rig.staff.login(antje.username, NEW_PASSWORD)
    with pytest.raises(LoginRefused):
        await rig.staff.login(antje.username, PASSWORD)
    assert await rig.staff.session(elsewhere) is None
    assert len(await rig.storage.find(SessionRow, {})) == 2


async def test_a_wrong_recovery_key_changes_nothing(rig: Rig) -> None:
    antje, ivonne = await rig.person("Antje"), await rig.person("Ivonne")
    with pytest.raises(LoginRefused):
        await rig.staff.recover(antje.username, ivonne.recovery_key, NEW_PASSWORD)
    with pytest.raises(LoginRefused):
        await rig.staff.recover("nobody.jps", antje.recovery_key, NEW_PASSWORD)
    assert await rig.staff.login(antje.username, PASSWORD)


async def test_wrong_recovery_keys_slow_down_recovery_and_not_logging_in(rig: Rig) -> None:
    # Given somebody who types wrong recovery keys
    antje = await rig.person("Antje")
    outcomes = []
    for _ in range(5):
        with pytest.raises(LoginRefused) as refused:
            await rig.staff.recover(antje.username, "AAAA-BBBB", NEW_PASSWORD)
        outcomes.append(refused.value.looked)
    # Then that becomes slow, and logging in does not
    assert outcomes == [True, True, True, False, False]
    assert await rig.staff.login(antje.username, PASSWORD)
    # And the right one is taken after the wait
    rig.clock.advance(seconds=60)
    assert await rig.staff.recover(antje.username, antje.recovery_key, NEW_PASSWORD)


async def test_recovery_refuses_a_weak_password(rig: Rig) -> None:
    antje = await rig.person("Antje")
    with pytest.raises(PasswordWeak):
        await rig.staff.recover(antje.username, antje.recovery_key, "antje.jps 12")
    assert await rig.staff.login(antje.username, PASSWORD)


async def test_somebody_who_left_does_not_come_back_with_the_paper(rig: Rig) -> None:
    # Given a reader who left the school
    antje = await rig.person("Antje")
    row = await rig.storage.get(ReaderRow, {"id": antje.session.reader.id})
    assert row is not None
    gone = replace(row, state=ReaderState.GONE.value)
    await rig.storage.commit(UnitOfWork(await rig.roster.change(gone, row)))
    # Then neither password nor recovery key opens anything, and her session is over
    with pytest.raises(LoginRefused):
        await rig.staff.recover(antje.username, antje.recovery_key, NEW_PASSWORD)
    with pytest.raises(LoginRefused):
        await rig.staff.login(antje.username, PASSWORD)
    assert (await rig.staff.school("jps")).readers == ()


async def test_a_new_recovery_key_replaces_the_old_one(rig: Rig) -> None:
    antje = await rig.person("Antje")
    fresh = await rig.staff.new_recovery_key(antje.session)
    assert not (await rig.reader(antje)).recovery_confirmed
    with pytest.raises(LoginRefused):
        await rig.staff.recover(antje.username, antje.recovery_key, NEW_PASSWORD)
    await rig.staff.confirm_recovery(antje.session, fresh)
    assert (await rig.reader(antje)).recovery_confirmed


# --- logging in -----------------------------------------------------------------------------------------------------


async def test_the_log_in_name_is_not_fussy_and_an_accent_is_an_accent(rig: Rig) -> None:
    # Given a password with an é, typed on a keyboard that makes it one character
    link = await rig.staff.invite("jps", "Antje")
    await rig.staff.accept(link, "caf\u00e9 vol dromedarissen")
    # Then a keyboard that makes it of two gets in as well
    assert await rig.staff.login("  ANTJE.jps ", "cafe\u0301 vol dromedarissen")


async def test_tries_sent_at_once_are_counted_before_they_are_looked_at(rig: Rig) -> None:
    # Given a reader
    antje = await rig.person("Antje")
    # When somebody sends forty guesses at the same moment
    outcomes = await asyncio.gather(*(rig.staff.login(antje.username, f"guess {n}") for n in range(40)), return_exceptions=True)
    # Then three are looked at, the rest came too soon
    refused = [one for one in outcomes if isinstance(one, LoginRefused)]
    assert len(refused) == 40
    assert sum(one.looked for one in refused) == 3


async def test_nobody_is_locked_out(rig: Rig) -> None:
    # Given a browser that logged in before, and a stranger who guesses a hundred times
    antje = await rig.person("Antje")
    device = (await rig.staff.login(antje.username, PASSWORD)).device
    for _ in range(100):
        with pytest.raises(LoginRefused):
            await rig.staff.login(antje.username, "a guess")
    # Then that browser is let in at once, and any other within a minute
    assert await rig.staff.login(antje.username, PASSWORD, device)
    with pytest.raises(LoginRefused) as refused:
        await rig.staff.login(antje.username, PASSWORD)
    assert not refused.value.looked
    assert refused.value.wait <= 60
    rig.clock.advance(seconds=refused.value.wait)
    assert await rig.staff.login(antje.username, PASSWORD)


async def test_the_device_of_one_reader_is_nothing_for_another(rig: Rig) -> None:
    antje, ivonne = await rig.person("Antje"), await rig.person("Ivonne")
    device = (await rig.staff.login(antje.username, PASSWORD)).device
    for _ in range(3):
        with pytest.raises(LoginRefused):
            await rig.staff.login(ivonne.username, "a guess", device)
    with pytest.raises(LoginRefused) as refused:
        await rig.staff.login(ivonne.username, PASSWORD, device)
    assert not refused.value.looked


async def test_a_swapped_password_opens_nothing(rig: Rig) -> None:
    # Given somebody who copies the own lock over that of a colleague
    antje, ivonne = await rig.person("Antje"), await rig.person("Ivonne")
    hers = await rig.storage.get(ReaderRow, {"id": antje.session.reader.id})
    mine = await rig.storage.get(ReaderRow, {"id": ivonne.session.reader.id})
    assert hers is not None
    assert mine is not None
    await rig.overwrite(replace(hers, salt=mine.salt, password_locked=mine.password_locked))
    # Then the own password does not open the colleague's account
    with pytest.raises(LoginRefused):
        await rig.staff.login(antje.username, PASSWORD)


# --- colleagues -----------------------------------------------------------------------------------------------------


async def test_a_confirmed_colleague_gets_what_is_sent_from_then_on(rig: Rig) -> None:
    # Given an active reader with a melding, and a colleague who waits
    antje = await rig.person("Antje")
    await rig.post()
    ivonne = await rig.person("Ivonne")
    # When the fingerprint is typed as it was read out
    await rig.staff.confirm(antje.session, ivonne.session.reader.id, ivonne.session.reader.fingerprint.replace(" ", " - "))
    await rig.post()
    # Then the colleague reads what came after
    assert (await rig.reader(ivonne)).state is ReaderState.ACTIVE
    assert len((await rig.inbox.queue(ivonne.session)).items) == 1
    assert len((await rig.inbox.queue(antje.session)).items) == 2


async def test_confirming_needs_the_right_number_and_the_right_person(rig: Rig) -> None:
    # Given an active reader, two who wait, and an active reader of another school
    antje = await rig.person("Antje")
    ivonne, esther = await rig.person("Ivonne"), await rig.person("Esther")
    diana = await rig.person("Diana", "vo")
    reader = ivonne.session.reader
    # Then these do not confirm Ivonne: a wrong number, an empty one, herself, another who waits, another school
    for session, fingerprint in (
        (antje.session, esther.session.reader.fingerprint),
        (antje.session, ""),
        (ivonne.session, reader.fingerprint),
        (esther.session, reader.fingerprint),
        (diana.session, reader.fingerprint),
    ):
        with pytest.raises(FingerprintWrong):
            await rig.staff.confirm(session, reader.id, fingerprint)
    with pytest.raises(FingerprintWrong):
        await rig.staff.confirm(antje.session, b"n" * 16, reader.fingerprint)
    assert (await rig.reader(ivonne)).state is ReaderState.WAITING


async def test_writing_in_the_database_makes_nobody_active(rig: Rig) -> None:
    # Given a waiting reader whose row is changed behind the server's back
    await rig.person("Antje")
    ivonne = await rig.person("Ivonne")
    await rig.forge_state(ivonne, "actief")
    # Then she does not count, and the school takes nothing until somebody looks
    school = await rig.staff.school("jps")
    assert [reader.name for reader in school.readers] == ["Antje"]
    assert not school.sound
    assert not school.accepts


async def test_an_unsound_list_is_never_signed_again(rig: Rig) -> None:
    # Given an old row of a reader, put back after she left
    antje = await rig.person("Antje")
    ivonne = await rig.person("Ivonne", by=antje)
    old = await rig.storage.get(ReaderRow, {"id": ivonne.session.reader.id})
    assert old is not None
    await rig.storage.commit(UnitOfWork(await rig.roster.change(replace(old, state=ReaderState.GONE.value), old)))
    await rig.overwrite(old)
    assert not (await rig.staff.school("jps")).sound
    # When anything is done that would write the list anew
    link = await rig.staff.invite("jps", "Esther")
    with pytest.raises(SealBroken):
        await rig.staff.accept(link, PASSWORD)
    with pytest.raises(SealBroken):
        await rig.staff.new_recovery_key(antje.session)
    # Then the list is as unsound as before
    assert not (await rig.staff.school("jps")).sound


async def test_a_deleted_reader_or_proof_is_seen(rig: Rig) -> None:
    antje = await rig.person("Antje")
    await rig.person("Ivonne", by=antje)
    await rig.storage.commit(UnitOfWork((Delete(RosterRow, {"school": "jps"}),)))
    assert not (await rig.staff.school("jps")).sound


async def test_a_change_between_two_reads_does_not_look_like_a_forgery(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a colleague who is confirmed just after the proof of the list was read
    antje = await rig.person("Antje")
    ivonne = await rig.person("Ivonne")
    reader = ivonne.session.reader
    find, times = rig.storage.find, []

    async def late(table: type[ReaderRow], where: dict[str, str]) -> object:
        if not times:
            times.append(1)
            await rig.staff.confirm(antje.session, reader.id, reader.fingerprint)
        return await find(table, where)

    monkeypatch.setattr(rig.storage, "find", late)
    # Then the list is read again, and is sound
    school = await rig.staff.school("jps")
    assert school.sound
    assert len(school.active) == 2
