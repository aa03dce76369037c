"""The demo: everything on this machine, in a folder that is thrown away, with readers whose passwords are printed."""

from __future__ import annotations

import asyncio
import re
import secrets
from dataclasses import dataclass, field

from bot.brievenbus.roster import ReaderState
from bot.brievenbus.sessions import Session
from bot.brievenbus.words import load as load_words
from bot.house import House
from knowledge import School

# A folder with this file in it belongs to a demo; `brievenbus start` refuses it.
MARKER = "DEMO"
READERS = 2
_SPARE_NAMES = ("Sam de Vries", "Robin Bakker")


@dataclass(frozen=True)
class Account:
    """A reader of the demo."""

    school: str
    username: str
    password: str = field(repr=False)


async def staff_house(house: House) -> list[Account]:
    """Give every open school two readers, as an invitation would; the same steps, the same Argon2.

    Returns:
        The accounts, in the order of the settings' schools.
    """
    made = await asyncio.gather(*(_staff_school(house, house.knowledge.schools[slug]) for slug in house.config.scholen))
    return [account for accounts in made for account in accounts]


async def _staff_school(house: House, school: School) -> list[Account]:
    named = [person.name for person in school.people if person.name]
    accounts = []
    sessions: list[Session] = []
    for name in [*named, *_SPARE_NAMES][:READERS]:
        password = "-".join(secrets.choice(load_words().words) for _ in range(4))
        token = await house.staff.invite(school.slug, name)
        enrolled = await house.staff.accept(token, password)
        session = await house.staff.session(enrolled.cookie)
        if session is None:
            raise RuntimeError("the session of the demo ended at once")
        await house.staff.confirm_recovery(session, enrolled.recovery_key)
        if session.reader.state is ReaderState.WAITING:
            await house.staff.confirm(sessions[0], session.reader.id, re.sub(r"\D", "", session.reader.fingerprint))
        sessions.append(session)
        accounts.append(Account(school.slug, enrolled.username, password))
    return accounts
