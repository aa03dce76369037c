"""What is wrong with a dialogue file: where, and how to mend it."""

from __future__ import annotations


class DialogueProblem(Exception):
    """A dialogue file that cannot be used as it is.

    Attributes:
        file: the path of the file as it was found.
        line: the line, counted from 1.
        message: a sentence that says what is wrong and how to mend it.
    """

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}")
        self.file = file
        self.line = line
        self.message = message
