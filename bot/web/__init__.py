"""The web: one Sanic server for the pupils' chat and the readers' inbox."""

from bot.web.server import QUICK_EXIT, Serving, create_app, serve
from bot.web.talks import SchoolPage, Talks

__all__ = ["QUICK_EXIT", "SchoolPage", "Serving", "Talks", "create_app", "serve"]
