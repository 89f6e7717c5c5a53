"""Documents in PostgreSQL: what was issued, set aside and came back; bills read for many at once.

Lives here      writing a run's documents in one transaction; reading.
Lives elsewhere tables (``documents/models``), the bytes (the vault of documents).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from psycopg import errors

from meterledger.facts.documents import (
    CameBack,
    Channel,
    DeadMailbox,
    DocumentKind,
    IssuedDocument,
    KeptPlace,
    SetAside,
)
from meterledger.facts.money import Entry, Leg
from meterledger.stores.believed import refuse_unknown
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, record_day
from meterledger.stores.postgres.repository.bills import STORED, stored_bill
from meterledger.stores.postgres.repository.cycles import PUT_NOW, of_cycle
from meterledger.usecases.ports import StoredBill

COLUMNS = (
    "bill_id, account_id, kind, channel, sha256, content_sha256, template, template_sha256,"
    " compiler, page_count, pack_sha256, pack_offset, size_bytes, content_offset,"
    " content_size_bytes, run_id, address, made_at,"
    " due_day"
)
INSERT = f"""
INSERT INTO document ({COLUMNS})
SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::text[],
                     %b::text[], %b::text[], %b::text[], %b::integer[], %b::text[], %b::bigint[],
                     %b::bigint[], %b::bigint[], %b::bigint[], %b::text[], %b::text[],
                     %b::timestamptz[], %b::date[])
    ON CONFLICT DO NOTHING
"""
SET_ASIDE = """
INSERT INTO document_set_aside (bill_id, account_id, run_id, reason, made_at)
SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::timestamptz[])
    ON CONFLICT DO NOTHING
"""
WAITING = """
SELECT DISTINCT b.bill_id FROM document_came_back b
 WHERE NOT EXISTS (SELECT FROM document d
                    WHERE d.bill_id = b.bill_id AND d.channel = 'print' AND d.kind <> 'duplicate')
 ORDER BY b.bill_id
"""
NO_DOCUMENT = """
    c.issued_day < %s AND c.cancelled_by IS NULL
    AND NOT EXISTS (SELECT FROM document d WHERE d.bill_id = c.bill_id)
    AND NOT EXISTS (SELECT FROM document_set_aside n
                     WHERE n.bill_id = c.bill_id AND starts_with(n.reason, 'Not rendered: '))
"""
LATER = """
SELECT bill_id, max(due_day) FROM document
 WHERE bill_id = ANY (%s) AND due_day IS NOT NULL AND kind <> 'duplicate'
 GROUP BY bill_id
"""
DEAD = """
SELECT b.account_id, d.address, max(b.learned_at)
  FROM document_came_back b
  JOIN document d ON d.bill_id = b.bill_id AND d.sha256 = b.sha256 AND d.channel = 'electronic'
 WHERE b.account_id = ANY (%s)
 GROUP BY b.account_id, d.address ORDER BY b.account_id, d.address
"""
LEFT = f"""
SELECT c.bill_id FROM service_period_claim c
 WHERE {NO_DOCUMENT}
   AND c.issued_day >= (SELECT f.issued_day FROM service_period_claim f
                         WHERE f.bill_id = (SELECT bill_id FROM document ORDER BY id LIMIT 1))
   AND NOT EXISTS (SELECT FROM document_set_aside s WHERE s.bill_id = c.bill_id)
 ORDER BY c.bill_id
"""
DAYS_WITHOUT = f"""
SELECT coalesce(k.cycle, a.cycle), c.issued_day, count(*) FROM service_period_claim c
  JOIN account a ON a.account_id = c.account_id
  LEFT JOIN ({PUT_NOW}) k ON k.account_id = a.account_id
 WHERE {NO_DOCUMENT}
 GROUP BY 2, 1 ORDER BY 2, 1
"""
ISSUED = f"""
{STORED}
  JOIN account a ON a.account_id = c.account_id
 WHERE {of_cycle("a", "%(cycle)s", PUT_NOW)}
   AND c.issued_day = %(on)s ORDER BY c.account_id, c.bill_id
"""
ENTRIES = """
SELECT mine.account_id, e.entry_id, e.effective_day, e.learned_at, e.cause, e.reverses,
       e.booked_day, legs.found
  FROM (SELECT DISTINCT customer_account_id AS account_id, entry_id, effective_day
          FROM posting WHERE customer_account_id = ANY (%s)) mine
  JOIN entry e ON e.entry_id = mine.entry_id AND e.effective_day = mine.effective_day
  JOIN LATERAL (
       SELECT json_agg(json_build_array(p.ledger_account, p.cents, p.customer_account_id)
                       ORDER BY p.number) AS found
         FROM posting p WHERE p.entry_id = e.entry_id AND p.effective_day = e.effective_day
       ) legs ON true
 ORDER BY e.effective_day, e.learned_at, e.entry_id
"""


class DocumentTables(Tables):
    """The part of the store that keeps what was issued to customers."""

    def record_documents(
        self, documents: Sequence[IssuedDocument], set_aside: Sequence[SetAside] = ()
    ) -> int:
        """Keep documents and what was set aside; how many documents were new.

        :raises Conflict: if one is of a bill that is not known
        """
        if not documents and not set_aside:
            return 0
        first: IssuedDocument | SetAside = documents[0] if documents else set_aside[0]
        self._connections.ensure_months([record_day(first.made_at)])

        def work(connection: Connection) -> int:
            newly = connection.execute(INSERT, _columns(documents)).rowcount
            aside = [
                [one.bill_id for one in set_aside],
                [one.account_id for one in set_aside],
                [one.run_id for one in set_aside],
                [one.reason for one in set_aside],
                [one.made_at for one in set_aside],
            ]
            connection.execute(SET_ASIDE, aside)
            told = {"documents": newly, "set_aside": len(set_aside)}
            self._note(connection, "documents made", [(first.run_id, told, first.made_at)])
            return newly

        named = [one.bill_id for one in documents] + [one.bill_id for one in set_aside]
        return self._of_known_bills("make documents", work, named)

    def _of_known_bills(
        self, purpose: str, work: Callable[[Connection], int], bill_ids: Sequence[str]
    ) -> int:
        try:
            return self._step(purpose, work)
        except errors.ForeignKeyViolation:
            known = self._step(
                purpose,
                lambda connection: {
                    row[0]
                    for row in connection.execute(
                        "SELECT bill_id FROM service_period_claim WHERE bill_id = ANY (%s)",
                        [list(bill_ids)],
                    )
                },
            )
            missing = next(one for one in bill_ids if one not in known)
            refuse_unknown("bill", missing, "documents")
            raise

    def documents_of_bills(self, bill_ids: Sequence[str]) -> dict[str, list[IssuedDocument]]:
        """Documents of the bills, oldest first; bills without one are left out."""
        rows = self._read(
            lambda connection: connection.execute(
                f"SELECT {COLUMNS} FROM document WHERE bill_id = ANY (%s) ORDER BY id",
                [list(bill_ids)],
            ).fetchall()
        )
        found: dict[str, list[IssuedDocument]] = {}
        for row in rows:
            found.setdefault(row[0], []).append(_document(row))
        return found

    def documents_of_run(self, run_id: str) -> list[IssuedDocument]:
        """What a run made, by bill."""
        rows = self._read(
            lambda connection: connection.execute(
                f"SELECT {COLUMNS} FROM document WHERE run_id = %s ORDER BY bill_id, id", [run_id]
            ).fetchall()
        )
        return [_document(row) for row in rows]

    def documents_kept(self) -> list[IssuedDocument]:
        """Every document, pack by pack."""
        rows = self._read(
            lambda connection: connection.execute(
                f"SELECT {COLUMNS} FROM document ORDER BY pack_sha256, pack_offset, id"
            ).fetchall()
        )
        return [_document(row) for row in rows]

    def set_aside_of_bill(self, bill_id: str) -> list[SetAside]:
        """In which runs and why no document of the bill could be made, oldest first."""
        rows = self._read(
            lambda connection: connection.execute(
                "SELECT bill_id, account_id, run_id, reason, made_at FROM document_set_aside"
                " WHERE bill_id = %s ORDER BY id",
                [bill_id],
            ).fetchall()
        )
        return [SetAside(*row) for row in rows]

    def record_came_back(self, back: CameBack) -> bool:
        """Keep that an electronic document was not delivered; False if that is known.

        :raises Conflict: if it is of a bill that is not known
        """
        self._connections.ensure_months([record_day(back.learned_at)])

        def work(connection: Connection) -> int:
            kept = connection.execute(
                "INSERT INTO document_came_back"
                " (bill_id, account_id, sha256, reason, author, learned_at)"
                " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (bill_id, sha256) DO NOTHING",
                [
                    *(back.bill_id, back.account_id, back.sha256, back.reason, back.author),
                    back.learned_at,
                ],
            )
            if kept.rowcount == 1:
                told = {"document": back.sha256, "reason": back.reason, "author": back.author}
                note = (back.bill_id, told, back.learned_at)
                self._note(connection, "document came back", [note])
            return kept.rowcount

        return bool(self._of_known_bills("keep what came back", work, [back.bill_id]))

    def came_back_of_bills(self, bill_ids: Sequence[str]) -> dict[str, list[CameBack]]:
        """What came back of the bills, oldest first; bills of which nothing did are left out."""
        rows = self._read(
            lambda connection: connection.execute(
                "SELECT bill_id, account_id, sha256, reason, author, learned_at"
                " FROM document_came_back WHERE bill_id = ANY (%s) ORDER BY id",
                [list(bill_ids)],
            ).fetchall()
        )
        found: dict[str, list[CameBack]] = {}
        for row in rows:
            found.setdefault(row[0], []).append(CameBack(*row))
        return found

    def later_due_days(self, bill_ids: Sequence[str]) -> dict[str, date]:
        """Until when bills that went out late may be paid; the others are left out."""
        rows = self._read(lambda connection: connection.execute(LATER, [list(bill_ids)]).fetchall())
        return dict(rows)

    def dead_mailboxes(self, account_ids: Sequence[str]) -> list[DeadMailbox]:
        """Addresses from which bills of the accounts came back, by account and address."""
        rows = self._read(
            lambda connection: connection.execute(DEAD, [list(account_ids)]).fetchall()
        )
        return [DeadMailbox(*row) for row in rows]

    def waiting_for_paper(self) -> list[str]:
        """Bills that came back and were not printed yet, in order."""
        rows = self._read(lambda connection: connection.execute(WAITING).fetchall())
        return [row[0] for row in rows]

    def left_without_document(self, before: date) -> list[str]:
        """Bills that left on their own day and no run took, in order."""
        rows = self._read(lambda connection: connection.execute(LEFT, [before]).fetchall())
        return [row[0] for row in rows]

    def days_without_document(self, before: date) -> list[tuple[int, date, int]]:
        """Cycle, day of issue and how many bills of it stand and have no document."""
        rows = self._read(lambda connection: connection.execute(DAYS_WITHOUT, [before]).fetchall())
        return [(row[0], row[1], row[2]) for row in rows]

    # -------------------------------------------------------------------- reading for many

    def bills_issued(self, cycle: int, on: date) -> list[StoredBill]:
        """Bills of the cycle's accounts that were issued on the day, by account and bill."""
        asked = {"cycle": cycle, "on": on}
        rows = self._read(lambda connection: connection.execute(ISSUED, asked).fetchall())
        return [stored_bill(row) for row in rows]

    def bills_of_accounts(self, account_ids: Sequence[str]) -> dict[str, list[StoredBill]]:
        """All bills that the accounts were ever sent, oldest first."""
        rows = self._read(
            lambda connection: connection.execute(
                f"{STORED} WHERE c.account_id = ANY (%s)"
                " ORDER BY lower(b.days), b.known_at, b.bill_id",
                [list(account_ids)],
            ).fetchall()
        )
        found: dict[str, list[StoredBill]] = {}
        for row in rows:
            found.setdefault(row[1], []).append(stored_bill(row))
        return found

    def entries_of_accounts(self, account_ids: Sequence[str]) -> dict[str, list[Entry]]:
        """Entries that touch the accounts, oldest first."""
        rows = self._read(
            lambda connection: connection.execute(ENTRIES, [list(account_ids)]).fetchall()
        )
        found: dict[str, list[Entry]] = {}
        for account, entry_id, effective_day, learned_at, cause, reverses, booked, legs in rows:
            found.setdefault(account, []).append(
                Entry(
                    entry_id=entry_id,
                    effective_day=effective_day,
                    learned_at=learned_at,
                    legs=tuple(Leg(*leg) for leg in legs),
                    cause=cause,
                    reverses=reverses,
                    booked_day=booked,
                )
            )
        return found


def _columns(documents: Sequence[IssuedDocument]) -> list[list[Any]]:
    rows = [
        (
            *(one.bill_id, one.account_id, one.kind.value, one.channel.value, one.sha256),
            *(one.content_sha256, one.template, one.template_sha256, one.compiler),
            *(one.page_count, one.place.pack_sha256, one.place.offset, one.place.size_bytes),
            *(one.place.content_offset, one.place.content_size_bytes, one.run_id, one.address),
            *(one.made_at, one.due_day),
        )
        for one in documents
    ]
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(19)]


def _document(row: tuple[Any, ...]) -> IssuedDocument:
    bill_id, account_id, kind, channel, sha256, content_sha256, *rest = row
    template, template_sha256, compiler, pages, pack, offset, size, at, length, *last = rest
    run_id, address, made_at, due_day = last
    return IssuedDocument(
        bill_id=bill_id,
        account_id=account_id,
        kind=DocumentKind(kind),
        channel=Channel(channel),
        sha256=sha256,
        content_sha256=content_sha256,
        template=template,
        template_sha256=template_sha256,
        compiler=compiler,
        page_count=pages,
        place=KeptPlace(pack, offset, size, at, length),
        run_id=run_id,
        address=address,
        made_at=made_at,
        due_day=due_day,
    )
