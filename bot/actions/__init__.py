"""Actions of the dialogue, one file a subject; `all_actions` makes one instance of each, for all conversations."""

from __future__ import annotations

from datetime import timedelta

from rasa_sdk import Action

from bot.actions.code import code_actions
from bot.actions.melding import form_actions
from bot.actions.people import ActionBereikbaar, ActionNietGeholpen, ActionVolgendePersoon, ActionWieHelpt
from bot.actions.protocol import ActionKop, ActionKoppen
from bot.actions.session import (
    ActionDefaultFallback,
    ActionGeenGevaar,
    ActionNaGevaar,
    ActionSessionStart,
    ActionVraagOpnieuw,
    ActionWisGesprek,
)
from bot.actions.steps import ActionStap
from bot.actions.teasing import ActionAskKenmerk, ActionPlagenAntwoord, ActionPlagenBegin, ValidatePlagenForm
from bot.actions.tips import ActionTip, ActionTipsBegin
from bot.actions.topics import ActionFeit, ActionOnderwerp, ActionOnderwerpen
from bot.brievenbus.mailbox import Mailbox
from bot.brievenbus.words import WordList
from bot.clock import Clock
from knowledge import Knowledge


def all_actions(knowledge: Knowledge, mailbox: Mailbox, words: WordList, clock: Clock, open_for: timedelta) -> tuple[Action, ...]:
    """Every action; ``open_for`` is how long a thread that was opened with a code can be written in."""
    return (
        ActionSessionStart(knowledge, mailbox),
        ActionDefaultFallback(),
        ActionVraagOpnieuw(),
        ActionWisGesprek(),
        ActionNaGevaar(),
        ActionGeenGevaar(),
        ActionTipsBegin(knowledge),
        ActionTip(knowledge),
        ActionVolgendePersoon(knowledge),
        ActionWieHelpt(knowledge),
        ActionNietGeholpen(knowledge),
        ActionBereikbaar(knowledge, clock),
        ActionFeit(knowledge),
        ActionPlagenBegin(knowledge),
        ValidatePlagenForm(knowledge),
        ActionAskKenmerk(knowledge),
        ActionPlagenAntwoord(knowledge),
        ActionStap(knowledge),
        ActionOnderwerpen(knowledge),
        ActionOnderwerp(knowledge),
        ActionKoppen(knowledge),
        ActionKop(knowledge),
        *form_actions(knowledge, mailbox),
        *code_actions(mailbox, words, clock, open_for),
    )
