"""Our engine against a real Rasa, turn by turn; run by hand, for Rasa is no dependency of ours (docs/rasa.md)."""
