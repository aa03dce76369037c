"""docs/dialogen.md: its examples are put in a school's own folder, checked, and talked to; and a mistake in them is caught."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "dialogen.md"
EXAMPLES = dict(
    re.findall(r"^```yaml\n# (dialogen/[\w/]+\.yml)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with every example of the page."""
    for name in ("BRIEVENBUS_CONFIG", "BRIEVENBUS_SERVER_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BRIEVENBUS_DATA", str(tmp_path))
    for name, text in EXAMPLES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def check() -> Result:
    return CliRunner().invoke(main, ["check"])


def chat(*lines: str) -> str:
    result = CliRunner().invoke(main, ["chat", "--school", "jps"], input="\n".join((*lines, "")))
    assert result.exit_code == 0, result.output
    # The terminal breaks long lines.
    return " ".join(result.output.split())


def test_the_page_has_an_example_of_each_kind() -> None:
    assert {name.split("/")[1] for name in EXAMPLES} == {"domain", "rules", "nlu", "lange_woorden.yml"}
    assert len(EXAMPLES) == 9


def test_the_examples_pass_the_check(data: Path) -> None:
    result = check()
    assert (result.exit_code, result.stdout) == (0, "Alles klopt: instellingen, gesprekken en kennis.\n")


def test_the_examples_are_said(data: Path) -> None:
    assert "Op onze school help je elkaar" in chat("bedankt")
    tips = chat("Ik ben leerling", "Ik word gepest", *["Volgende tip"] * 6)
    assert tips.index("Ga in de pauze naar je maatje toe") < tips.index("Dit waren alle tips")
    assert "iemand uit een hogere groep" in chat("Wat is een maatje?")
    assert "Zegt iemand stop? Dan stop je meteen." in chat("op het plein", "De regels op het plein")


def test_without_the_folder_everything_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIEVENBUS_DATA", str(tmp_path))
    assert "Op onze school help je elkaar" not in chat("bedankt")


@pytest.mark.parametrize(
    ("name", "old", "new", "line", "says"),
    [
        ("domain/eigen.yml", "      buttons:\n        - title: Menu\n          payload: /menu\n", "", None, "geen knop"),
        ("domain/eigen.yml", "payload: /menu", "payload: /manu", 6, 'Bedoel je "menu"'),
        ("domain/eigen.yml", "Graag gedaan. Op", "Graag gedaan {wie}. Op", 4, "{wie}"),
        (
            "domain/eigen_tips.yml",
            "Op onze school heeft iedereen een maatje.",
            "Verantwoordelijkheidsbesef helpt.",
            4,
            "lang woord",
        ),
        ("rules/eigen_vragen.yml", "utter_wat_is_een_maatje", "utter_wat_is_een_maatj", 8, 'Bedoel je "utter_wat_is_een_maatje"'),
        ("nlu/eigen_vragen.yml", "intent: wat_is_een_maatje", "intent: wat_is_een_maat", 3, "bestaat niet"),
    ],
)
def test_a_mistake_is_caught_with_its_line(data: Path, name: str, old: str, new: str, line: int | None, says: str) -> None:
    file = data / "dialogen" / name
    file.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    result = check()
    assert result.exit_code == 1
    (found,) = result.output.splitlines()
    assert says in found
    # What is missing after "dank je" is a button at the rule's last answer, which stands in the program's own file.
    assert found.startswith(f"{file}:{line}: " if line else str(Path(__file__).parents[2] / "dialogues" / "rules"))
