"""The whole main job over HTTP, with every logger at its most talkative; copies the data folder at each stage.

``python -m tests.bot.main_job_over_http FOLDER`` leaves in FOLDER a copy for each stage, and in ``typed.json`` what was typed and
given out, by kind; what it logs goes to stderr. See ``test_stolen_disk.py``.
"""

from __future__ import annotations

import asyncio
import base64
import html
import json
import logging
import re
import shutil
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import httpx

from bot import logs
from bot.brievenbus.keys import ServerKey
from bot.brievenbus.melding import open_as_reader
from bot.brievenbus.roster import Reader
from bot.clock import FixedClock
from bot.config import Config
from bot.house import DATABASE, House, build
from bot.server_key import load_server_key
from bot.storage import MeldingKeyRow, MeldingRow
from bot.web import serve
from tests.bot.conftest import FAST

# Words that stand in no list of ours: found anywhere, they came from here.
WAT = "Ik wil niet meer leven. Floribert kwam met een zakmes op het knikkerplein, zegt Zoë Fladderak."
WAAR = "achter de muziekkoepel"
WANNEER = "elke woensdagmiddag"
CHANGED_WAAR = "in het trappenhuisje"
HOE_VAAK = "al zeventien keer"
WIE_WEET = "mijn hartsvriendin Quirine"
WENS = "dat meester Wolfhart het tegenhoudt"
WRITE_ON = "Vandaag gooiden ze mijn broodtrommel in de regenton."
DRAFT = "Dit is een kladje over de hoogspringmat."
UNLUCKY = "De schildpad van Everhard is zoek."
WIPED = "Mijn oom Diederik zit op de strafbank."
ANSWER = "Wat moedig van je. Morgen zit ik bij de vijverbank."
NOTE = "Overlegd met de schoolmaatschappelijk werkster over de klassenindeling."
PASSWORDS = {
    "Ivonne": "zeven luie pinguïns schaatsen",
    "Antje": "groene dakpannen fluiten zacht",
    "Wrong": "helemaal verkeerd bedacht",
}
NEW_PASSWORD = "drie dappere dweilen dansen"
NAMES = {"Ivonne": "Ivonne Kwartelhof", "Antje": "Antje Zandloperinck"}
MAIL, CHAT = "ivonne.kwartelhof+thuis@brievenpost.example", 734195286042
AGENT, FORWARDED = "Vlooienmarktbrowser/7.5", "203.0.113.77"


def as_talkative_as_possible() -> None:
    """Every logger that exists or will exist, at DEBUG, on root too."""
    names = [*logs.THIRD_PARTIES, *logging.root.manager.loggerDict, "sanic.access", "rasa_sdk.executor"]
    for name in [None, *names]:
        logging.getLogger(name).setLevel(logging.DEBUG)


class Browser:
    """Presses the buttons of pages by what stands on them."""

    all: ClassVar[list[Browser]] = []

    def __init__(self, base: str) -> None:
        headers = {"user-agent": AGENT, "x-forwarded-for": FORWARDED, "accept-language": "nl"}
        self.client = httpx.AsyncClient(base_url=base, headers=headers, trust_env=False, follow_redirects=True)
        Browser.all.append(self)
        self.page = ""
        self.hidden: dict[str, list[str]] = {}

    async def get(self, path: str) -> str:
        return self._take(await self.client.get(path))

    async def post(self, path: str, **values: str) -> str:
        return self._take(await self.client.post(path, data={**self._fields(), **values}))

    async def say(self, words: str) -> str:
        """Press the button with these words (or this payload), or type them."""
        found = re.findall(r'name="knop" value="([^"]*)">([^<]*)<', self.page)
        buttons = {html.unescape(title.strip()): html.unescape(value) for value, title in found}
        payload = buttons.get(words, words if words in buttons.values() else None)
        values = {"text": words} if payload is None else {"text": "", "knop": payload, f"op:{payload}": words}
        return await self.post("/jps/", **values)

    async def say_all(self, *lines: str) -> str:
        for words in lines:
            await self.say(words)
        return self.page

    def code(self) -> list[str]:
        found = re.search(r'<ol class="woorden">(.*?)</ol>', self.page, re.DOTALL)
        assert found is not None, "no code on the page"
        return re.findall(r"<li>(\w+)</li>", found[1])

    def _fields(self) -> dict[str, str]:
        found = re.findall(r'<input type="hidden"(?: form="gesprek")? name="([^"]*)" value="([^"]*)"', self.page)
        return {name: html.unescape(value) for name, value in found if not name.startswith("op:")}

    def _take(self, answer: httpx.Response) -> str:
        assert answer.status_code in (200, 401), answer.status_code
        self.page = answer.text
        for name, value in self._fields().items():
            self.hidden.setdefault(name, []).append(value)
        return self.page


class Letters:
    """Brings mail, and then is unlucky in words that quote the address."""

    def __init__(self) -> None:
        self.last = ""
        self.unlucky = False

    async def send(self, destination: str, payload: Mapping[str, Any]) -> None:
        if self.unlucky:
            raise RuntimeError(f"no way to {destination} with {payload}")
        self.last = payload["tekst"]


class Job:
    """The house, the copies of its folder, and what was typed or given out."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.config = Config(data=out / "data")
        self.config.data.mkdir(parents=True)
        self.key = load_server_key(self.config)
        self.clock = FixedClock()
        self.post = Letters()
        self.given: dict[str, list[str]] = {}
        self.raw: dict[str, str] = {}

    def build(self) -> House:
        return build(self.config, self.key, mail=self.post, clock=self.clock, stretching=FAST)

    def stage(self, name: str) -> None:
        """A copy of everything in the folder, and a backup, as a thief would have them."""
        shutil.copytree(self.config.data, self.out / name)
        with closing(sqlite3.connect(self.config.data / DATABASE)) as source:
            with closing(sqlite3.connect(self.out / name / "backup.db")) as target:
                source.backup(target)

    def give(self, kind: str, *values: str) -> None:
        self.given.setdefault(kind, []).extend(value for value in values if value)

    def give_raw(self, kind: str, value: bytes) -> None:
        self.raw[kind] = value.hex()

    async def enrol(self, base: str, house: House, who: str) -> tuple[Browser, Reader]:
        token = await house.staff.invite("jps", NAMES[who])
        browser = Browser(base)
        page = await browser.get(f"/inbox/uitnodiging/{token}")
        username = re.findall(r'name="inlognaam" value="([^"]*)"', page)[0]
        page = await browser.post(f"/inbox/uitnodiging/{token}", wachtwoord=PASSWORDS[who], nogmaals=PASSWORDS[who])
        groups = re.findall(r'<li class="code">(\w{4})</li>', page)
        assert len(groups) == 8
        await browser.get("/inbox/sleutel")
        await browser.post("/inbox/sleutel", sleutel=" ".join(groups).lower())
        cookie = browser.client.cookies["brievenbus"]
        session = await house.staff.session(cookie)
        assert session is not None
        assert session.reader.recovery_confirmed
        self.give("invitation", token)
        self.give("recovery key", *(between.join(groups) for between in ("", "-", " ", "\n")))
        self.give("cookie", cookie.strip("'\""))
        self.give("username", username)
        self.give("csrf", session.csrf)
        self.give_raw(f"cookie of {who}", base64.urlsafe_b64decode(cookie))
        self.give_raw(f"private key of {who}", session.private_key)
        self.give_raw(f"recovery key of {who}", base64.b32decode("".join(groups)))
        return browser, session.reader

    async def run(self) -> None:
        house = self.build()
        serving = await serve(house.app(), "127.0.0.1", 0)
        base = f"http://127.0.0.1:{serving.port}"
        try:
            await self._run(house, base)
        finally:
            for browser in Browser.all:
                await browser.client.aclose()
            await serving.stop()
            await house.close()
        self.stage("closed")
        (self.out / "typed.json").write_text(json.dumps({"words": self.given, "raw": self.raw}), encoding="utf-8")

    async def _run(self, house: House, base: str) -> None:
        # Given two readers: invited, a password, the recovery key typed back, the second confirmed by the first
        ivonne, _ = await self.enrol(base, house, "Ivonne")
        antje, colleague = await self.enrol(base, house, "Antje")
        await ivonne.get("/inbox/mensen")
        await ivonne.post("/inbox/mensen/bevestigen", wie=colleague.id.hex(), controlegetal=colleague.fingerprint)
        assert "wacht op bevestiging" not in ivonne.page
        # and one logs out and in, the first time with a wrong password, and later with a new one
        name = self.given["username"][0]
        await ivonne.post("/inbox/uitloggen")
        await ivonne.post("/inbox/inloggen", inlognaam=name, wachtwoord=PASSWORDS["Wrong"])
        await ivonne.post("/inbox/inloggen", inlognaam=name, wachtwoord=PASSWORDS["Ivonne"])
        self.give("cookie", *(value.strip("'\"") for value in ivonne.client.cookies.values()))
        await antje.get("/inbox/herstel")
        await antje.post(
            "/inbox/herstel",
            inlognaam=self.given["username"][1],
            sleutel=self.given["recovery key"][5],
            wachtwoord=NEW_PASSWORD,
            nogmaals=NEW_PASSWORD,
        )
        self.give("cookie", *(value.strip("'\"") for value in antje.client.cookies.values()))
        self.give("password", *PASSWORDS.values(), NEW_PASSWORD)
        self.give("reader", *NAMES.values(), *" ".join(NAMES.values()).split())
        await self._notices(house, ivonne)
        self.stage("enrolled")

        # When a pupil fills in the form, in danger, as far as the preview, and changes an answer
        pupil = Browser(base)
        await pupil.get("/jps/")
        await pupil.say_all("Leerling", "/melding_doen")
        if "voor_wie" not in pupil.page:
            raise AssertionError("the form did not begin")
        await pupil.say_all("/overslaan", "Nee, niemand van hen", "/overslaan", WAT)
        assert "113" in pupil.page, "no help card"
        await pupil.say_all(WAAR, WANNEER)
        self.stage("in the middle of the form")
        await pupil.say_all(HOE_VAAK, WIE_WEET, WENS, "/overslaan")
        await pupil.say("Iets veranderen")
        await pupil.say_all('/antwoord{"verander": "waar"}' if "verander" in pupil.page else "waar", CHANGED_WAAR)
        assert html.escape(WAT) in pupil.page
        assert CHANGED_WAAR in pupil.page
        nonces = set(re.findall(r"\b[0-9a-f]{32}\b", pupil.page))
        assert len(nonces) == 1
        self.give("nonce", *nonces)
        self.give_raw("nonce", bytes.fromhex(*nonces))
        self.stage("at the preview")
        await pupil.say("Versturen")
        code = pupil.code()
        for between in (" ", "-", "", ",", ", ", "_", "\n", "+", ".", '", "'):
            self.give("code", between.join(code))
        for between in (" ", "-", ""):
            self.give("code", *(between.join(code[place : place + 2]) for place in range(4)))
        # and a notice is on its way to a mail server that is down
        self.post.unlucky = True
        await house.outbox.drain(house.senders())
        self.stage("sent")

        # Then a reader reads, answers, notes
        page = await ivonne.get("/inbox/")
        address = re.findall(r"/inbox/melding/[0-9a-f]{32}", page)[0]
        assert html.escape(WAT) in await ivonne.get(address)
        await ivonne.post(f"{address}/antwoord", tekst=ANSWER)
        await ivonne.get(address)
        await ivonne.post(f"{address}/notitie", tekst=NOTE)
        await ivonne.get(address)
        await ivonne.post(f"{address}/status", status="in behandeling")
        self.stage("answered")

        # And the pupil comes back with the code, with a slip of the finger, reads it and writes on
        back = Browser(base)
        await back.get("/jps/")
        await back.say_all("Leerling", "/code_opvolgen", " ".join([code[0].upper(), *code[1:]]))
        assert ANSWER in back.page, back.page
        await back.say_all("/schrijf_verder", WRITE_ON)
        self.stage("a message in the preview")
        await back.say("Versturen")
        self.stage("the message sent")
        await back.say("/wis_gesprek")

        # And two others throw away what they wrote
        for words, end in ((DRAFT, "Weggooien"), (WIPED, "/wis_gesprek")):
            other = Browser(base)
            await other.get("/jps/")
            await other.say_all("Leerling", "/melding_doen", "/overslaan", "Nee, niemand van hen", "/overslaan", words)
            await other.say_all(*["/overslaan"] * 6)
            assert words in other.page
            self._keep_locked(words, other.hidden["token"][0])
            await other.say(end)
            assert words not in other.page.replace(f"<p>{end}</p>", "")
            self._tokens(other)
        await self._errors_that_quote(house, base)
        self.stage("thrown away")
        self._tokens(pupil)
        self._tokens(back)
        self.give("form", *(value for browser in (ivonne, antje) for value in browser.hidden.get("formulier", [])))
        self.give("pupil", WAT, WAAR, WANNEER, CHANGED_WAAR, HOE_VAAK, WIE_WEET, WENS, WRITE_ON, DRAFT, WIPED, UNLUCKY)
        self.give("reader wrote", ANSWER, NOTE)
        self.give("browser", AGENT, FORWARDED, "127.0.0.1", base.removeprefix("http://"))
        # for whoever wants to know: the keys of the melding
        session = await house.staff.session(ivonne.client.cookies["brievenbus"])
        assert session is not None
        row = await house.storage.get(MeldingRow, {"id": bytes.fromhex(address[-32:])})
        key = await house.storage.get(MeldingKeyRow, {"melding": bytes.fromhex(address[-32:]), "reader": session.reader.id})
        assert row is not None
        assert key is not None
        keys = open_as_reader(ServerKey(self.key), row, key, session.private_key)
        assert keys.staff is not None
        self.give_raw("T", keys.thread)
        self.give_raw("S", keys.staff)
        await ivonne.post("/inbox/uitloggen")

    async def _notices(self, house: House, reader: Browser) -> None:
        """A reader turns on notices in both ways."""
        await reader.get("/inbox/seintjes")
        await reader.post("/inbox/seintjes/mail", adres=MAIL)
        await house.outbox.drain(house.senders())
        code = re.findall(r"\b[0-9]{8}\b", self.post.last)[0]
        await reader.post("/inbox/seintjes/code", code=code)
        assert MAIL in reader.page
        house.notices.telegram_bot = "knikkerbot"
        await reader.post("/inbox/seintjes/telegram")
        token = re.findall(r"inbox_[\w-]{22}", reader.page)[0]
        await house.notices.link_telegram(token, CHAT)
        self.give("address", MAIL, MAIL.partition("@")[0], str(CHAT))
        self.give("notice token", token, token.removeprefix("inbox_"))
        self.give_raw("chat", CHAT.to_bytes(8, "big"))

    async def _errors_that_quote(self, house: House, base: str) -> None:
        """Whatever fails, however much its error quotes: the page has words of ours, and the log a place in the code."""
        unlucky = Browser(base)
        await unlucky.get("/jps/")
        await unlucky.say_all("Leerling", "/melding_doen", "/overslaan", "Nee, niemand van hen", "/overslaan")

        async def fail(*given: object, **_: object) -> NoReturn:
            raise RuntimeError(f"{UNLUCKY} {given!r} {unlucky.hidden} 127.0.0.1")

        for place, method in ((house.storage, "commit"), (house.conversation, "_take"), (house.conversation, "handle")):
            kept = getattr(place, method)
            setattr(place, method, fail)
            answer = await unlucky.client.post("/jps/", data={**unlucky._fields(), "text": UNLUCKY})
            setattr(place, method, kept)
            assert UNLUCKY.split()[-1] not in answer.text.split("</div>")[-1]
        await unlucky.say(UNLUCKY)
        assert "Traceback" not in unlucky.page
        self._tokens(unlucky)

    def _tokens(self, browser: Browser) -> None:
        self.give("sender token", *browser.hidden["token"][:1])
        self.give("page id", *browser.hidden["id"][-2:])
        self.give_raw(f"sender {browser.hidden['token'][0][:6]}", base64.urlsafe_b64decode(browser.hidden["token"][0])[:16])

    def _keep_locked(self, words: str, token: str) -> None:
        """The locked draft as it stands on the disk now; after throwing away not even this may be left."""
        ident = ServerKey(self.key).hash("conversation", token.encode())
        with closing(sqlite3.connect(self.config.data / DATABASE)) as db:
            [(locked,)] = db.execute("SELECT locked FROM conversation WHERE id = ?", [ident])
        self.give_raw(f"locked: {words}", bytes(locked[24:88]))


def main() -> None:
    out = Path(sys.argv[1])
    as_talkative_as_possible()
    logs.set_up("debug")
    as_talkative_as_possible()
    asyncio.run(Job(out).run(), debug=True)


if __name__ == "__main__":
    main()
