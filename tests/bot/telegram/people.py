"""People with a telephone: they type, press, send photos, block; and see what the bot says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tests.bot.telegram import objects

if TYPE_CHECKING:
    from tests.bot.telegram.bot_api import BotApi

_PHOTO = [
    {"file_id": "AgACAgQAAxkBAAIfoto", "file_unique_id": "AQADfoto", "width": 90, "height": 67, "file_size": 1204},
    {"file_id": "AgACAgQAAxkBAAIfot2", "file_unique_id": "AQADfot2", "width": 800, "height": 600, "file_size": 81204},
]
_FILE = {"file_id": "BQACAgQAAxkBAAIfile", "file_unique_id": "AgADfile"}
# What a message holds instead of text; each as Telegram sends it.
THINGS: dict[str, dict[str, Any]] = {
    "photo": {"photo": _PHOTO},
    "sticker": {
        "sticker": {
            "file_id": "CAACAgIAAxkBAAIstic",
            "file_unique_id": "AgADstic",
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": False,
            "is_video": False,
            "emoji": "😢",
        }
    },
    "voice": {"voice": {**_FILE, "duration": 3}},
    "audio": {"audio": {**_FILE, "duration": 3}},
    "video": {"video": {**_FILE, "width": 640, "height": 480, "duration": 3}},
    "video_note": {"video_note": {**_FILE, "length": 240, "duration": 3}},
    "animation": {"animation": {**_FILE, "width": 320, "height": 240, "duration": 2}, "document": _FILE},
    "document": {"document": {**_FILE, "file_name": "huiswerk.pdf", "mime_type": "application/pdf"}},
    "contact": {"contact": {"phone_number": "+31612345678", "first_name": "Oma"}},
    "location": {"location": {"latitude": 52.0907, "longitude": 5.1214}},
    "venue": {"venue": {"location": {"latitude": 52.09, "longitude": 5.12}, "title": "Speeltuin", "address": "Parkweg 1"}},
    "dice": {"dice": {"emoji": "🎲", "value": 4}},
    "poll": {
        "poll": {
            "id": "5318",
            "question": "Wie doet mee?",
            "options": [
                {"text": "Ik", "voter_count": 0, "persistent_id": "1"},
                {"text": "Niet", "voter_count": 0, "persistent_id": "2"},
            ],
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": True,
            "type": "regular",
            "allows_multiple_answers": False,
            "allows_revoting": True,
            "members_only": False,
        }
    },
}
# Not said by a person: the app tells it.
SERVICE: dict[str, dict[str, Any]] = {
    "timer": {"message_auto_delete_timer_changed": {"message_auto_delete_time": 86400}},
}


class Person:
    """One private chat with the bot.

    Attributes:
        number: user id and chat id.
        messages: what stands in the chat, by id, from both sides.
        heard: everything that the bot ever said, in the order in which it came.
        deleted: what was taken away.
        blocks, deactivated, unknown: why the bot cannot reach this person.
    """

    def __init__(
        self, api: BotApi, number: int, first_name: str = "Floortje", last_name: str = "Zwanendrift", username: str = ""
    ) -> None:
        self.api = api
        self.number = number
        user: dict[str, Any] = {"id": number, "is_bot": False, "first_name": first_name, "last_name": last_name}
        self.user = objects.user(user | ({"username": username} if username else {}) | {"language_code": "nl"})
        self.chat = {"id": number, "first_name": first_name, "last_name": last_name, "type": "private"} | (
            {"username": username} if username else {}
        )
        self.messages: dict[int, dict[str, Any]] = {}
        self.heard: list[dict[str, Any]] = []
        self.deleted: list[dict[str, Any]] = []
        self.spoke = False
        self.blocks = False
        self.deactivated = False
        self.unknown = False

    # What a person does.

    def says(self, text: str, **more: Any) -> dict[str, Any]:
        """Type something."""
        return self._sends({"text": text, **objects.entities(text), **more})

    def sends(self, kind: str, **more: Any) -> dict[str, Any]:
        """Send something else: a key of `THINGS` or `SERVICE`; ``caption`` may go with it."""
        return self._sends({**({**THINGS, **SERVICE}[kind]), **more})

    def forwards(self, text: str) -> dict[str, Any]:
        """Pass on what somebody else wrote."""
        origin = {"type": "hidden_user", "sender_user_name": "Iemand", "date": self.api.now() - 60}
        return self._sends({"text": text, "forward_origin": origin})

    def edits(self, message: dict[str, Any], text: str) -> None:
        """Change a message that was sent."""
        changed = objects.message({**message, "text": text, "edit_date": self.api.now()})
        self.messages[message["message_id"]] = changed
        self.api.arrive(self.number, "edited_message", changed)

    def presses(self, title: str) -> str:
        """Press the newest button with this title; returns the id of the press."""
        for message in reversed(self.messages.values()):
            for button in buttons_of(message):
                if button["text"] == title:
                    return self.presses_in(message, button["callback_data"])
        raise AssertionError(f"no button {title!r}; there are {self.titles()}")

    def presses_in(self, message: dict[str, Any], data: str) -> str:
        """Press a button of a certain message, also one that is no longer there: a tap can cross a change."""
        self.spoke = True
        ident = self.api.new_callback()
        self.api.arrive(
            self.number,
            "callback_query",
            {"id": ident, "from": self.user, "message": message, "chat_instance": "-8123", "data": data},
        )
        return ident

    def block(self) -> None:
        """Stop the bot."""
        self.blocks = True
        self._member("member", "kicked")

    def unblock(self) -> None:
        """Start the bot again."""
        self.blocks = False
        self._member("kicked", "member")

    def _member(self, old: str, new: str) -> None:
        def state(status: str) -> dict[str, Any]:
            from tests.bot.telegram.bot_api import BOT

            return {"user": BOT, "status": status} | ({"until_date": 0} if status == "kicked" else {})

        self.api.arrive(
            self.number,
            "my_chat_member",
            {
                "chat": self.chat,
                "from": self.user,
                "date": self.api.now(),
                "old_chat_member": state(old),
                "new_chat_member": state(new),
            },
        )

    def _sends(self, holds: dict[str, Any]) -> dict[str, Any]:
        self.spoke = True
        message = objects.message(
            {
                "message_id": self.api.next_message_id(),
                "from": self.user,
                "chat": self.chat,
                "date": self.api.now(),
                **holds,
            }
        )
        self.messages[message["message_id"]] = message
        self.api.arrive(self.number, "message", message)
        return message

    # What a person sees.

    def receives(self, message: dict[str, Any]) -> None:
        """The bot said something."""
        self.messages[message["message_id"]] = message
        self.heard.append(message)

    def texts(self) -> list[str]:
        """What the bot said, in order."""
        return [message["text"] for message in self.heard]

    def all_said(self) -> str:
        """What the bot said, as one text."""
        return "\n".join(self.texts())

    def keyboards(self) -> list[dict[str, Any]]:
        """The messages that have buttons now."""
        return [message for message in self.messages.values() if message.get("reply_markup")]

    def titles(self) -> list[str]:
        """The titles of all buttons that can be pressed now."""
        return [button["text"] for message in self.messages.values() for button in buttons_of(message)]


def buttons_of(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The inline buttons of a message."""
    for row in message.get("reply_markup", {}).get("inline_keyboard", ()):
        yield from row
