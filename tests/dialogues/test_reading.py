"""How hard a text reads: syllables against two hundred words that were counted by hand, and the score."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialogues.reading import flesch_douma, longest, sentences, syllables, words

LINES = (Path(__file__).parent / "syllables.txt").read_text(encoding="utf-8").splitlines()
COUNTED = [(word, int(count)) for count, *found in map(str.split, LINES) if count != "#" for word in found]


def test_there_are_two_hundred_words_and_none_twice() -> None:
    assert len({word for word, _ in COUNTED}) == len(COUNTED) >= 200


@pytest.mark.parametrize(("word", "count"), COUNTED)
def test_syllables(word: str, count: int) -> None:
    assert syllables(word) == count


def test_what_has_no_vowel_still_has_a_syllable() -> None:
    assert syllables("x") == 1


def test_the_score_of_a_text_that_was_counted_by_hand() -> None:
    # 2 sentences, 8 words, 10 syllables: 206.8 - 0.77 * 125 - 0.93 * 4
    assert flesch_douma("Ik kom uit school. Het regent vandaag hard.") == pytest.approx(106.83, abs=0.01)


def test_sentences_end_at_a_stop_a_colon_and_a_line() -> None:
    assert sentences("Bel: 0800-0432. Dat mag.\nAltijd") == ["Bel:", "Dat mag.", "Altijd"]
    assert words("Ga naar 'n e-mail, 3 keer") == ["Ga", "naar", "n", "e-mail", "keer"]
    assert longest(["Een twee. Een twee drie.", "Een"]) == 3
    assert longest([]) == 0
