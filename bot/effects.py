"""What an action asks to be written; nothing is written until the whole turn is committed."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class PostMelding:
    """Post a melding in the brievenbus of a school.

    Attributes:
        nonce: 16 random bytes of the preview that the pupil agreed to; makes it one melding, however often it arrives.
        answers: question and answer, exactly as the pupil saw them.
        excluded_readers: ids of the readers who must not see it.
        excluded_names: everyone it is about, readers or not, by name.
        urgent: whether the pupil left *spoed* in.
    """

    school: str
    nonce: bytes = field(repr=False)
    answers: tuple[tuple[str, str], ...] = field(repr=False)
    excluded_readers: frozenset[bytes] = field(repr=False)
    excluded_names: tuple[str, ...] = field(repr=False)
    urgent: bool


@dataclass(frozen=True)
class AddMessage:
    """Add a pupil's message to an opened thread."""

    melding: bytes = field(repr=False)
    thread_key: bytes = field(repr=False)
    nonce: bytes = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True)
class Forget:
    """Replace the state of this conversation by an empty one in the same commit."""


Effect = PostMelding | AddMessage | Forget
