"""YAML read as plain values that remember the line each of them stands on."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from importlib.resources.abc import Traversable
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from dialogues.problem import DialogueProblem

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")


class Mapped(dict[str, Any]):
    """A mapping of YAML, with the line of each key."""

    def __init__(self, file: str, line: int) -> None:
        super().__init__()
        self.file = file
        self.line = line
        self.lines: dict[str, int] = {}

    def line_of(self, key: str) -> int:
        """The line of this key, or of the mapping when it has no such key."""
        return self.lines.get(key, self.line)

    def fail(self, message: str, key: str | None = None) -> NoReturn:
        """Raise a problem at this key."""
        raise DialogueProblem(self.file, self.line_of(key) if key is not None else self.line, message)

    def only(self, *known: str) -> None:
        """Refuse every key that is not one of these."""
        for key in self:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                hint = f'Bedoel je "{near[0]}"?' if near else f"Hier kan staan: {', '.join(known)}."
                self.fail(f'"{key}" kennen we hier niet. {hint}', key)

    def text(self, key: str) -> str:
        """The value of a key that must be there and be text."""
        if key not in self:
            self.fail(f'Hier ontbreekt "{key}". Zet het erbij.')
        value = self[key]
        if not isinstance(value, str):
            self.fail(f'"{key}" moet tekst zijn. Zet aanhalingstekens om de waarde.', key)
        return value

    def mapping(self, key: str) -> Mapped:
        """The mapping under a key; an empty one when there is none."""
        value = self.get(key)
        if value is None:
            return Mapped(self.file, self.line_of(key))
        if not isinstance(value, Mapped):
            self.fail(f'Onder "{key}" moeten regels staan met "naam: waarde".', key)
        return value

    def sequence(self, key: str) -> Listed:
        """The list under a key; an empty one when there is none."""
        value = self.get(key)
        if value is None:
            return Listed(self.file, self.line_of(key))
        if not isinstance(value, Listed):
            self.fail(f'Onder "{key}" moet een lijst staan: elke regel begint met een streepje.', key)
        return value

    def texts(self, key: str) -> list[tuple[str, int]]:
        """The texts under a key, which may be a single text or a list, each with its line."""
        value = self.get(key)
        if isinstance(value, str):
            return [(value, self.line_of(key))]
        return self.sequence(key).texts()


class Listed(list[Any]):
    """A list of YAML, with the line of each item."""

    def __init__(self, file: str, line: int) -> None:
        super().__init__()
        self.file = file
        self.line = line
        self.lines: list[int] = []

    def fail(self, message: str, index: int | None = None) -> NoReturn:
        """Raise a problem at this item."""
        raise DialogueProblem(self.file, self.line if index is None else self.lines[index], message)

    def mappings(self) -> Iterable[Mapped]:
        """Every item, which must be a mapping."""
        for index, item in enumerate(self):
            if not isinstance(item, Mapped):
                self.fail('Dit streepje moet regels hebben met "naam: waarde".', index)
            yield item

    def texts(self) -> list[tuple[str, int]]:
        """Every item, which must be text, with its line."""
        for index, item in enumerate(self):
            if not isinstance(item, str):
                self.fail("Hier moet tekst staan. Zet aanhalingstekens om de waarde.", index)
        return list(zip(self, self.lines, strict=True))


def read(file: Traversable) -> Mapped:
    """Read a file that holds one mapping.

    Raises:
        DialogueProblem: it cannot be read, is no YAML, or holds something else.
    """
    name = str(file)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DialogueProblem(name, 1, "Dit bestand is geen UTF-8. Sla het opnieuw op als UTF-8.") from None
    try:
        # Composed and not constructed: the nodes know their lines, and YAML 1.2 is what Rasa reads too (yes and no are texts).
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 1
        raise DialogueProblem(name, line, "Dit is geen goede YAML. Kijk naar het inspringen en de leestekens.") from None
    except YAMLError:
        raise DialogueProblem(name, 1, "Dit is geen goede YAML. Haal vreemde tekens weg.") from None
    if node is None:
        return Mapped(name, 1)
    tree = _value(name, node)
    if not isinstance(tree, Mapped):
        raise DialogueProblem(name, 1, 'Dit bestand moet bestaan uit regels met "naam: waarde".')
    return tree


def plain(value: Any) -> Any:
    """The same value as ordinary dictionaries and lists."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def _value(file: str, node: Node) -> Any:
    line = node.start_mark.line + 1
    if isinstance(node, MappingNode):
        mapped = Mapped(file, line)
        for key_node, value_node in node.value:
            key_line = key_node.start_mark.line + 1
            key = key_node.value if isinstance(key_node, ScalarNode) else None
            if key is None or key == "<<":
                raise DialogueProblem(file, key_line, "Zet een gewone naam voor de dubbele punt.")
            if key in mapped:
                raise DialogueProblem(file, key_line, f'"{key}" staat hier twee keer. Haal er een weg.')
            value = _value(file, value_node)
            if isinstance(value, Mapped | Listed):
                # Of something with a name, the place is where the name stands.
                value.line = key_line
            mapped[key] = value
            mapped.lines[key] = key_line
        return mapped
    if isinstance(node, SequenceNode):
        listed = Listed(file, line)
        for item in node.value:
            listed.append(_value(file, item))
            listed.lines.append(item.start_mark.line + 1)
        return listed
    return _scalar(file, node)


def _scalar(file: str, node: Any) -> Any:
    tag = str(node.tag).rsplit(":", 1)[-1]
    text: str = node.value
    if tag == "null":
        return None
    if tag == "bool":
        return text.lower() == "true"
    if tag == "int" and _INTEGER.match(text):
        return int(text)
    if tag == "float":
        return float(text)
    if tag == "str":
        return text
    line = node.start_mark.line + 1
    raise DialogueProblem(file, line, "Deze waarde is dubbelzinnig. Zet er aanhalingstekens omheen.")
