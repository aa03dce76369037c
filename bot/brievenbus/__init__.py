"""The brievenbus: meldingen sealed to readers, threads opened with a code, people who read. Knows no channel."""
