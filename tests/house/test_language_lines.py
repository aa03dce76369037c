"""What understanding will learn from (``tests/nlu/leren/``) and be measured on (``tests/nlu/*.txt``), before it is there.

They were written by people who had not seen each other's lines, nor the development set in ``../shared/data``. The classifier
comes with the issue on understanding; then the lines to learn from move to ``dialogues/nlu/``.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from ruamel.yaml import YAML

from dialogues.normalising import key

FOLDER = Path(__file__).parents[1] / "nlu"
KINDS = {"suicide", "thuis", "seksueel", "gevaar"}


def trained() -> list[tuple[str, str, dict[str, str]]]:
    """Intent, line and metadata of every line to learn from."""
    found: list[tuple[str, str, dict[str, str]]] = []
    for file in sorted((FOLDER / "leren").glob("*.yml")):
        for item in YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))["nlu"]:
            if isinstance(item["examples"], str):
                lines = [line.removeprefix("- ") for line in item["examples"].splitlines()]
                found += [(item["intent"], line, {}) for line in lines]
            else:
                found += [(item["intent"], one["text"].strip(), one.get("metadata", {})) for one in item["examples"]]
    return found


def measured(name: str) -> list[str]:
    return [line for line in (FOLDER / name).read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def test_there_are_enough_lines_to_learn_from() -> None:
    lines = trained()
    count = Counter(intent for intent, _, _ in lines)
    danger = [metadata for intent, _, metadata in lines if intent.startswith("crisis_")]
    assert len(danger) >= 500
    assert {metadata["tier"] for metadata in danger} == {"red", "amber"}
    assert {metadata["over"] for metadata in danger} == {"zelf", "ander"}
    assert count["geen_gevaar"] >= 700
    assert count["buiten_bereik"] >= 250
    assert [intent for intent, number in count.items() if number < 60] == []


def test_there_are_enough_lines_to_measure_on() -> None:
    assert [file.name for file in FOLDER.glob("*.txt") if len(measured(file.name)) < 25] == []
    assert len(measured("expliciet.txt")) >= 100
    assert len(measured("nooit-rood.txt")) >= 100
    for name in ("danger_red.txt", "danger_amber.txt"):
        assert {line.split("\t")[0] for line in measured(name)} == KINDS
        assert {line.split("\t")[1] for line in measured(name)} == {"zelf", "ander"}


def test_what_is_measured_on_is_not_learned() -> None:
    # Words of one or two ("help", "menu") are said by everybody; the evaluation leaves such lines out.
    learned = {key(line) for _, line, _ in trained()}
    texts = [line.split("\t")[-1].split("] ", 1)[-1] for file in FOLDER.glob("*.txt") for line in measured(file.name)]
    both = [text for text in texts if key(text) in learned and len(text.split()) > 3]
    assert both == []
