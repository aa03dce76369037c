"""Runs every check over the files of some folders, and leaves out what was reviewed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib.resources.abc import Traversable

from dialogues.assistant import load
from dialogues.checker.buttons import check_buttons
from dialogues.checker.examples import check_examples
from dialogues.checker.forms import check_forms
from dialogues.checker.known import Known
from dialogues.checker.pupils import LONG_WORDS, check_reading, read_long_words
from dialogues.checker.rules import check_rules
from dialogues.checker.texts import check_texts
from dialogues.problem import DialogueProblem
from dialogues.understanding import Understanding

_FOLDERS = ("domain", "rules", "nlu")
_FILES = ("gevaar.yml", "navigatie.yml", LONG_WORDS)
_REVIEWED = re.compile(r"#\s*gezien:\s*\S")


def check(folders: Sequence[Traversable], known: Known) -> list[DialogueProblem]:
    """Everything that is wrong in these folders, by file and line.

    A finding on a line with ``# gezien: <reason>``, or right below such a comment, was reviewed and is left out. What cannot even
    be loaded is the only finding: nothing can be said of the rest.
    """
    try:
        assistant = load(folders)
        Understanding(folders)
        long_words = read_long_words(folders)
        found = [
            *check_rules(assistant),
            *check_forms(assistant),
            *check_texts(assistant, known),
            *check_buttons(assistant, known),
            *check_examples(folders, assistant.domain),
            *check_reading(assistant, known, long_words),
        ]
    except DialogueProblem as problem:
        return [problem]
    reviewed = {str(file): _reviewed(file) for folder in folders for file in _yaml_files(folder)}
    left = {(each.file, each.line, each.message): each for each in found if each.line not in reviewed.get(each.file, ())}
    strays = [each for folder in folders[1:] for each in _strays(folder)]
    return [*strays, *(left[place] for place in sorted(left))]


def _reviewed(file: Traversable) -> set[int]:
    """The lines that are marked as reviewed, counted from 1."""
    lines: set[int] = set()
    above = False
    for number, line in enumerate(file.read_text(encoding="utf-8-sig").splitlines(), start=1):
        marked = _REVIEWED.search(line) is not None
        if above or marked:
            lines.add(number)
        # The comment above may take several lines.
        above = (above or marked) if line.lstrip().startswith("#") else False
    return lines


def _strays(folder: Traversable) -> Iterator[DialogueProblem]:
    """What stands in a school's own folder and is never read, such as a folder "domein"."""
    for each in sorted(folder.iterdir(), key=lambda each: each.name):
        if each.name.startswith(".") or each.name in (*_FILES, *(name for name in _FOLDERS if each.is_dir())):
            continue
        message = f'"{each.name}" lezen we niet. Hier kan staan: {", ".join((*_FOLDERS, *_FILES))}.'
        yield DialogueProblem(str(each), 1, message)
    for name in _FOLDERS:
        if (folder / name).is_dir():
            for each in sorted((folder / name).iterdir(), key=lambda each: each.name):
                if not each.name.startswith(".") and not each.name.endswith((".yml", ".yaml")):
                    yield DialogueProblem(str(each), 1, f'"{each.name}" lezen we niet. Laat de naam eindigen op .yml.')


def _yaml_files(folder: Traversable) -> Iterator[Traversable]:
    for place in (folder, *(folder / name for name in _FOLDERS)):
        if place.is_dir():
            yield from (file for file in place.iterdir() if file.name.endswith((".yml", ".yaml")))
