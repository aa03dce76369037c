"""Numbered changes of the schema. A database says in ``user_version`` how far it is; each runs once, in one transaction.

A migration that has landed is never edited: a new one is added below it.
"""

from __future__ import annotations

from sqlite_utils import Database

_FIRST = (
    """CREATE TABLE conversation (
        id BLOB PRIMARY KEY, version INTEGER NOT NULL, half_day INTEGER NOT NULL, locked BLOB NOT NULL
    ) WITHOUT ROWID, STRICT""",
    "CREATE TABLE seen (id BLOB PRIMARY KEY, half_day INTEGER NOT NULL) WITHOUT ROWID, STRICT",
    """CREATE TABLE reader (
        id BLOB PRIMARY KEY, school TEXT NOT NULL, half_day INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('wacht', 'actief', 'weg')),
        version INTEGER NOT NULL, ops INTEGER NOT NULL, memory INTEGER NOT NULL, recovery_confirmed INTEGER NOT NULL,
        username_hash BLOB NOT NULL UNIQUE, name_locked BLOB NOT NULL, public_key BLOB NOT NULL, salt BLOB NOT NULL,
        password_locked BLOB NOT NULL, recovery_locked BLOB NOT NULL, mac BLOB NOT NULL
    ) WITHOUT ROWID, STRICT""",
    "CREATE INDEX reader_school ON reader (school)",
    "CREATE TABLE roster (school TEXT PRIMARY KEY, version INTEGER NOT NULL, mac BLOB NOT NULL) WITHOUT ROWID, STRICT",
    """CREATE TABLE melding (
        id BLOB PRIMARY KEY, school TEXT NOT NULL, half_day INTEGER NOT NULL, version INTEGER NOT NULL,
        code_lookup BLOB NOT NULL UNIQUE, thread_locked BLOB NOT NULL, nonce_hash BLOB NOT NULL UNIQUE,
        sent_locked BLOB NOT NULL, mac BLOB NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('nieuw', 'gelezen', 'in behandeling', 'afgesloten')),
        urgency TEXT NOT NULL CHECK (urgency IN ('gewoon', 'spoed')), due INTEGER,
        thread_head BLOB NOT NULL, staff_head BLOB NOT NULL
    ) WITHOUT ROWID, STRICT""",
    """CREATE TABLE melding_key (
        melding BLOB NOT NULL REFERENCES melding (id) ON DELETE CASCADE, reader BLOB NOT NULL REFERENCES reader (id),
        sealed BLOB NOT NULL, mac BLOB NOT NULL, PRIMARY KEY (melding, reader)
    ) WITHOUT ROWID, STRICT""",
    "CREATE INDEX melding_key_reader ON melding_key (reader)",
    """CREATE TABLE entry (
        id BLOB PRIMARY KEY, melding BLOB NOT NULL REFERENCES melding (id) ON DELETE CASCADE,
        size INTEGER NOT NULL, sealed BLOB NOT NULL
    ) WITHOUT ROWID, STRICT""",
    "CREATE INDEX entry_melding ON entry (melding)",
    """CREATE TABLE invitation (
        id BLOB PRIMARY KEY, school TEXT NOT NULL, half_day INTEGER NOT NULL, name_locked BLOB NOT NULL, mac BLOB NOT NULL
    ) WITHOUT ROWID, STRICT""",
    """CREATE TABLE session (
        id BLOB PRIMARY KEY, reader BLOB NOT NULL REFERENCES reader (id) ON DELETE CASCADE,
        half_day INTEGER NOT NULL, version INTEGER NOT NULL, locked BLOB NOT NULL
    ) WITHOUT ROWID, STRICT""",
)

# What waits to be sent, and where readers get their notices.
_SECOND = (
    """CREATE TABLE outbox (
        id BLOB PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('seintje', 'bevestiging', 'telegram')),
        next_try INTEGER NOT NULL, attempts INTEGER NOT NULL, locked BLOB NOT NULL
    ) WITHOUT ROWID, STRICT""",
    """CREATE TABLE notice_address (
        id BLOB PRIMARY KEY, reader BLOB NOT NULL REFERENCES reader (id) ON DELETE CASCADE, locked BLOB NOT NULL
    ) WITHOUT ROWID, STRICT""",
    "CREATE INDEX notice_address_reader ON notice_address (reader)",
    """CREATE TABLE notice_link (
        id BLOB PRIMARY KEY, reader BLOB NOT NULL REFERENCES reader (id) ON DELETE CASCADE,
        half_day INTEGER NOT NULL, locked BLOB NOT NULL
    ) WITHOUT ROWID, STRICT""",
)

_THIRD = (
    """CREATE TABLE chat (
        id BLOB PRIMARY KEY, version INTEGER NOT NULL, half_day INTEGER NOT NULL, locked BLOB NOT NULL
    ) WITHOUT ROWID, STRICT""",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _SECOND, _THIRD)


class SchemaTooNew(Exception):
    """The database was made by a newer version of the program."""


def migrate(db: Database) -> None:
    """Bring a database to the newest schema.

    Raises:
        SchemaTooNew: the database is ahead of this program.
    """
    have = int(db.execute("PRAGMA user_version").fetchone()[0])
    if have > len(MIGRATIONS):
        raise SchemaTooNew(f"database has schema {have}, this program knows {len(MIGRATIONS)}: install the newer program")
    for number, statements in enumerate(MIGRATIONS[have:], start=have + 1):
        db.execute("BEGIN IMMEDIATE")
        try:
            # Two processes may start at once: whoever waited looks again.
            if int(db.execute("PRAGMA user_version").fetchone()[0]) >= number:
                db.execute("ROLLBACK")
                continue
            for statement in statements:
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {number}")
            db.execute("COMMIT")
        except BaseException:
            if db.conn.in_transaction:
                db.execute("ROLLBACK")
            raise
