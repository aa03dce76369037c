"""Reading YAML: what is wrong is said in Dutch, at the right line, with what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, field_validator

from bot.yaml_file import FileProblem, read_yaml


class Soort(Enum):
    BEL = "bel"
    CHAT = "chat"


class Lijn(BaseModel):
    naam: str
    nummer: str | None = None
    soort: Soort = Soort.BEL
    uren: tuple[str, ...] = ()


class Boek(BaseModel):
    titel: Annotated[str, Field(max_length=20)]
    leeftijd: Annotated[int, Field(ge=4)] = 10
    open: bool = True
    taal: Literal["nl", "fy"] = "nl"
    nagekeken: date | None = None
    lijnen: tuple[Lijn, ...] = ()
    per_school: Mapping[str, Lijn] = {}

    @field_validator("titel")
    @classmethod
    def _no_shouting(cls, value: str) -> str:
        if value.isupper():
            raise ValueError("schrijf niet alles in hoofdletters")
        return value


def test_a_good_file_becomes_a_model(tmp_path: Path) -> None:
    file = tmp_path / "boek.yaml"
    file.write_text(
        """
        # toelichting
        titel: &t "Hé, hallo"
        nagekeken: 2026-11-20
        lijnen:
          - naam: *t
            nummer: 0800-0432
            soort: chat
            uren: [ochtend, middag]
        per_school:
          jps:
            naam: >-
              twee
              regels
        """,
        encoding="utf-8-sig",
    )
    book = read_yaml(file, Boek)
    assert book == Boek(
        titel="Hé, hallo",
        nagekeken=date(2026, 11, 20),
        lijnen=(Lijn(naam="Hé, hallo", nummer="0800-0432", soort=Soort.CHAT, uren=("ochtend", "middag")),),
        per_school={"jps": Lijn(naam="twee regels")},
    )


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        pytest.param("titel: x\nleeftijdd: 3\n", 2, '"leeftijdd" is hier niet bekend. Bedoel je "leeftijd"?', id="unknown-near"),
        pytest.param("titel: x\nqqq: 3\n", 2, "of kies uit: leeftijd, lijnen", id="unknown-far"),
        pytest.param(
            "titel: x\nlijnen:\n  - naam: a\n  - naam: b\n    numer: c\n", 5, 'Bedoel je "nummer"?', id="unknown-in-list"
        ),
        pytest.param(
            "titel: x\nper_school:\n  jps:\n    naam: a\n    urren: []\n", 5, 'Bedoel je "uren"?', id="unknown-in-mapping"
        ),
        pytest.param("tietel: x\n", 1, 'Bedoel je "titel"?', id="misspelt-before-missing"),
        pytest.param("titel: x\ntrue: 1\n", 2, '"true" is hier niet bekend', id="key-is-no-text"),
        pytest.param("", 1, 'ontbreekt "titel". Voeg een regel "titel: …" toe', id="empty-file"),
        pytest.param(
            "titel: x\nlijnen:\n  - naam: a\n  - uren: []\n", 4, 'ontbreekt "naam" onder "lijnen"', id="missing-in-list"
        ),
        pytest.param("titel: x\nleeftijd: '9'\n", 2, '"leeftijd" moet een heel getal zijn', id="text-for-number"),
        pytest.param("titel: x\nleeftijd: 9.5\n", 2, '"leeftijd" moet een heel getal zijn', id="fraction-for-number"),
        pytest.param("titel: x\nleeftijd: true\n", 2, '"leeftijd" moet een heel getal zijn', id="bool-for-number"),
        pytest.param(
            "titel: x\nlijnen:\n- naam: a\n  nummer: 113\n", 4, "moet tekst zijn. Zet er aanhalingstekens", id="number-for-text"
        ),
        pytest.param("titel: x\nopen: ja\n", 2, '"open" moet true of false zijn', id="text-for-bool"),
        pytest.param("titel: x\nlijnen: nee\n", 2, '"lijnen" moet een lijst zijn', id="text-for-list"),
        pytest.param("titel: x\nper_school: []\n", 2, '"per_school" moet een blok zijn', id="list-for-mapping"),
        pytest.param("titel: x\nlijnen:\n  - tekst\n", 3, "moet een blok zijn", id="text-for-block"),
        pytest.param("titel: x\ntaal: de\n", 2, 'Kies uit: "nl" of "fy"', id="literal"),
        pytest.param("titel: x\nlijnen:\n  - naam: a\n    soort: fax\n", 4, 'Kies uit: "bel" of "chat"', id="enum"),
        pytest.param("titel: x\nnagekeken: gisteren\n", 2, "moet een datum zijn", id="date"),
        pytest.param("titel: x\nleeftijd: 3\n", 2, "moet 4 of meer zijn", id="too-small"),
        pytest.param("titel: abcdefghijklmnopqrstuvwxyz\n", 1, "hoogstens 20 tekens", id="too-long"),
        pytest.param("leeftijd: 9\ntitel: HALLO\n", 2, '"titel": schrijf niet alles in hoofdletters', id="own-validator"),
        pytest.param("titel: x\ntitel: y\n", 2, '"titel" staat hier voor de tweede keer', id="duplicate"),
        pytest.param("titel: x\nlijnen:\n\t- naam: a\n", 3, "begint met een tab. Gebruik spaties", id="tab"),
        pytest.param("leeftijd: 9\ntitel: a: b\n", 2, "dubbele punt te veel", id="colon"),
        pytest.param("leeftijd: 9\ntitel: 'x\nopen: true\n", 2, "houdt te vroeg op", id="open-quote"),
        pytest.param("titel: @x\n", 1, "tussen aanhalingstekens", id="reserved"),
        pytest.param("titel: *x\n", 1, "tussen aanhalingstekens", id="alias"),
        pytest.param("titel: !x y\n", 1, "mag niet met ! beginnen", id="tag"),
        pytest.param("titel: x\nlijnen: [}\n", 2, "geen goede YAML", id="brackets"),
        pytest.param("titel: x\n---\ntitel: y\n", 2, "---", id="two-documents"),
        pytest.param("titel: x\nlijnen: \x07\n", 2, "een teken dat niet", id="control-character"),
        pytest.param("- titel\n", 1, "naam: waarde", id="list-at-the-top"),
        pytest.param("titel: x\n? [a]\n: b\n", 2, "moet een woord zijn", id="list-as-key"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    file = tmp_path / "boek.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(FileProblem) as told:
        read_yaml(file, Boek)
    assert words in told.value.message
    assert told.value.line == line
    assert str(told.value) == f"{file}:{line}: {told.value.message}"


def test_of_several_problems_the_first_is_told(tmp_path: Path) -> None:
    file = tmp_path / "boek.yaml"
    file.write_text("titel: x\nopen: 1\nleeftijd: oud\n")
    with pytest.raises(FileProblem, match=r'boek\.yaml:2: "open"'):
        read_yaml(file, Boek)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="Dit bestand is er niet"):
        read_yaml(tmp_path / "weg.yaml", Boek)
    with pytest.raises(FileProblem, match="Dit is een map"):
        read_yaml(tmp_path, Boek)


def test_a_file_in_another_encoding(tmp_path: Path) -> None:
    file = tmp_path / "boek.yaml"
    file.write_bytes("titel: x\nlijnen: # één\n".encode("latin-1"))
    with pytest.raises(FileProblem, match=r"boek\.yaml:2: .*UTF-8"):
        read_yaml(file, Boek)
