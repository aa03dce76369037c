"""The running program: channels, actions, the brievenbus, the inbox, storage and the command line."""
