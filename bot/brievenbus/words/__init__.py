"""The 2,048 words that a pupil's code is made of, and the reading of a code as a child types it."""

from .wordlist import CODE_WORDS, BadWordList, CodeReading, Correction, WordList, load, read_code

__all__ = ["CODE_WORDS", "BadWordList", "CodeReading", "Correction", "WordList", "load", "read_code"]
