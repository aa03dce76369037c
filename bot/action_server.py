"""Our actions for a Rasa outside this process, to try the dialogue files there: rasa-sdk's own server, on this machine only.

Nothing is kept back until a commit here, for Rasa keeps the state: what an action asks to be written is written when the action
is done. The house is one that is thrown away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rasa_sdk.endpoint import create_app
from rasa_sdk.events import AllSlotsReset
from sanic.http import Http

from bot.effects import AddMessage, Effect, Forget, PostMelding
from bot.house import House
from bot.messages import Facts
from bot.storage import Operation, UnitOfWork
from bot.turn import CURRENT, Turn
from bot.web import serve
from bot.web.server import Serving

HOST = "127.0.0.1"
PORT = 5055
SESSION_START = "action_session_start"
# Where Rasa keeps what the channel told of the conversation, as in {"school": "jps"}.
_METADATA = "session_started_metadata"


class OutsideActions:
    """Runs the actions of a house for calls that come without a turn of ours; what rasa-sdk's server needs of an executor."""

    def __init__(self, house: House, school: str) -> None:
        """Take the house, and the school of those who do not say which they belong to."""
        self._house = house
        self._school = school

    def list_actions(self) -> list[Any]:
        """The names of the actions, in rasa-sdk's shape."""
        return list(self._house.actions.list_actions())

    async def run(self, action_call: dict[str, Any]) -> Any:
        """Run one action in a turn of its own.

        Returns:
            rasa-sdk's result; None for a call that names no action.
        """
        turn = Turn(self.facts(action_call.get("tracker") or {}))
        token = CURRENT.set(turn)
        try:
            result = await self._house.actions.run(action_call)
            await self._write(turn.effects)
            if any(isinstance(effect, Forget) for effect in turn.effects):
                # Ours begins an empty state at the next message. Rasa goes on in the same session, which needs its facts.
                begun = await self._house.actions.run({**action_call, "next_action": SESSION_START})
                facts = [event for event in begun.events if event["event"] == "slot"]
                result.events = [*result.events, AllSlotsReset(), *facts]
            return result
        finally:
            CURRENT.reset(token)

    def facts(self, tracker: Mapping[str, Any]) -> Facts:
        """What a channel would have known: Rasa tells its channel, and the school if its client did."""
        slots = tracker.get("slots") or {}
        told = slots.get(_METADATA) or {}
        school = (told.get("school") if isinstance(told, Mapping) else None) or slots.get("school")
        known = school if school in self._house.config.scholen else self._school
        return Facts(str(known), str(tracker.get("latest_input_channel") or "rest"))

    async def _write(self, effects: Sequence[Effect]) -> None:
        operations: list[Operation] = []
        for effect in effects:
            if isinstance(effect, PostMelding):
                operations += await self._house.mailbox.post(effect)
            elif isinstance(effect, AddMessage):
                operations += await self._house.mailbox.write(effect)
        if operations:
            await self._house.storage.commit(UnitOfWork(tuple(operations)))


async def serve_actions(executor: OutsideActions, port: int = PORT) -> Serving:
    """Answer Rasa's calls at ``http://127.0.0.1:<port>/webhook``; 0 takes any free port.

    Raises:
        OSError: the port is taken.
    """
    # No origin may call it from a web page.
    app = create_app(executor, cors_origins=[])
    # Sanic rewrites its own methods when a first server of a process starts, and cannot do so twice.
    app.config.TOUCHUP = not getattr(Http, "__touched__", False)
    return await serve(app, HOST, port)
