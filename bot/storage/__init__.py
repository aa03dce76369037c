"""Where everything is kept. The rest of the program sees rows, units of work and the `Storage` contract, no SQL."""

from bot.storage.migrations import SchemaTooNew
from bot.storage.rows import (
    ChatRow,
    ConversationRow,
    EntryRow,
    InvitationRow,
    MeldingKeyRow,
    MeldingRow,
    NoticeAddressRow,
    NoticeLinkRow,
    OutboxRow,
    ReaderRow,
    RosterRow,
    SeenRow,
    SessionRow,
)
from bot.storage.sqlite import SqliteStorage
from bot.storage.unit import (
    Conflict,
    Delete,
    Insert,
    Operation,
    Replace,
    Storage,
    StorageFull,
    StorageProblem,
    UnitOfWork,
)

__all__ = [
    "ChatRow",
    "Conflict",
    "ConversationRow",
    "Delete",
    "EntryRow",
    "Insert",
    "InvitationRow",
    "MeldingKeyRow",
    "MeldingRow",
    "NoticeAddressRow",
    "NoticeLinkRow",
    "Operation",
    "OutboxRow",
    "ReaderRow",
    "Replace",
    "RosterRow",
    "SchemaTooNew",
    "SeenRow",
    "SessionRow",
    "SqliteStorage",
    "Storage",
    "StorageFull",
    "StorageProblem",
    "UnitOfWork",
]
