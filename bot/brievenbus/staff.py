"""The people who read: invited, enrolled with a password and a recovery key, confirmed by a colleague, logged in."""

from __future__ import annotations

import base64
import hmac
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import nacl.utils
from nacl.public import PrivateKey

from bot.brievenbus.keys import SealBroken, ServerKey, Stretching, decrypt, derive, encrypt
from bot.brievenbus.lanes import Lane, QueueFull
from bot.brievenbus.passwords import Weakness, one_spelling, weakness
from bot.brievenbus.recovery import RecoveryKeyWrong, lock_secret, new_recovery_key, open_secret
from bot.brievenbus.roster import Reader, ReaderState, Roster, SchoolReaders
from bot.brievenbus.sessions import Session, Sessions
from bot.brievenbus.slowdown import Slowdown
from bot.clock import Clock, half_day
from bot.storage import Conflict, Delete, Insert, InvitationRow, Operation, ReaderRow, SessionRow, Storage, UnitOfWork

READER_VERSION = 1
INVITATION_SECONDS = 72 * 3600
# So many people of one school may press the button at the same moment; more do not read one brievenbus.
ENROLMENTS_AT_ONCE = 10
_TOKEN_BYTES = 16
_TIME_BYTES = 6


class InvitationUnknown(Exception):
    """The link was used, is too old, or never existed; a new one must be made."""


class PasswordWeak(Exception):
    """The password is refused; ``weakness`` says why."""

    def __init__(self, weakness: Weakness) -> None:
        super().__init__(weakness.value)
        self.weakness = weakness


class LoginRefused(Exception):
    """Name or password is wrong, or it is too soon after wrong tries.

    Attributes:
        wait: seconds to wait before the next try is looked at; 0 when it may come at once.
        looked: False when it came too soon, so that nobody looked whether it was right.
    """

    def __init__(self, wait: int, *, looked: bool = True) -> None:
        super().__init__("refused")
        self.wait = wait
        self.looked = looked


class FingerprintWrong(Exception):
    """What was typed is not the fingerprint of this colleague's key."""


@dataclass(frozen=True)
class Invitation:
    """An invitation that can still be used."""

    school: str
    name: str
    username: str


@dataclass(frozen=True)
class Enrolment:
    """What a new reader gets to see, once.

    Attributes:
        cookie: of the session that has begun.
        recovery_key: to write down and type back; shown this once.
    """

    username: str
    cookie: str = field(repr=False)
    recovery_key: str = field(repr=False)


@dataclass(frozen=True)
class LoggedIn:
    """A session has begun.

    Attributes:
        cookie: of the session.
        device: value that makes this browser a known device for this reader.
    """

    cookie: str = field(repr=False)
    device: str = field(repr=False)


class Staff:
    """Everything about people who read; the inbox's pages and the command line call it."""

    def __init__(
        self,
        storage: Storage,
        server: ServerKey,
        roster: Roster,
        sessions: Sessions,
        lane: Lane,
        clock: Clock,
        stretching: Stretching,
    ) -> None:
        self._storage = storage
        self._server = server
        self._roster = roster
        self._sessions = sessions
        self._lane = lane
        self._clock = clock
        self._stretching = stretching
        self._slowdown = Slowdown()
        # Apart: a wrong recovery key costs us nothing to look at, and must not slow down a log-in.
        self._recovery_slowdown = Slowdown()

    # --- invitation -------------------------------------------------------------------------------------------------

    async def invite(self, school: str, name: str) -> str:
        """Make an invitation; returns the token of its link: single use, 72 hours, only its hash is kept.

        Raises:
            ValueError: the name is empty or too long.
        """
        name = " ".join(name.split())
        if not 1 <= len(name) <= 60:
            raise ValueError("a name has 1 to 60 characters")
        until = int(self._clock.now().timestamp()) + INVITATION_SECONDS
        # The moment stands in the token, whose hash vouches for it: the disk says nothing finer than the half-day.
        token = nacl.utils.random(_TOKEN_BYTES) + until.to_bytes(_TIME_BYTES, "big")
        ident = self._server.hash("invitation", token)
        locked = encrypt(self._server.key("invitation", ident), name.encode(), school.encode())
        row = InvitationRow(ident, school, half_day(self._clock.now()), locked, b"")
        row = replace(row, mac=self._server.mac(row.table, *_invitation_parts(row)))
        await self._storage.commit(UnitOfWork((Insert(row),)))
        return base64.urlsafe_b64encode(token).decode().rstrip("=")

    async def invitation(self, token: str) -> Invitation:
        """Look at an invitation without using it.

        Raises:
            InvitationUnknown: it cannot be used (any more).
        """
        row, name = await self._invitation(token)
        return Invitation(row.school, name, await self._username(row.school, name))

    async def accept(self, token: str, password: str) -> Enrolment:
        """Use an invitation: make the key pair, lock it with the password and a recovery key, begin a session.

        The first reader of a school is active at once; the others wait until an active one confirms their key.

        Raises:
            InvitationUnknown: it cannot be used (any more), or was used at the same moment.
            PasswordWeak: the password is refused; the invitation stays.
            QueueFull: too many people wait.
        """
        row, name = await self._invitation(token)
        if (weak := weakness(password, name, await self._username(row.school, name), row.school)) is not None:
            raise PasswordWeak(weak)
        # From the token: an invitation that was put back behind our back makes the same reader, and is refused.
        ident = derive(_token_bytes(token), "reader id", size=16)
        if await self._storage.get(ReaderRow, {"id": ident}) is not None:
            raise InvitationUnknown
        pair = PrivateKey.generate()
        secret = bytes(pair)
        recovery_key = new_recovery_key()
        salt = nacl.utils.random(16)
        password_locked = await self._lock(password, salt, ident, secret)
        new = ReaderRow(
            id=ident,
            school=row.school,
            half_day=half_day(self._clock.now()),
            state=ReaderState.WAITING.value,
            version=READER_VERSION,
            ops=self._stretching.ops,
            memory=self._stretching.memory,
            recovery_confirmed=0,
            username_hash=b"",
            name_locked=self._roster.lock_name(ident, name),
            public_key=bytes(pair.public_key),
            salt=salt,
            password_locked=password_locked,
            recovery_locked=lock_secret(recovery_key, ident, secret),
            mac=b"",
        )
        username = await self._add(row, name, new)
        return Enrolment(username, await self._sessions.begin(ident, secret), recovery_key)

    # --- recovery key -----------------------------------------------------------------------------------------------

    async def confirm_recovery(self, session: Session, typed: str) -> None:
        """The reader typed the recovery key back: from now on it counts as a second way in.

        Raises:
            RecoveryKeyWrong: it is not the key.
        """
        row = await self._reader_row(session.reader.id)
        open_secret(typed, row.id, row.recovery_locked)
        await self._change(row, replace(row, recovery_confirmed=1))

    async def new_recovery_key(self, session: Session) -> str:
        """Replace the recovery key, when the old one was lost before it was typed back; the old one opens nothing more."""
        row = await self._reader_row(session.reader.id)
        key = new_recovery_key()
        locked = lock_secret(key, row.id, session.private_key)
        await self._change(row, replace(row, recovery_locked=locked, recovery_confirmed=0))
        return key

    async def recover(self, username: str, recovery_key: str, password: str) -> LoggedIn:
        """Set a new password with the recovery key; all meldingen stay readable, all other sessions end.

        Raises:
            LoginRefused: the name or the key is wrong, or it is too soon.
            PasswordWeak: the new password is refused.
            QueueFull: too many people wait.
        """
        account = self._account(username)
        self._refuse_if_too_soon(self._recovery_slowdown, account, known=False)
        row = await self._storage.get(ReaderRow, {"username_hash": account})
        try:
            if row is None or row.state == ReaderState.GONE.value:
                raise RecoveryKeyWrong
            reader = self._roster.open(row)
            secret = open_secret(recovery_key, row.id, row.recovery_locked)
        except (RecoveryKeyWrong, SealBroken) as error:
            raise self._failed(self._recovery_slowdown, account, known=False) from error
        if (weak := weakness(password, reader.name, username, reader.school)) is not None:
            raise PasswordWeak(weak)
        salt = nacl.utils.random(16)
        locked = await self._lock(password, salt, row.id, secret)
        stretching = self._stretching
        new = replace(row, salt=salt, password_locked=locked, ops=stretching.ops, memory=stretching.memory)
        await self._change(row, new, Delete(SessionRow, {"reader": row.id}))
        self._recovery_slowdown.succeeded(account, known_device=False)
        # Who came back with the paper is not slowed by guesses from before.
        self._slowdown.succeeded(account, known_device=False)
        return LoggedIn(await self._sessions.begin(row.id, secret), self._device(account))

    # --- log-in -----------------------------------------------------------------------------------------------------

    async def login(self, username: str, password: str, device: str = "") -> LoggedIn:
        """Log in.

        Args:
            username: as shown at the enrolment.
            password: as chosen.
            device: value that an earlier log-in gave this browser; wrong tries elsewhere then do not slow this one.

        Raises:
            LoginRefused: wrong, or too soon after wrong tries.
            QueueFull: too many people wait.
        """
        account = self._account(username)
        known = hmac.compare_digest(device.encode(), self._device(account).encode())
        self._refuse_if_too_soon(self._slowdown, account, known)
        row = await self._storage.get(ReaderRow, {"username_hash": account})
        # Counted before it is tried: of many tries sent at once, only the free ones are looked at.
        refused = self._failed(self._slowdown, account, known)
        secret = await self._lane.run(lambda: self._try_password(row, password))
        if row is None or secret is None or row.state == ReaderState.GONE.value:
            raise refused
        self._slowdown.succeeded(account, known)
        return LoggedIn(await self._sessions.begin(row.id, secret), self._device(account))

    async def session(self, cookie: str) -> Session | None:
        """The session of a cookie."""
        return await self._sessions.find(cookie)

    async def logout(self, cookie: str) -> None:
        """End a session."""
        await self._sessions.end(cookie)

    # --- colleagues -------------------------------------------------------------------------------------------------

    async def school(self, school: str) -> SchoolReaders:
        """The readers of a school, waiting ones included, and whether the list is sound."""
        return await self._roster.of(school)

    async def readers(self, school: str) -> Sequence[Reader]:
        """The readers of a school, waiting ones included."""
        return (await self.school(school)).readers

    async def confirm(self, session: Session, reader: bytes, fingerprint: str) -> None:
        """An active reader confirms a colleague's key; from now on new meldingen are sealed to that colleague too.

        Args:
            session: of the reader who confirms.
            reader: id of the colleague.
            fingerprint: the six groups, as the colleague read them out from the own screen.

        Raises:
            FingerprintWrong: they differ, or this reader may not confirm anybody.
        """
        row = await self._storage.get(ReaderRow, {"id": reader})
        if row is None:
            raise FingerprintWrong
        colleague = self._roster.open(row)
        me = session.reader
        allowed = me.state is ReaderState.ACTIVE and me.school == colleague.school and me.id != colleague.id
        if not allowed or re.sub(r"\D", "", fingerprint) != colleague.fingerprint.replace(" ", ""):
            raise FingerprintWrong
        if colleague.state is ReaderState.WAITING:
            await self._change(row, replace(row, state=ReaderState.ACTIVE.value))

    # --- inside -----------------------------------------------------------------------------------------------------

    async def _invitation(self, token: str) -> tuple[InvitationRow, str]:
        raw = _token_bytes(token)
        until = int.from_bytes(raw[_TOKEN_BYTES:], "big")
        row = await self._storage.get(InvitationRow, {"id": self._server.hash("invitation", raw)})
        if row is None or self._clock.now().timestamp() >= until:
            raise InvitationUnknown
        try:
            self._server.check(row.mac, row.table, *_invitation_parts(row))
            name = decrypt(self._server.key("invitation", row.id), row.name_locked, row.school.encode()).decode()
        except SealBroken as error:
            raise InvitationUnknown from error
        return row, name

    async def _add(self, invitation: InvitationRow, name: str, new: ReaderRow) -> str:
        """Add a reader for an invitation; returns the log-in name. Whether somebody reads already is looked up each time."""
        used = Delete(InvitationRow, {"id": invitation.id}, must_exist=True)
        for _ in range(ENROLMENTS_AT_ONCE):
            username = await self._username(invitation.school, name)
            others = await self._roster.of(invitation.school)
            state = ReaderState.WAITING if others.active else ReaderState.ACTIVE
            row = replace(new, state=state.value, username_hash=self._account(username))
            try:
                await self._storage.commit(UnitOfWork((used, *await self._roster.change(row, None))))
            except Conflict as conflict:
                if conflict.table == InvitationRow.table:
                    raise InvitationUnknown from conflict
                # A colleague enrolled at the same moment: the log-in name or the state may be another now.
                continue
            return username
        raise QueueFull

    async def _username(self, school: str, name: str) -> str:
        """A log-in name that nobody has: the first name and the school, and a number if need be."""
        plain = unicodedata.normalize("NFKD", name.split()[0].lower()).encode("ascii", "ignore").decode()
        first = re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "lezer"
        number = 1
        while True:
            username = f"{first}{'' if number == 1 else number}.{school}"
            if await self._storage.get(ReaderRow, {"username_hash": self._account(username)}) is None:
                return username
            number += 1

    async def _lock(self, password: str, salt: bytes, ident: bytes, secret: bytes) -> bytes:
        key = await self._lane.run(lambda: self._stretching.stretch(one_spelling(password), salt, 32))
        return encrypt(key, secret, ident + b"password")

    def _try_password(self, row: ReaderRow | None, password: str) -> bytes | None:
        try:
            if row is None:
                raise SealBroken("no such reader")
            # First the proof: parameters that were altered behind our back could ask for any time and memory.
            self._roster.open(row)
        except SealBroken:
            # As slow as for a name that exists: the time tells nobody who works here.
            self._stretching.stretch(one_spelling(password), bytes(16), 32)
            return None
        key = Stretching(row.ops, row.memory).stretch(one_spelling(password), row.salt, 32)
        try:
            return decrypt(key, row.password_locked, row.id + b"password")
        except SealBroken:
            return None

    async def _reader_row(self, ident: bytes) -> ReaderRow:
        row = await self._storage.get(ReaderRow, {"id": ident})
        if row is None:
            raise SealBroken("reader")
        self._roster.open(row)
        return row

    async def _change(self, old: ReaderRow, new: ReaderRow, *more: Operation) -> None:
        await self._storage.commit(UnitOfWork((*await self._roster.change(new, old), *more)))

    def _account(self, username: str) -> bytes:
        return self._server.hash("username", username.strip().lower().encode())

    def _device(self, account: bytes) -> str:
        return base64.urlsafe_b64encode(self._server.key("device", account)).decode()

    def _refuse_if_too_soon(self, slowdown: Slowdown, account: bytes, known: bool) -> None:
        if wait := slowdown.wait(account, known, self._clock.now()):
            raise LoginRefused(wait, looked=False)

    def _failed(self, slowdown: Slowdown, account: bytes, known: bool) -> LoginRefused:
        now = self._clock.now()
        slowdown.failed(account, known, now)
        return LoginRefused(slowdown.wait(account, known, now))


def _invitation_parts(row: InvitationRow) -> tuple[bytes, ...]:
    return (row.id, row.school.encode(), str(row.half_day).encode(), row.name_locked)


def _token_bytes(token: str) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except ValueError as error:
        raise InvitationUnknown from error
    if len(raw) != _TOKEN_BYTES + _TIME_BYTES:
        raise InvitationUnknown
    return raw
