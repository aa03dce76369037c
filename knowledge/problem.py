"""What is wrong with a file of this room, and on which line."""

from __future__ import annotations


class KnowledgeProblem(Exception):
    """A file of ``knowledge/`` that cannot be used as it is.

    Attributes:
        file: the file, as its folder names it.
        line: 1-based line in that file; 1 when the problem concerns the file as a whole.
        message: in Dutch; what is wrong and what to do, for whoever edits the file.
    """

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}")
        self.file = file
        self.line = line
        self.message = message
