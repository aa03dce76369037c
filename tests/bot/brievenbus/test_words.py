"""The word list keeps its rules, and a code is read the way children type it."""

import re
import string
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.brievenbus.words import BadWordList, CodeReading, Correction, WordList, load, read_code
from bot.brievenbus.words.build import HARD, Exclusions, choose, clashes, main, problems, refusal
from bot.brievenbus.words.spelling import distance, near_pairs, sound_key, stems, turned

WORDS = load().words
EXCLUSIONS = Exclusions.shipped()


def one_edit_from(word: str) -> Iterator[str]:
    """Every string of letters that one slip of the finger makes of a word."""
    for i in range(len(word) + 1):
        yield from (word[:i] + letter + word[i:] for letter in string.ascii_lowercase)
    for i in range(len(word)):
        yield word[:i] + word[i + 1 :]
        yield from (word[:i] + letter + word[i + 1 :] for letter in string.ascii_lowercase)
    for i in range(len(word) - 1):
        yield word[:i] + word[i + 1] + word[i] + word[i + 2 :]


def replaced(old: str, new: str) -> list[str]:
    """The shipped list, sorted, with one word replaced."""
    return sorted([word for word in WORDS if word != old] + [new])


class TestTheListThatShips:
    def test_holds_eleven_bits_a_word(self) -> None:
        assert len(WORDS) == len(set(WORDS)) == 2**11

    def test_is_sorted_and_stands_one_word_a_line(self) -> None:
        lines = (files("bot.brievenbus.words") / "words.txt").read_bytes().decode("ascii")
        assert lines == "".join(f"{word}\n" for word in sorted(WORDS))

    def test_words_are_short_and_plain(self) -> None:
        assert [word for word in WORDS if not re.fullmatch(r"[a-z]{4,9}", word)] == []

    def test_no_word_has_letters_that_are_hard_at_nine(self) -> None:
        assert [word for word in WORDS if HARD.search(word)] == []

    def test_any_two_words_are_two_edits_apart(self) -> None:
        # By brute force, so that it does not lean on the index that the list itself uses. One edit changes the length by at most
        # one, and takes at most one letter out and puts at most one in: whatever differs more need not be measured.
        letters = {word: frozenset(word) for word in WORDS}
        near = [
            (one, other)
            for one, other in combinations(WORDS, 2)
            if abs(len(one) - len(other)) <= 1 and len(letters[one] ^ letters[other]) <= 2 and distance(one, other) < 2
        ]
        assert near == []

    def test_no_slip_leads_to_more_words_than_there_are_buttons(self) -> None:
        ways = Counter(slip for word in WORDS for slip in set(one_edit_from(word)))
        assert max(ways.values()) <= 4

    def test_no_two_words_sound_the_same(self) -> None:
        assert len({sound_key(word) for word in WORDS}) == len(WORDS)

    def test_no_word_is_a_form_of_another_or_its_parts_turned(self) -> None:
        assert list(clashes(WORDS)) == []

    def test_nothing_that_was_rejected_on_reading_came_back(self) -> None:
        assert len(EXCLUSIONS.words) > 1500
        assert len(EXCLUSIONS.fragments) > 10
        assert [word for word in WORDS if EXCLUSIONS.excludes(word)] == []

    @pytest.mark.parametrize(
        "unfit",
        [
            "varken",
            "olifant",
            "spin",
            "mager",
            "bril",
            "touw",
            "dood",
            "geheim",
            "moeder",
            "zwaard",
            "hallo",
            "stoppen",
            "twaalf",
        ],
    )
    def test_words_that_could_hurt_or_confuse_stay_out(self, unfit: str) -> None:
        assert unfit not in WORDS
        assert EXCLUSIONS.excludes(unfit)

    def test_the_builder_finds_no_problem(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["check"]) == 0
        assert capsys.readouterr().out == "2048 words, no problems\n"

    def test_the_licence_of_the_source_is_kept(self) -> None:
        licence = (files("bot.brievenbus.words") / "LICENSE").read_text(encoding="utf-8")
        for needed in (
            "OpenTaal",
            "Copyright (c) 1996 Nederlandstalige Tex Gebruikersgroep",
            "Simon Brouwer e.a.",
            "Redistributions in binary form must reproduce",
            "THIS SOFTWARE IS PROVIDED",
        ):
            assert needed in licence


class TestABadListIsRefused:
    def test_too_few_words(self) -> None:
        with pytest.raises(BadWordList, match="2048 words, not 2047"):
            WordList(WORDS[:-1])

    def test_too_many_words(self) -> None:
        with pytest.raises(BadWordList, match="not 2049"):
            WordList([*WORDS, "zzzzzzzz"])

    @pytest.mark.parametrize("word", ["Zandbak", "zand-bak", "zandbák", "zandbak ", "zandbak1"])
    def test_other_signs_than_a_to_z(self, word: str) -> None:
        with pytest.raises(BadWordList, match="a to z"):
            WordList(replaced("zandbak", word))

    @pytest.mark.parametrize("word", ["bak", "zandbakken"])
    def test_too_short_or_too_long(self, word: str) -> None:
        with pytest.raises(BadWordList, match="4 to 9 letters"):
            WordList(replaced("zandbak", word))

    def test_a_word_twice(self) -> None:
        with pytest.raises(BadWordList, match="twice"):
            WordList(replaced("zandbak", "appel"))

    def test_not_sorted(self) -> None:
        with pytest.raises(BadWordList, match="sorted"):
            WordList(WORDS[::-1])

    @pytest.mark.parametrize("near", ["appels", "appl", "apple", "oppel"])
    def test_one_edit_apart(self, near: str) -> None:
        with pytest.raises(BadWordList, match=r"one edit apart.*appel"):
            WordList(replaced("zandbak", near))

    def test_the_same_by_ear(self) -> None:
        with pytest.raises(BadWordList, match=r"sound the same.*trein"):
            WordList(replaced("zandbak", "trijn"))


class TestSpelling:
    @pytest.mark.parametrize(
        ("one", "other", "edits"),
        [
            ("appel", "appel", 0),
            ("appel", "apel", 1),
            ("appel", "appels", 1),
            ("appel", "oppel", 1),
            ("appel", "papel", 1),
            ("appel", "lappen", 2),
            ("trein", "trijn", 2),
            ("", "bos", 3),
        ],
    )
    def test_distance(self, one: str, other: str, edits: int) -> None:
        assert distance(one, other) == distance(other, one) == edits

    @pytest.mark.parametrize(
        ("one", "other"),
        [("leiden", "lijden"), ("hart", "hard"), ("rauw", "rouw"), ("kauw", "kou"), ("eb", "ep"), ("vier", "fier"),
         ("zee", "see"), ("lach", "lag"), ("lopen", "lope"), ("noot", "nood"), ("taxi", "taksi")],
    )  # fmt: skip
    def test_words_that_the_ear_mixes_up_share_a_key(self, one: str, other: str) -> None:
        assert sound_key(one) == sound_key(other)

    @pytest.mark.parametrize(("one", "other"), [("maan", "man"), ("boek", "boom"), ("draad", "raad"), ("vest", "feest")])
    def test_words_that_the_ear_keeps_apart_do_not(self, one: str, other: str) -> None:
        assert sound_key(one) != sound_key(other)

    @pytest.mark.parametrize(
        ("base", "form"),
        [("bel", "bellen"), ("boom", "bomen"), ("beek", "beekje"), ("boom", "boompje"), ("stoel", "stoeltjes"),
         ("duif", "duiven"), ("huis", "huizen"), ("tafel", "tafels"), ("blad", "bladeren"), ("ring", "ringetje")],
    )  # fmt: skip
    def test_forms_of_one_word_share_a_stem(self, base: str, form: str) -> None:
        assert stems(base) & stems(form)

    def test_a_word_back_to_front_shares_a_key(self) -> None:
        assert turned("feesttent") == turned("tentfeest")
        assert turned("feesttent") != turned("feestdag")

    def test_near_pairs_are_found_in_every_way_of_being_near(self) -> None:
        assert set(near_pairs(("boom", "boon", "bomo", "booms", "tafel"))) == {
            ("boom", "boon"),
            ("boom", "bomo"),
            ("boom", "booms"),
        }


class TestBuilding:
    def test_each_rule_refuses_with_its_name(self) -> None:
        exclusions = Exclusions.read("varken ezel  # names\n*dood\n")
        assert refusal("zandbak", exclusions, frozenset({"zandbak"})) is None
        assert refusal("zand bak", exclusions) == "not only a to z"
        assert refusal("zon", exclusions) == "length"
        assert refusal("cirkel", exclusions) == "hard to spell"
        assert refusal("varken", exclusions) == "excluded"
        assert refusal("doodmoe", exclusions) == "excluded"
        assert refusal("zandbek", exclusions, frozenset({"zandbak"})) == "not in OpenTaal's list"
        assert not exclusions.excludes("names")

    def test_choosing_drops_the_word_with_most_clashes_then_the_least_wanted(self) -> None:
        # Given: boom is near both others, appel and appels are forms of one word
        chosen = choose(["boom", "boon", "loom", "appel", "appels"])
        assert chosen == ["boon", "loom", "appel"]
        assert list(clashes(chosen)) == []

    def test_choosing_the_shipped_words_again_drops_none(self) -> None:
        assert choose(WORDS) == list(WORDS)

    def test_problems_name_every_fault(self) -> None:
        found = problems(["bellen", "bel", "lijden", "leiden"], Exclusions.read(""))
        assert "bel: length" in found
        assert "bellen and bel: stem" in found
        assert "lijden and leiden: sound" in found
        assert any("2048 words, not 4" in problem for problem in found)

    def test_an_unknown_command_explains_itself(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["bake"]) == 2
        assert "check" in capsys.readouterr().err

    def test_choose_reads_candidates_and_dictionary(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        candidates, dictionary = tmp_path / "candidates", tmp_path / "dictionary"
        candidates.write_text("trein\nappel\nvarken\nblorp\n", encoding="utf-8")
        dictionary.write_text("appel\ntrein\nvarken\n", encoding="utf-8")
        assert main(["choose", str(candidates), str(dictionary)]) == 0
        assert capsys.readouterr().out == "appel\ntrein\n"


class TestCorrecting:
    def test_index_is_the_place_in_the_list(self) -> None:
        assert [load().index(word) for word in WORDS] == list(range(2048))

    def test_an_unknown_word_has_no_index_and_is_not_repeated(self) -> None:
        with pytest.raises(KeyError) as problem:
            load().index("toverkol")
        assert "toverkol" not in str(problem.value)

    @pytest.mark.parametrize(
        "typed", ["vlinder", "Vlinder", "VLINDER", " vlinder. ", '"vlinder"', "vlínder", "(vlinder)", "vlinder,"]
    )
    def test_capitals_accents_and_punctuation_do_not_matter(self, typed: str) -> None:
        assert load().correct(typed) == Correction("vlinder", ())

    @pytest.mark.parametrize("typed", ["vlindr", "vlindder", "vlinter", "vlnider", "vl1nder"])
    def test_the_only_word_within_one_edit_is_taken(self, typed: str) -> None:
        assert load().correct(typed).word == "vlinder"

    def test_two_words_within_one_edit_become_a_choice(self) -> None:
        correction = load().correct("hakje")
        assert correction.word is None
        assert set(correction.candidates) == {"haakje", "hapje", "hekje", "takje"}

    def test_two_edits_away_is_never_taken_without_asking(self) -> None:
        assert load().correct("vliegtuich") == Correction(None, ("vliegtuig",))

    def test_what_sounds_the_same_comes_first(self) -> None:
        correction = load().correct("trijn")
        assert correction.word is None
        assert correction.candidates[0] == "trein"

    @pytest.mark.parametrize("typed", ["", "   ", "?!", "x", "qqqqqq", "a" * 10_000, "12345678", "😀"])
    def test_nothing_near_gives_nothing(self, typed: str) -> None:
        assert load().correct(typed) == Correction(None, ())

    @given(st.sampled_from(WORDS).flatmap(lambda word: st.tuples(st.just(word), st.sampled_from(list(one_edit_from(word))))))
    def test_any_single_edit_leads_back_to_the_word(self, slip: tuple[str, str]) -> None:
        word, typed = slip
        correction = load().correct(typed)
        assert correction.word == word or (correction.word is None and word in correction.candidates)

    @given(st.text(max_size=30))
    def test_whatever_is_typed_the_answer_is_from_the_list(self, typed: str) -> None:
        correction = load().correct(typed)
        offered = [*correction.candidates, *filter(None, [correction.word])]
        assert set(offered) <= set(WORDS)
        assert len(correction.candidates) == len(set(correction.candidates)) <= 4
        assert correction.word is None or correction.candidates == ()

    def test_is_quick(self) -> None:
        words = load()
        typed = [slip for word in WORDS[::400] for slip in one_edit_from(word)]
        start = perf_counter()
        for slip in typed:
            words.correct(slip)
        assert (perf_counter() - start) / len(typed) < 0.005

    def test_a_code_is_not_shown_by_repr(self) -> None:
        assert "vlinder" not in repr(read_code("vlinder egeltje trein zandbak zebra"))


class TestReadingACode:
    five = ("vlinder", "egeltje", "trein", "zandbak", "zebra")

    @pytest.mark.parametrize(
        "typed",
        [
            "vlinder egeltje trein zandbak zebra",
            "Vlinder, Egeltje, Trein, Zandbak, Zebra.",
            "vlinder-egeltje-trein-zandbak-zebra",
            "vlinder.egeltje.trein.zandbak.zebra",
            "1. vlinder\n2. egeltje\n3. trein\n4. zandbak\n5. zebra\n",
            "1 vlinder 2 egeltje 3 trein 4 zandbak 5 zebra",
            "1vlinder 2egeltje 3trein 4zandbak 5zebra",
            "1) vlinder; 2) egeltje; 3) trein; 4) zandbak; 5) zebra",
            "\tvlinder – egeltje — trein / zandbak + zebra",
            "'vlinder' ‘egeltje’ “trein” «zandbak» zebra!",
            "vlindr egeltje trien zanbak zzebra",
        ],
    )
    def test_every_way_of_dividing_five_words(self, typed: str) -> None:
        reading = read_code(typed)
        assert reading.five
        assert reading.code == self.five

    @pytest.mark.parametrize(
        "typed", ["", "vlinder", "vlinder egeltje trein zandbak", "vlinder egeltje trein zandbak zebra appel"]
    )
    def test_another_number_of_words_is_no_code(self, typed: str) -> None:
        reading = read_code(typed)
        assert not reading.five
        assert reading.code is None
        assert len(reading.corrections) == len(typed.split())

    def test_a_word_in_doubt_leaves_the_others_read(self) -> None:
        reading = read_code("vlinder hakje trein zandbak zebra")
        assert reading.five
        assert reading.code is None
        assert [correction.word for correction in reading.corrections] == ["vlinder", None, "trein", "zandbak", "zebra"]
        assert "haakje" in reading.corrections[1].candidates

    def test_a_long_text_is_not_read_to_its_end(self) -> None:
        reading = read_code("vlinder " * 1000)
        assert not reading.five
        assert len(reading.corrections) == 12

    @given(st.lists(st.sampled_from(WORDS), min_size=5, max_size=5), st.sampled_from([" ", ", ", "-", "\n", ". ", " 7 "]))
    def test_any_five_words_are_read_as_they_are(self, words: list[str], between: str) -> None:
        assert read_code(between.join(words)) == CodeReading(tuple(Correction(word) for word in words))
