"""Ways in besides the web: the terminal, and later Telegram."""
