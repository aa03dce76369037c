"""Actions of the dialogue, one file a subject."""
