"""A small folder of knowledge that is right, for tests that then spoil one thing in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

SCHOOL = """\
slug: kade
naam: De Kade
soort: primair
document: Pestprotocol De Kade
bron:
  bestand: 009.txt
  regels: 40
woorden:
  leerkracht: juf of meester
  groep: groep
  toezicht: pleinwacht
  steungroep: null
brievenbus: geleend
tips: eigen
mensen:
  - functie: vertrouwenspersoon
    naam: Noor
    waarvoor: Zij luistert naar je.
    voor: [leerling]
    regels: [3, 4]
  - functie: directeur
    naam: null
    waarvoor: Praat met je ouders.
    voor: [ouder]
    regels: [5, 5]
"""

PROTOCOL = """\
# Regels {regel 1}

Niemand wordt gepest. {regel 2}

## Stap 1

De leerkracht doet dit:
- praten met
  iedereen;
- opschrijven.
{regels 10-14}
"""

STEPS = """\
varianten:
  - id: school
    naam: Na een melding
    stappen:
      - nr: 1
        titel: Praten
        wie: de leerkracht
        wat: Praat met het kind.
        met_wie: het kind
        binnen: een week
        vastleggen: null
        wie_weet_het: null
        verder_als: het niet stopt
        regels: [10, 14]
      - nr: extra
        titel: Opnieuw
        wie: de directeur
        wat: Begin opnieuw.
        met_wie: null
        binnen: null
        vastleggen: in het schrift
        wie_weet_het: de ouders
        verder_als: null
        regels: [15, 15]
"""

TOPICS = """\
onderwerpen:
  gevolgen:
    - {regels: [10, 14], begint: De leerkracht}
  stappen:
    - {regels: [10, 14]}
alleen_via_koppen:
  - {regels: [2, 2]}
"""

PUPILS = """\
pesten:
  - tekst: Het gebeurt steeds opnieuw.
    regels: [6, 6]
  - tekst: Iemand doet je pijn.
    regels: [7, 7]
plagen:
  tekst: Jullie lachen er samen om.
  regels: [8, 8]
kenmerken:
  - vraag: Gebeurt het steeds opnieuw?
    regels: [6, 6]
  - vraag: Doet iemand je pijn?
    regels: [7, 7]
wie_bepaalt:
  tekst: Jij bepaalt het.
  regels: [9, 9]
na_melding:
  - tekst: Je juf of meester praat met jou.
    regels: [10, 10]
  - tekst: Dan praten jullie samen.
    regels: [11, 11]
  - tekst: Het wordt opgeschreven.
    regels: [12, 12]
  - tekst: Na een week praten jullie weer.
    regels: [13, 14]
straf:
  - tekst: Nee, niemand krijgt straf.
    regels: [15, 15]
ouders: null
niet_geholpen:
  - functie: vertrouwenspersoon
    naam: Noor
online: null
klikken: null
"""

TIPS = """\
lijst: gepest
titel: Wat kun je doen?
bron:
  school: kade
  regels: [20, 24]
stappen:
  - id: stop
    tekst: Zeg stop.
    regels: [21, 21]
  - id: hulp
    tekst: Ga naar je {leerkracht} of de {toezicht}.
    regels: [22, 22]
altijd:
  tekst: Doet iemand pijn? Ga meteen naar je {leerkracht}.
  regels: [24, 24]
"""

HELPLINES = """\
lijnen:
  - id: noodnummer
    naam: "112"
    nummer: "112"
    adres: null
    wanneer: dag en nacht
    voor_wie: iedereen
    gratis: true
    anoniem: null
    waarvoor: Bel bij gevaar.
    gecontroleerd_op: 2026-11-20
"""

FILES = {
    "schools/kade/school.yaml": SCHOOL,
    "schools/kade/protocol.md": PROTOCOL,
    "schools/kade/stappenplan.yaml": STEPS,
    "schools/kade/onderwerpen.yaml": TOPICS,
    "schools/kade/leerlingen.yaml": PUPILS,
    "tips/gepest.yaml": TIPS,
    "hulplijnen.yaml": HELPLINES,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def spoil(folder: Path) -> Callable[[str, str, str], Path]:
    """Replaces one piece of text in one file; gives that file."""

    def replace(name: str, old: str, new: str) -> Path:
        file = folder / name
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} must stand once in {name}"
        file.write_text(text.replace(old, new), encoding="utf-8")
        return file

    return replace
