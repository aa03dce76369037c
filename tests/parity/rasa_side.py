"""The Rasa half of the parity run. Runs under Rasa's own Python: a line of JSON in, a line of JSON out.

It is Rasa's own agent on the trained model, with its own tracker store, and our actions at the other end of HTTP. Payloads it
reads itself. Of typed text the meaning is given to it, so that what is compared is the dialogue and not two ways to understand
Dutch.
"""

import asyncio
import json
import logging
import os
import sys
import warnings
from typing import Any

os.environ |= {"RASA_TELEMETRY_ENABLED": "false", "SQLALCHEMY_SILENCE_UBER_WARNING": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
warnings.simplefilter("ignore")
# Whatever prints, prints elsewhere.
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)

from rasa.core.agent import Agent  # noqa: E402
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage  # noqa: E402
from rasa.shared.core.events import ActionExecuted, ActiveLoop, AllSlotsReset, SlotSet  # noqa: E402
from rasa.utils.endpoints import EndpointConfig  # noqa: E402


def channel(name: str) -> Any:
    """An output channel that keeps what is said, under Rasa's name for it: responses are chosen by that."""
    return type("Collecting", (CollectingOutputChannel,), {"name": classmethod(lambda cls: name)})()


async def say(agent: Agent, asked: dict[str, Any]) -> dict[str, Any]:
    out = channel(asked["channel"])
    meaning = {"name": asked["intent"], "confidence": 1.0}
    entities = [{"entity": name, "value": value} for name, value in asked["entities"].items()]
    parsed = {"text": asked["text"], "intent": meaning, "entities": entities, "intent_ranking": [meaning]}
    message = UserMessage(
        asked["text"],
        out,
        sender_id=asked["sender"],
        input_channel=asked["channel"],
        parse_data=None if asked["payload"] else parsed,
        metadata={"school": asked["school"]},
    )
    await agent.processor.handle_message(message)
    return {"said": out.messages, **await state(agent, asked["sender"])}


async def state(agent: Agent, sender: str) -> dict[str, Any]:
    tracker = await agent.tracker_store.retrieve(sender)
    slots = {name: value for name, value in tracker.current_slot_values().items() if value is not None}
    slots.pop("session_started_metadata", None)
    return {"slots": slots, "loop": tracker.active_loop_name, "rejected": bool(tracker.is_active_loop_rejected)}


async def follow(agent: Agent, asked: dict[str, Any]) -> dict[str, Any]:
    """Put Rasa where we are, after a difference that has a name."""
    tracker = await agent.tracker_store.retrieve(asked["sender"])
    # A thread that is open is another one on each side.
    own = tracker.current_slot_values().get("draad")
    slots = [SlotSet(name, own if name == "draad" and own else value) for name, value in asked["slots"].items()]
    for event in [AllSlotsReset(), *slots, ActiveLoop(asked["loop"]), ActionExecuted("action_listen")]:
        tracker.update(event, agent.domain)
    await agent.tracker_store.save(tracker)
    return {}


async def main(model: str, actions: str) -> None:
    logging.disable(logging.CRITICAL)
    agent = Agent.load(model, action_endpoint=EndpointConfig(actions))
    print(json.dumps({"ready": True}), file=answers, flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        asked = json.loads(line)
        done = await (follow if asked["do"] == "follow" else say)(agent, asked)
        print(json.dumps(done), file=answers, flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
