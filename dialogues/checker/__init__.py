"""The checker: finds in dialogue files what would hurt somebody at night, each finding with its place and how to mend it."""

from dialogues.checker.checking import check
from dialogues.checker.known import Known

__all__ = ["Known", "check"]
