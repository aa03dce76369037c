"""Read a YAML file into a typed model; whatever is wrong is said in Dutch, with the file and the line."""

from __future__ import annotations

import difflib
import json
import re
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq, TaggedScalar
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

M = TypeVar("M", bound=BaseModel)
Location = tuple[int | str, ...]


class FileProblem(Exception):
    """A file that we cannot use as it is.

    Attributes:
        file: the file as it was given.
        line: line number, from 1.
        message: in Dutch; says what is wrong and what to do.
    """

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(file, line, message)
        self.file = file
        self.line = line
        self.message = message

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


def read_yaml(file: Traversable | Path, model: type[M]) -> M:
    """Read ``file`` into ``model``; unknown keys are refused everywhere, and nothing is converted silently.

    An empty file reads as a file without keys. Values are checked strictly: "1" is not a number, 1 is no text.

    Raises:
        FileProblem: the file cannot be read, is not YAML, or does not fit the model. Of several problems the first is told.
    """
    name = str(file)
    tree = _parse(name, _read_text(name, file))
    if tree is None:
        tree = CommentedMap()
    if not isinstance(tree, CommentedMap):
        raise FileProblem(name, 1, 'Dit bestand moet bestaan uit regels met "naam: waarde".')
    # JSON is pydantic's strict mode for data from files: a list may fill a tuple and a text an enum, but "1" fills no number.
    plain = json.dumps(_plain(name, tree, 1))
    try:
        return model.model_validate_json(plain, strict=True, extra="forbid")
    except ValidationError as error:
        raise _first_problem(name, tree, model, error) from None


def _read_text(name: str, file: Traversable | Path) -> str:
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise FileProblem(name, 1, "Dit bestand is er niet. Controleer de naam en de map.") from None
    except IsADirectoryError:
        raise FileProblem(name, 1, "Dit is een map. Noem een bestand.") from None
    except OSError as error:
        raise FileProblem(name, 1, f"Dit bestand kan niet gelezen worden ({error.strerror}). Controleer de rechten.") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileProblem(name, line, "Hier staat een teken dat geen UTF-8 is. Sla het bestand op als UTF-8.") from None


def _parse(name: str, text: str) -> Any:
    try:
        return YAML(typ="rt").load(text)
    except DuplicateKeyError as error:
        found = re.search(r'key "(.*?)"', str(error.problem or ""))
        key = f'"{found[1]}"' if found else "Deze naam"
        raise FileProblem(name, _line_of(error), f"{key} staat hier voor de tweede keer. Haal er een weg.") from None
    except MarkedYAMLError as error:
        line = _line_of(error)
        raise FileProblem(name, line, _syntax_message(error, text.splitlines()[line - 1 : line])) from None
    except YAMLError as error:  # the reader's own errors carry a position instead of a mark
        position = getattr(error, "position", 0)
        line = text.count("\n", 0, position) + 1 if isinstance(position, int) else 1
        raise FileProblem(name, line, "Hier staat een teken dat niet in een YAML-bestand mag. Haal het weg.") from None


def _line_of(error: MarkedYAMLError) -> int:
    mark = error.problem_mark
    if mark is None or "end of stream" in str(error.problem or ""):  # what was left open tells more than where the file ends
        mark = error.context_mark or mark
    return int(mark.line) + 1 if mark is not None else 1


def _syntax_message(error: MarkedYAMLError, line: Sequence[str]) -> str:
    if line and re.match(r"\s*\t", line[0]):
        return "Deze regel begint met een tab. Gebruik spaties om in te springen."
    problem = str(error.problem or "")
    if "mapping values are not allowed" in problem:
        return (
            "Hier staat een dubbele punt te veel, of de regel springt verkeerd in. "
            "Zet tekst met een dubbele punt tussen aanhalingstekens."
        )
    if "undefined alias" in problem:
        return "Een woord dat met * begint moet tussen aanhalingstekens staan."
    if "expected a single document" in str(error.context or "") or "another document" in problem:
        return 'Een regel met alleen "---" mag hier niet staan. Haal hem weg.'
    if "end of stream" in problem or "unexpected end" in problem:
        return "Het bestand houdt te vroeg op. Misschien ontbreekt een aanhalingsteken of een haakje."
    if "cannot start any token" in problem:
        return "Een waarde mag niet met dit teken beginnen. Zet de tekst tussen aanhalingstekens."
    return "Dit is geen goede YAML. Controleer de spaties aan het begin, de dubbele punten en de aanhalingstekens."


def _plain(name: str, node: Any, line: int) -> Any:
    """The node as JSON data; dates become their ISO text."""
    if isinstance(node, CommentedMap):
        mapping = {}
        for key, value in node.items():
            line_of_key = _key_line(node, key, line)
            if not isinstance(key, str | int | float | bool | date | None):
                raise FileProblem(name, line_of_key, "Een naam voor de dubbele punt moet een woord zijn.")
            mapping[_key_text(key)] = _plain(name, value, line_of_key)
        return mapping
    if isinstance(node, CommentedSeq):
        return [_plain(name, item, _item_line(node, number, line)) for number, item in enumerate(node)]
    if isinstance(node, TaggedScalar):
        raise FileProblem(name, line, "Een waarde mag niet met ! beginnen. Zet de tekst tussen aanhalingstekens.")
    if node is None or isinstance(node, bool | str):
        return node
    if isinstance(node, date | datetime):
        return node.isoformat()
    if isinstance(node, int):
        return int(node) if type(node).__name__ != "ScalarBoolean" else bool(node)
    if isinstance(node, float):
        return float(node)
    raise FileProblem(name, line, "Deze waarde kan hier niet. Gebruik tekst, een getal, true, false of een lijst.")


def _key_text(key: Any) -> str:
    return str(key) if not isinstance(key, bool | None) else json.dumps(key)


def _key_line(node: CommentedMap, key: Any, otherwise: int) -> int:
    try:
        return int(node.lc.key(key)[0]) + 1
    except (KeyError, TypeError, AttributeError):  # a key that came in with "<<"
        return otherwise


def _item_line(node: CommentedSeq, number: int, otherwise: int) -> int:
    try:
        return int(node.lc.item(number)[0]) + 1
    except (KeyError, TypeError, AttributeError):
        return otherwise


def _first_problem(name: str, tree: CommentedMap, model: type[BaseModel], error: ValidationError) -> FileProblem:
    """The problem to tell: a misspelt key before the key that is missing because of it, then by line."""
    errors = error.errors(include_url=False)
    # A list with a wrong value also counts as too short; the value inside is what is wrong.
    innermost = [found for found in errors if not any(found["loc"] == other["loc"][:-1] for other in errors)]
    problems = [(*_place(tree, found["loc"]), found) for found in innermost]
    line, key, found = min(problems, key=lambda problem: (problem[2]["type"] != "extra_forbidden", problem[0]))
    return FileProblem(name, line, explain(model, key, found))


def _place(tree: CommentedMap, location: Location) -> tuple[int, str]:
    """The line that ``location`` stands on, and the name of the innermost key.

    Pydantic puts more into a location than keys and indexes (the branch of a union, ``[key]``); what is not in the tree
    is stepped over.
    A missing key is at the line of the block that it is missing from.
    """
    node: Any = tree
    line = 1
    key = ""
    for step in location:
        if isinstance(node, CommentedMap):
            real = next((candidate for candidate in node if _key_text(candidate) == str(step)), None)
            if real is not None or (step == "null" and None in node):
                line, key, node = _key_line(node, real, line), str(step), node[real]
        elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
            line, node = _item_line(node, step, line), node[step]
    return line, key


def explain(model: type[BaseModel], key: str, found: ErrorDetails) -> str:
    """One of pydantic's errors in Dutch: what is wrong with ``key``, and what to do."""
    kind = found["type"]
    context: Mapping[str, Any] = found.get("ctx", {})
    last = str(found["loc"][-1]) if found["loc"] else ""
    this = f'"{key}"' if key else "Dit bestand"
    if kind == "extra_forbidden":
        return _unknown_key(last, sorted(_known_keys(model, found["loc"][:-1])))
    if kind == "missing":
        where = f' onder "{key}"' if key else ""
        return f'Hier ontbreekt "{last}"{where}. Voeg een regel "{last}: …" toe.'
    if kind in ("value_error", "assertion_error") and "error" in context:
        return f"{this}: {context['error']}"
    if kind in ("enum", "literal_error"):
        choices = str(context.get("expected", "")).replace(" or ", " of ").replace("'", '"')
        return f"{this} kan dit niet zijn. Kies uit: {choices}."
    text = _TYPES.get(kind) or _LIMITS.get(kind)
    if text is None:
        return f"De waarde bij {this} klopt niet ({kind}). Kijk in het voorbeeld hoe het moet."
    hint = _hint(kind, found.get("input"))
    return f"{this} {text.format(**context)}.{hint}"


def _unknown_key(key: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.6)
    if near:
        return f'"{key}" is hier niet bekend. Bedoel je "{near[0]}"?'
    if known:
        return f'"{key}" is hier niet bekend. Haal de regel weg, of kies uit: {", ".join(known)}.'
    return f'"{key}" is hier niet bekend. Haal de regel weg.'


def _hint(kind: str, value: Any) -> str:
    if kind == "string_type" and isinstance(value, bool | int | float):
        return " Zet er aanhalingstekens omheen."
    if kind.startswith(("int_", "bool_", "float_")) and isinstance(value, str):
        return " Laat de aanhalingstekens en andere tekens weg."
    return ""


_WHOLE = "moet een heel getal zijn, zonder aanhalingstekens"
_NUMBER = "moet een getal zijn, met een punt voor de decimalen"
_YES_NO = "moet true of false zijn"
_LIST = "moet een lijst zijn: elke waarde op een eigen regel, na een streepje"
_BLOCK = 'moet een blok zijn: ingesprongen regels met "naam: waarde"'
_DATE = "moet een datum zijn, zo geschreven: 2026-11-20"
_TYPES: dict[str, str] = {
    "string_type": "moet tekst zijn",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), _WHOLE),
    **dict.fromkeys(("float_type", "float_parsing"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _YES_NO),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type", "iterable_type"), _LIST),
    **dict.fromkeys(("dict_type", "model_type", "mapping_type", "model_attributes_type", "dataclass_type"), _BLOCK),
    **dict.fromkeys(("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"), _DATE),
    "none_required": "moet leeg blijven",
}
_LIMITS: dict[str, str] = {
    "greater_than_equal": "moet {ge} of meer zijn",
    "greater_than": "moet meer dan {gt} zijn",
    "less_than_equal": "mag hoogstens {le} zijn",
    "less_than": "moet minder dan {lt} zijn",
    "string_too_short": "moet minstens {min_length} tekens hebben",
    "string_too_long": "mag hoogstens {max_length} tekens hebben",
    "too_short": "heeft te weinig waarden; minstens {min_length}",
    "too_long": "heeft te veel waarden; hoogstens {max_length}",
    "string_pattern_mismatch": "heeft een vorm die hier niet kan; het patroon is {pattern}",
    "union_tag_invalid": "kan dit niet zijn; kies uit: {expected_tags}",
    "union_tag_not_found": "heeft een regel {discriminator} nodig",
}


def _known_keys(model: type[BaseModel], location: Location) -> set[str]:
    """The keys that may stand at ``location``, found by walking the model's annotations."""
    kinds: list[Any] = [model]
    for step in location:
        inner = [kind for outer in kinds for kind in _inside(outer, step)]
        kinds = inner or kinds  # the branch of a union is no step of the file
    return {field for kind in kinds if _is_model(kind) for field in _fields(kind)}


def _inside(kind: Any, step: int | str) -> Iterable[Any]:
    if _is_model(kind):
        fields = _fields(kind)
        return _branches(fields[step]) if isinstance(step, str) and step in fields else ()
    arguments = typing.get_args(kind)
    origin = typing.get_origin(kind)
    if not arguments or not isinstance(origin, type):
        return ()
    if issubclass(origin, Mapping):
        return _branches(arguments[1]) if isinstance(step, str) else ()
    if not isinstance(step, int):
        return ()
    return [branch for argument in arguments if argument is not Ellipsis for branch in _branches(argument)]


def _branches(annotation: Any) -> list[Any]:
    """The alternatives of an annotation, without Annotated and Optional around them."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return _branches(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return [branch for argument in typing.get_args(annotation) for branch in _branches(argument)]
    return [annotation]


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}
