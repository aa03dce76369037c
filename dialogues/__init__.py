"""The dialogue layer: the engine, understanding, and (in YAML) what the bot says."""

from dialogues.assistant import Assistant, load
from dialogues.danger import Danger
from dialogues.engine import Engine, TurnResult
from dialogues.messages import ActionResult, BotMessage, Button, RunAction, UserMessage
from dialogues.payload import parse_payload
from dialogues.problem import DialogueProblem
from dialogues.tracker import Tracker, UnknownSchema
from dialogues.understanding import Understanding, Understood

__all__ = [
    "ActionResult",
    "Assistant",
    "BotMessage",
    "Button",
    "Danger",
    "DialogueProblem",
    "Engine",
    "RunAction",
    "Tracker",
    "TurnResult",
    "Understanding",
    "Understood",
    "UnknownSchema",
    "UserMessage",
    "load",
    "parse_payload",
]
