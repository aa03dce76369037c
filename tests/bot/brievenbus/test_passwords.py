"""Which passwords are refused, and why."""

from __future__ import annotations

from importlib.resources import files

import pytest

from bot.brievenbus.passwords import Weakness, one_spelling, weakness

NAMES = ("Ivonne van Dam", "ivonne-van-dam.jps", "jps")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", Weakness.SHORT),
        ("elf tekens!", Weakness.SHORT),
        ("      kort      ", Weakness.SHORT),
        ("x" * 257, Weakness.LONG),
        ("abababababab", Weakness.SAME),
        ("111111111111", Weakness.SAME),
        ("welkom2026!!", Weakness.COMMON),
        ("Wachtwoord123", Weakness.COMMON),
        ("wel-kom 2026", Weakness.COMMON),
        ("12345welkom12345", Weakness.COMMON),
        ("vertrouwenspersoon", Weakness.COMMON),
        ("Brievenbus2026", Weakness.COMMON),
        ("123456789012", Weakness.COMMON),
        ("qwertyuiopas", Weakness.COMMON),
        ("ivonnevandam1", Weakness.NAME),
        ("Ivonne.JPS.1", Weakness.NAME),
    ],
)
def test_it_is_refused(password: str, why: Weakness) -> None:
    assert weakness(password, *NAMES) is why


@pytest.mark.parametrize(
    "password",
    [
        "vier wollen sokken drogen",
        "mijn fiets heet ivonne",
        "twaalf teken",
        "Ω≈ç√∫˜µ≤≥÷åß",
        "welkom in mijn lekke tent",
        "8w!kZ0q-Lr2x",
    ],
)
def test_it_is_good_enough(password: str) -> None:
    assert weakness(password, *NAMES) is None


def test_two_ways_to_write_an_accent_are_one_password() -> None:
    assert one_spelling("cafe\u0301") == one_spelling("caf\u00e9")


def test_the_list_is_as_it_is_compared() -> None:
    lines = (files("bot.brievenbus") / "common_passwords.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 500
    assert lines == sorted(set(lines))
    assert all(line and line == line.strip().lower() and " " not in line for line in lines)
    assert {"welkom", "wachtwoord", "brievenbus", "vertrouwenspersoon"} <= set(lines)
