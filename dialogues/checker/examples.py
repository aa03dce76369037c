"""Examples and navigation words of intents that do not exist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources.abc import Traversable

from dialogues.domain import Domain
from dialogues.lined_yaml import read
from dialogues.problem import DialogueProblem


def check_examples(folders: Sequence[Traversable], domain: Domain) -> Iterator[DialogueProblem]:
    """Every file in ``nlu/``, and ``navigatie.yml``."""
    for folder in folders:
        if (folder / "navigatie.yml").is_file():
            tree = read(folder / "navigatie.yml")
            for intent in tree:
                yield from _known(domain, intent, tree.file, tree.line_of(intent))
        if not (folder / "nlu").is_dir():
            continue
        for file in (folder / "nlu").iterdir():
            if file.name.endswith((".yml", ".yaml")):
                tree = read(file)
                for item in tree.sequence("nlu").mappings():
                    yield from _known(domain, item.text("intent"), tree.file, item.line_of("intent"))


def _known(domain: Domain, intent: str, file: str, line: int) -> Iterator[DialogueProblem]:
    if intent not in domain.intents:
        yield DialogueProblem(file, line, f'De intent "{intent}" bestaat niet. {Domain.near(intent, domain.intents)}')
