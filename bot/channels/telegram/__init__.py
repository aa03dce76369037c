"""The conversation on Telegram: private chats only; updates are confirmed after their commit, replies sent from the outbox.

Only how it is reached is imported here: whoever has no bot does not wait for the library.
"""

import os

from bot.channels.telegram.token import Reach, reach

# Times as they will be in the library's next version; without this it warns at each of them.
os.environ.setdefault("PTB_TIMEDELTA", "true")

__all__ = ["Reach", "reach"]
