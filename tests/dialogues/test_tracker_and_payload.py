"""The stored state and the grammar of payloads, whatever comes in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogues import Tracker, UnknownSchema, parse_payload

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
NAMES = st.from_regex(r"[a-z][a-z_]{0,20}", fullmatch=True)


@given(
    st.dictionaries(TEXTS, VALUES, max_size=5),
    st.none() | NAMES,
    st.none() | NAMES,
    st.booleans(),
    st.integers(0, 10**6),
    st.booleans(),
)
def test_a_state_is_read_back_as_it_was(
    slots: dict[str, Any], loop: str | None, asked: str | None, rejected: bool, turn: int, started: bool
) -> None:
    tracker = Tracker(slots, loop, asked, rejected, turn, started)
    assert Tracker.from_json(tracker.to_json()) == tracker


@given(st.text())
def test_whatever_is_stored_is_a_state_or_an_unknown_schema(text: str) -> None:
    with pytest.raises(UnknownSchema):
        Tracker.from_json(text)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"schema": None},
        {"turn": "3"},
        {"turn": True},
        {"slots": []},
        {"active_loop": 1},
        {"more": 1},
        {"rejected": 0},
    ],
)
def test_another_schema_or_a_damaged_state_is_refused(change: dict[str, Any]) -> None:
    state = json.loads(Tracker.empty().to_json())
    with pytest.raises(UnknownSchema):
        Tracker.from_json(json.dumps({**state, **change}))


@pytest.mark.parametrize("text", ["[]", "null", "", "{", "[" * 100_000, '{"schema": 1}'])
def test_what_is_no_state_is_refused(text: str) -> None:
    with pytest.raises(UnknownSchema):
        Tracker.from_json(text)


def test_a_state_cannot_be_changed() -> None:
    tracker = Tracker.empty().with_slots(naam="Noor")
    with pytest.raises(AttributeError):
        tracker.turn = 3  # type: ignore[misc]
    with pytest.raises(TypeError):
        tracker.slots["naam"] = "Bo"  # type: ignore[index]
    assert tracker.with_slots(naam="Bo").slots["naam"] == "Bo"
    assert tracker.slots["naam"] == "Noor"


@given(NAMES, st.dictionaries(TEXTS, VALUES, max_size=4))
def test_a_payload_is_read_back_as_it_was_written(intent: str, entities: dict[str, Any]) -> None:
    assert parse_payload(f"/{intent}{json.dumps(entities)}") == (intent, entities)
    assert parse_payload(f" /{intent} {json.dumps(entities, ensure_ascii=False)} ") == (intent, entities)


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    for attempt in (text, "/" + text, "/intent" + text, "/intent{" + text + "}"):
        parsed = parse_payload(attempt)
        assert parsed is None or isinstance(parsed[1], dict)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("/groet", ("groet", {})),
        ("/antwoord{}", ("antwoord", {})),
        ('/antwoord{"waar": "het plein"}', ("antwoord", {"waar": "het plein"})),
        ('/antwoord{"waar": "' + "x" * 100 + '"}', ("antwoord", {"waar": "x" * 100})),
    ],
)
def test_payloads(text: str, parsed: object) -> None:
    assert parse_payload(text) == parsed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "groet",
        "/",
        "//groet",
        "/ik wil dood",
        "/1",
        "/antwoord{",
        '/antwoord{"waar": }',
        '/antwoord["waar"]',
        "/antwoord{'waar': 'plein'}",
        '/antwoord{"waar": "plein"} en meer',
        '/antwoord{"a": NaN}',
        '/antwoord{"a": 1e999}',
        '/antwoord{"a": "\\ud800"}',
        '/antwoord{"a": ' + "[" * 100_000 + "}",
        '/antwoord{"a": ' + "9" * 5000 + "}",
    ],
)
def test_what_is_no_payload_is_text(text: str) -> None:
    assert parse_payload(text) is None
