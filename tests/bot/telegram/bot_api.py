"""A strict Bot API on the loopback: refuses what the real one refuses, and is as unreliable as a test wants it.

Where the real one is lenient (it ignores fields that it does not know) this one is not. Every object that it sends is held
against aiogram's models. Its only leniency: a webhook may be ``http://127.0.0.1``, as that of a Bot API server of one's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from bot.clock import Clock, SystemClock
from tests.bot.telegram import objects
from tests.bot.telegram.http_server import Answer, Call, HttpServer
from tests.bot.telegram.objects import Refused
from tests.bot.telegram.people import Person

TOKEN = "7412589630:AAHfakeTokenOfABotThatIsNotThere00x"
BOT = {"id": 7412589630, "is_bot": True, "first_name": "Brievenbus", "username": "JpsBrievenbusBot"}
LONGEST_TEXT = 4096
LONGEST_DATA = 64  # bytes
MOST_BUTTONS = 100
MOST_DELETED = 100
DELETABLE = 48 * 3600  # seconds
ANSWERABLE = 30  # seconds in which a pressed button may be answered
_DEFAULT_UPDATES = {"message", "edited_message", "callback_query", "my_chat_member"}


@dataclass
class Faults:
    """How unreliable the server is: chances between 0 and 1.

    Attributes:
        too_many: answers 429 and wants ``retry_after`` seconds of silence.
        bad_gateway: answers 502, and did nothing.
        lost: hangs up, and did nothing.
        unanswered: hangs up, and did it.
        twice: an update comes a second time, after it was confirmed.
        late: an update waits while those of other chats go on.
    """

    too_many: float = 0.0
    bad_gateway: float = 0.0
    lost: float = 0.0
    unanswered: float = 0.0
    twice: float = 0.0
    late: float = 0.0


@dataclass(frozen=True, eq=False)
class _Update:
    body: dict[str, Any] = field(repr=False)
    chat: int
    kind: str
    ready: float = 0.0


class BotApi:
    """One bot, its chats, and what waits for it.

    Attributes:
        second: how long a second of the limits lasts; a test makes it shorter.
        faults: may be changed at any time.
        away: hangs up on everybody, as when the network is down.
        calls: method and parameters of everything that was asked, in order.
        refused: descriptions of what was refused with 400 and 404, in order.
    """

    def __init__(self, *, clock: Clock | None = None, second: float = 1.0, seed: int = 0, token: str = TOKEN) -> None:
        self.clock = clock or SystemClock()
        self.second = second
        self.faults = Faults()
        self.away = False
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.refused: list[str] = []
        self.people: dict[int, Person] = {}
        self.commands: dict[str, list[dict[str, Any]]] = {}
        self.left: list[int] = []
        self.webhook: dict[str, Any] = {}
        self.confirmed: list[dict[str, Any]] = []
        self._token = token
        self._random = random.Random(seed)
        self._held: list[_Update] = []
        self._waiting: list[_Update] = []
        self._arrived = asyncio.Event()
        self._update_id = 905_000_000 + self._random.randrange(1000)
        self._message_id = 4000
        self._polling: asyncio.Event | None = None
        self._allowed = _DEFAULT_UPDATES
        self._callbacks: dict[str, float] = {}
        self._quiet_until: dict[int, float] = {}
        self._sent: dict[int, list[float]] = {}
        self._pushing: asyncio.Task[None] | None = None
        self._http = HttpServer(self._handle)
        self.port = 0

    # A server of its own.

    async def start(self) -> str:
        """Serve; returns what a client takes for ``https://api.telegram.org/bot``."""
        self.port = await self._http.start(self.port)
        return f"http://127.0.0.1:{self.port}/bot"

    async def close(self) -> None:
        """Stop."""
        if self._pushing is not None:
            self._pushing.cancel()
            await asyncio.gather(self._pushing, return_exceptions=True)
        await self._http.close()

    def go_away(self) -> None:
        """The network is down until ``away`` is False again."""
        self.away = True
        self._http.hang_up()

    def now(self) -> int:
        """Unix time, as in the objects."""
        return int(self.clock.now().timestamp())

    # People.

    def person(self, number: int, **names: str) -> Person:
        """A person with a telephone, who did not speak to the bot yet."""
        found = self.people[number] = Person(self, number, **names)
        return found

    def next_message_id(self) -> int:
        """Ids are those of the whole account: they grow, with gaps, over all chats."""
        self._message_id += 1 + self._random.randrange(3)
        return self._message_id

    def new_callback(self) -> str:
        """The id of a pressed button."""
        ident = str(self._random.randrange(10**17, 10**18))
        self._callbacks[ident] = self.clock.now().timestamp()
        return ident

    def arrive(self, chat: int, kind: str, thing: dict[str, Any]) -> None:
        """Something happened: an update waits, from now on or a little later."""
        late = self._random.random() * 3 * self.second if self._random.random() < self.faults.late else 0.0
        self._held.append(_Update({kind: thing}, chat, kind, time.monotonic() + late))
        self._release()

    def again(self, update: dict[str, Any]) -> None:
        """An update that was confirmed before comes once more, with the number that it had."""
        kind = next(name for name in update if name != "update_id")
        inside = update[kind]
        chat = inside.get("chat") or inside["message"]["chat"]
        self._waiting.insert(0, _Update(update, chat["id"], kind))
        self._arrived.set()

    def waiting(self) -> int:
        """How many updates were not confirmed."""
        return len(self._waiting) + len(self._held)

    def _release(self) -> None:
        """Give a number to what is ready. Of one chat nothing overtakes; of two chats anything may."""
        now = time.monotonic()
        held: set[int] = set()
        for update in list(self._held):
            if update.ready > now:
                held.add(update.chat)
            if update.chat in held:
                continue
            self._held.remove(update)
            if update.kind not in self._allowed:
                continue
            self._update_id += 1 + (self._random.randrange(5000) if self._random.random() < 0.1 else 0)
            self._waiting.append(replace(update, body=objects.update({"update_id": self._update_id, **update.body})))
            self._arrived.set()

    def _ready(self) -> list[_Update]:
        self._release()
        return list(self._waiting)

    def _confirm(self, updates: Sequence[_Update]) -> None:
        for update in updates:
            if update in self._waiting:
                self._waiting.remove(update)
                self.confirmed.append(update.body)
                if self._random.random() < self.faults.twice:
                    self.again(update.body)

    # The requests.

    async def _handle(self, call: Call) -> Answer | None:
        if self.away or self._random.random() < self.faults.lost:
            return None
        _, _, rest = call.path.partition("/bot")
        token, _, method = rest.partition("/")
        try:
            if token != self._token:
                well_formed = token.partition(":")[0].isdecimal() and len(token.partition(":")[2]) >= 35
                raise Refused(401, "Unauthorized") if well_formed else Refused(404, "Not Found")
            given = objects.parameters(method, call.fields)
            if method != "getUpdates" and self._random.random() < self.faults.bad_gateway:
                return Answer(502, b"<html>Bad Gateway</html>")
            self.calls.append((method, given))
            does: Callable[[dict[str, Any]], Any] | None = getattr(self, f"_{method}", None)
            assert does is not None, f"the Bot API of the tests does not know {method} yet"
            result = does(given)
            if asyncio.iscoroutine(result):
                result = await result
        except Refused as no:
            if no.code in (400, 404):
                self.refused.append(f"{method}: {no.description}")
            said: dict[str, Any] = {"ok": False, "error_code": no.code, "description": no.description}
            if no.more:
                said["parameters"] = no.more
            return Answer(no.code, json.dumps(said).encode())
        if self.away or self._random.random() < self.faults.unanswered:
            return None
        return Answer(200, json.dumps({"ok": True, "result": result}).encode())

    # Updates.

    async def _getUpdates(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        if self.webhook:
            raise Refused(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first")
        if self._polling is not None:
            self._polling.set()
        mine = self._polling = asyncio.Event()
        try:
            if given.get("allowed_updates") is not None:
                self._allowed = set(given["allowed_updates"]) or _DEFAULT_UPDATES
            offset = given.get("offset") or 0
            if offset > 0:
                self._confirm([update for update in self._waiting if update.body["update_id"] < offset])
            until = time.monotonic() + (given.get("timeout") or 0) * self.second
            while not self._ready():
                if time.monotonic() >= until:
                    return []
                self._arrived.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(0.005, max(0.001, until - time.monotonic()))):
                        await self._arrived.wait()
                if mine.is_set():
                    raise Refused(
                        409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
                    )
            ready = sorted(self._ready(), key=lambda update: int(update.body["update_id"]))
            return [update.body for update in ready[: given.get("limit") or 100]]
        finally:
            if self._polling is mine:
                self._polling = None

    def _setWebhook(self, given: dict[str, Any]) -> bool:
        url = given.get("url") or ""
        if url and not (url.startswith(("https://", "http://127.0.0.1:"))):
            raise Refused(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        secret = given.get("secret_token") or ""
        if not (len(secret) <= 256 and all(letter.isascii() and (letter.isalnum() or letter in "_-") for letter in secret)):
            raise Refused(400, "Bad Request: secret token contains unallowed characters")
        self.webhook = dict(given) if url else {}
        if given.get("allowed_updates") is not None:
            self._allowed = set(given["allowed_updates"]) or _DEFAULT_UPDATES
        if self._polling is not None and self.webhook:
            self._polling.set()
        if self.webhook and self._pushing is None:
            self._pushing = asyncio.get_running_loop().create_task(self._push())
        return True

    def _deleteWebhook(self, given: dict[str, Any]) -> bool:
        self.webhook = {}
        if self._pushing is not None:
            self._pushing.cancel()
            self._pushing = None
        if given.get("drop_pending_updates"):
            self._waiting.clear()
        return True

    def _getWebhookInfo(self, _given: dict[str, Any]) -> dict[str, Any]:
        return objects.webhook_info(
            {
                "url": self.webhook.get("url", ""),
                "has_custom_certificate": False,
                "pending_update_count": len(self._waiting),
            }
        )

    async def _push(self) -> None:
        """Post updates to the webhook: of one chat one after the other, of several chats together."""
        busy: set[int] = set()
        posts: set[asyncio.Task[None]] = set()
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:

            async def post(update: _Update) -> None:
                try:
                    headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook.get("secret_token", "")}
                    answer = await client.post(self.webhook["url"], json=update.body, headers=headers)
                    well = 200 <= answer.status_code < 300
                except httpx.HTTPError:
                    well = False
                if well and self._random.random() < self.faults.unanswered:
                    well = False  # our answer got lost on its way
                if well:
                    self._confirm([update])
                else:
                    await asyncio.sleep(0.05 * self.second)
                busy.discard(update.chat)

            try:
                while True:
                    await asyncio.sleep(0.002)
                    if self.away:
                        continue
                    for update in self._ready():
                        if update.chat not in busy and len(busy) < self.webhook.get("max_connections", 40):
                            busy.add(update.chat)
                            task = asyncio.create_task(post(update))
                            posts.add(task)
                            task.add_done_callback(posts.discard)
            finally:
                for task in posts:
                    task.cancel()
                await asyncio.gather(*posts, return_exceptions=True)

    # What the bot says.

    def _getMe(self, _given: dict[str, Any]) -> dict[str, Any]:
        return objects.user(
            {**BOT, "can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
        )

    def _sendMessage(self, given: dict[str, Any]) -> dict[str, Any]:
        person = self._reachable(given["chat_id"])
        text = given["text"].strip()
        if not text:
            raise Refused(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > LONGEST_TEXT:
            raise Refused(400, "Bad Request: message is too long")
        markup = given.get("reply_markup")
        if markup is not None:
            _check_keyboard(markup)
        self._limit(person.number)
        thing: dict[str, Any] = {
            "message_id": self.next_message_id(),
            "from": BOT,
            "chat": person.chat,
            "date": self.now(),
            "text": text,
        }
        if markup and markup["inline_keyboard"]:
            thing["reply_markup"] = markup
        person.receives(objects.message(thing))
        return thing

    def _sendChatAction(self, given: dict[str, Any]) -> bool:
        self._reachable(given["chat_id"])
        return True

    def _editMessageReplyMarkup(self, given: dict[str, Any]) -> dict[str, Any]:
        person = self._reachable(given["chat_id"])
        found = person.messages.get(given["message_id"])
        if found is None:
            raise Refused(400, "Bad Request: message to edit not found")
        if found["from"]["id"] != BOT["id"]:
            raise Refused(400, "Bad Request: message can't be edited")
        markup = given.get("reply_markup") or {"inline_keyboard": []}
        if markup["inline_keyboard"]:
            _check_keyboard(markup)
        if found.get("reply_markup", {"inline_keyboard": []}) == markup:
            raise Refused(
                400,
                "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a "
                "current content and reply markup of the message",
            )
        found = {name: value for name, value in found.items() if name != "reply_markup"} | {"edit_date": self.now()}
        if markup["inline_keyboard"]:
            found["reply_markup"] = markup
        person.messages[given["message_id"]] = objects.message(found)
        return found

    def _deleteMessage(self, given: dict[str, Any]) -> bool:
        person = self._reachable(given["chat_id"])
        if given["message_id"] not in person.messages:
            raise Refused(400, "Bad Request: message to delete not found")
        self._delete(person, [given["message_id"]])
        return True

    def _deleteMessages(self, given: dict[str, Any]) -> bool:
        person = self._reachable(given["chat_id"])
        if not 1 <= len(given["message_ids"]) <= MOST_DELETED:
            raise Refused(400, "Bad Request: there must be 1-100 message identifiers")
        self._delete(person, given["message_ids"])
        return True

    def _delete(self, person: Person, idents: Sequence[int]) -> None:
        known = [ident for ident in dict.fromkeys(idents) if ident in person.messages]
        if any(self.now() - person.messages[ident]["date"] > DELETABLE for ident in known):
            raise Refused(400, "Bad Request: message can't be deleted")
        for ident in known:
            person.deleted.append(person.messages.pop(ident))

    def _answerCallbackQuery(self, given: dict[str, Any]) -> bool:
        pressed = self._callbacks.get(given["callback_query_id"])
        if pressed is None or self.clock.now().timestamp() - pressed > ANSWERABLE:
            raise Refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        if len(given.get("text") or "") > 200:
            raise Refused(400, "Bad Request: MESSAGE_TOO_LONG")
        return True

    def _setMyCommands(self, given: dict[str, Any]) -> bool:
        for command in given["commands"]:
            name = command["command"]
            if not (1 <= len(name) <= 32 and all(c.isascii() and (c.islower() or c.isdigit() or c == "_") for c in name)):
                raise Refused(400, "Bad Request: BOT_COMMAND_INVALID")
            if not 1 <= len(command["description"]) <= 256:
                raise Refused(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        if len(given["commands"]) > 100:
            raise Refused(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
        self.commands[given.get("language_code") or ""] = given["commands"]
        return True

    def _setMyDescription(self, given: dict[str, Any]) -> bool:
        if len(given.get("description") or "") > 512:
            raise Refused(400, "Bad Request: description is too long")
        return True

    def _setMyShortDescription(self, given: dict[str, Any]) -> bool:
        if len(given.get("short_description") or "") > 120:
            raise Refused(400, "Bad Request: short description is too long")
        return True

    def _leaveChat(self, given: dict[str, Any]) -> bool:
        if given["chat_id"] > 0:
            raise Refused(400, "Bad Request: chat member status can't be changed in private chats")
        self.left.append(given["chat_id"])
        return True

    def _reachable(self, number: int) -> Person:
        person = self.people.get(number)
        if person is None or person.unknown:
            raise Refused(400, "Bad Request: chat not found")
        if person.deactivated:
            raise Refused(403, "Forbidden: user is deactivated")
        if person.blocks:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        if not person.spoke:
            raise Refused(403, "Forbidden: bot can't initiate conversation with a user")
        return person

    def _limit(self, chat: int) -> None:
        """One message a second to a chat, thirty in all; a little leeway, for clocks differ."""
        now = time.monotonic()
        if now < self._quiet_until.get(chat, 0.0):
            raise self._slower(chat, now)
        mine = self._sent.setdefault(chat, [])
        every = self._sent.setdefault(0, [])
        if any(now - sent < 0.8 * self.second for sent in mine[-1:]):
            raise self._slower(chat, now)
        if len([sent for sent in every[-31:] if now - sent < self.second]) > 30:
            raise self._slower(chat, now)
        if self._random.random() < self.faults.too_many:
            raise self._slower(chat, now)
        mine.append(now)
        every.append(now)

    def _slower(self, chat: int, now: float) -> Refused:
        seconds = 1 + self._random.randrange(3)
        self._quiet_until[chat] = now + seconds * self.second
        return Refused(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def _check_keyboard(markup: dict[str, Any]) -> None:
    rows = markup["inline_keyboard"]
    if sum(len(row) for row in rows) > MOST_BUTTONS or any(len(row) > 8 for row in rows):
        raise Refused(400, "Bad Request: reply markup is too long")
    for button in (button for row in rows for button in row):
        if not button["text"].strip():
            raise Refused(400, "Bad Request: inline keyboard button text is empty")
        kinds = set(button) - {"text", "style", "icon_custom_emoji_id"}
        if len(kinds) != 1:
            raise Refused(400, "Bad Request: text buttons are unallowed in the inline keyboard")
        if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= LONGEST_DATA:
            raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
