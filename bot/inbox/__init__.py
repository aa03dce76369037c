"""The inbox: the pages on which a vertrouwenspersoon reads and answers meldingen; server-rendered, no script."""

from bot.inbox.blueprint import inbox_blueprint

__all__ = ["inbox_blueprint"]
