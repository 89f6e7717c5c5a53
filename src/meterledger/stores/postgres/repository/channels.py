"""Banks, checkouts and pledges in PostgreSQL: a change whole, in one transaction.

Lives here      the transaction of a change, and reads of banks and of what is expected.
Lives elsewhere rows of a change (``channel_rows``), reads of checkouts and pledges
                (``channel_reads``), receipts (``payments``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date
from typing import Any

from meterledger.facts.ach import AchStandard, BankAccountKind
from meterledger.facts.ach_orders import (
    AchOrder,
    AutopayAnswered,
    AutopayQuestion,
    BankAccount,
    BankChangeTold,
    BankStop,
    Enrollment,
    OrderKind,
    ReturnAct,
    ReturnDone,
    ReturnedEntry,
    SentEntry,
    SentFile,
    StopKind,
)
from meterledger.facts.bank import Expectation
from meterledger.kernel.span import Validity
from meterledger.stores.channel_words import not_enrolled
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import record_day
from meterledger.stores.postgres.repository.channel_reads import ChannelReads
from meterledger.stores.postgres.repository.channel_rows import (
    BANKS,
    ENROLLMENT,
    EXPECTED,
    FILES,
    ORDERS,
    RETURNED,
    STOPS,
    enrollment_row,
    insert_rows,
    refuse_unknown_accounts,
    rows_of,
)
from meterledger.stores.postgres.repository.ledger import entry_months
from meterledger.stores.postgres.repository.payments import PaymentTables
from meterledger.usecases.channel_ports import ChannelChange
from meterledger.usecases.ports import NotFound

ENROLLED = (
    "enrollment_id, account_id, bank_id, standard, lower(days), upper(days), most_cents,"
    " authorized, by, lower(known)"
)
DUE = """
SELECT e.enrollment_id, e.account_id, e.bank_id, e.standard, lower(e.days), upper(e.days),
       e.most_cents, e.authorized, e.by, lower(e.known), b.bill_id
  FROM autopay_enrollment e
  JOIN (SELECT d.bill_id, d.account_id FROM bill d
         WHERE d.due_day = %(day)s
           AND NOT EXISTS (SELECT FROM combined_bill m
                            WHERE m.bill_id = d.bill_id AND m.kind = 'charged')
           AND NOT EXISTS (SELECT FROM document l WHERE l.bill_id = d.bill_id
                              AND l.due_day IS NOT NULL AND l.kind <> 'duplicate')
         UNION ALL
        SELECT m.bill_id, m.account_id FROM combined_statement s
          JOIN combined_bill m ON m.statement_id = s.statement_id AND m.kind = 'charged'
         WHERE s.due_day = %(day)s
           AND NOT EXISTS (SELECT FROM document l WHERE l.bill_id = m.bill_id
                              AND l.due_day IS NOT NULL AND l.kind <> 'duplicate')
         UNION ALL
        SELECT l.bill_id, l.account_id FROM document l
          LEFT JOIN (combined_bill m JOIN combined_statement s ON s.statement_id = m.statement_id)
            ON m.bill_id = l.bill_id AND m.kind = 'charged'
         WHERE l.due_day IS NOT NULL AND l.kind <> 'duplicate'
           AND l.bill_id IN ( -- made on the morning after, every document is due later
               SELECT n.bill_id FROM document n WHERE n.due_day = %(day)s
                UNION ALL
               SELECT t.bill_id FROM combined_statement u
                 JOIN combined_bill t ON t.statement_id = u.statement_id
                WHERE u.due_day = %(day)s)
         GROUP BY l.bill_id, l.account_id
        HAVING greatest(max(l.due_day), max(s.due_day)) = %(day)s) b ON b.account_id = e.account_id
  JOIN service_period_claim c ON c.bill_id = b.bill_id AND c.cancelled_by IS NULL
 WHERE upper_inf(e.known) AND e.days @> %(day)s
   AND NOT EXISTS (SELECT FROM document_came_back r
                    WHERE r.bill_id = b.bill_id
                      AND NOT EXISTS (SELECT FROM document d
                                       WHERE d.bill_id = r.bill_id AND d.channel = 'print'
                                         AND d.kind <> 'duplicate'))
   AND NOT EXISTS (SELECT FROM document_set_aside a
                    WHERE a.bill_id = b.bill_id
                      AND NOT EXISTS (SELECT FROM document d
                                       WHERE d.bill_id = a.bill_id AND d.kind <> 'duplicate'))
 ORDER BY b.bill_id
"""
"""Live bills that are due, of accounts on autopay that day; a bill that a combined statement asks
for is due on the Company's day, and one that went out late is due later. What came back, or was set
aside, is drawn when it has gone out and is due."""


class ChannelTables(ChannelReads, PaymentTables):
    """The part of the store that keeps payment channels."""

    def keep_channel(self, change: ChannelChange) -> None:
        """Keep all of a change in one transaction."""
        months = {record_day(change.learned_at)}
        for posting in (*change.receipts, *change.receipt_steps):
            months |= {record_day(posting.step.learned_at)} | entry_months(posting.entries)
        self._connections.ensure_months(months)
        self._step(change.event, lambda one: self._keep_change(one, change))

    def _keep_change(self, connection: Connection, change: ChannelChange) -> None:
        if change.receipts or change.payment_file is not None:
            self._post_all(connection, change.receipts, change.payment_file)
        for posting in change.receipt_steps:
            self._settle(connection, posting)
        refuse_unknown_accounts(connection, change)
        for old in change.ended:
            self._end_enrollment(connection, old)
        for table, columns, rows in rows_of(change):
            insert_rows(connection, table, columns, rows)
        self._note(connection, change.event, [(change.subject, {}, change.learned_at)])

    @staticmethod
    def _end_enrollment(connection: Connection, one: Enrollment) -> None:
        closed = connection.execute(
            "UPDATE autopay_enrollment SET known = tstzrange(lower(known), greatest(%s,"
            " lower(known) + interval '1 microsecond'))"
            " WHERE enrollment_id = %s AND upper_inf(known)"
            "   AND upper(days) IS DISTINCT FROM %s RETURNING upper(known)",
            [one.learned_at, one.enrollment_id, one.days.until_day],
        ).fetchone()
        if closed is None:
            raise not_enrolled(one.account_id)
        insert_rows(connection, "autopay_enrollment", ENROLLMENT, [enrollment_row(one, closed[0])])

    def bank_accounts(self, account_ids: Collection[str]) -> list[BankAccount]:
        """Bank accounts of customers, the oldest first."""
        rows = self._ask(
            f"SELECT {BANKS} FROM bank_account WHERE account_id = ANY (%s)"
            " ORDER BY learned_at, bank_id",
            [list(account_ids)],
        )
        return list(map(_bank, rows))

    def changed_bank_accounts(self) -> list[tuple[BankAccount, BankChangeTold | None]]:
        """Versions that a bank's notice made, the oldest first, each with how it was told."""
        banks = self._ask(
            f"SELECT {BANKS} FROM bank_account WHERE replaces <> '' ORDER BY learned_at, bank_id",
            [],
        )
        told = {
            name: BankChangeTold(name, by, how, at.astimezone(UTC))
            for name, by, how, at in self._ask(
                "SELECT bank_id, by, how, learned_at FROM bank_change_told", []
            )
        }
        return [(one, told.get(one.bank_id)) for one in map(_bank, banks)]

    def bank_stops(self, account_ids: Collection[str]) -> list[BankStop]:
        """What stops bank accounts of customers, the oldest first."""
        rows = self._ask(
            f"SELECT {STOPS} FROM bank_stop WHERE account_id = ANY (%s)"
            " ORDER BY learned_at, fingerprint, code",
            [list(account_ids)],
        )
        return [
            BankStop(account, print_, StopKind(kind), code, on, at.astimezone(UTC))
            for account, print_, kind, code, on, at in rows
        ]

    def enrollments(
        self, *, account_ids: Collection[str] | None = None, on: date | None = None
    ) -> list[Enrollment]:
        """Enrollments as known now."""
        rows = self._ask(
            f"SELECT {ENROLLED} FROM autopay_enrollment WHERE upper_inf(known)"
            " AND (%(ids)s::text[] IS NULL OR account_id = ANY (%(ids)s))"
            " AND (%(on)s::date IS NULL OR days @> %(on)s::date)"
            " ORDER BY account_id, lower(days)",
            {"ids": None if account_ids is None else list(account_ids), "on": on},
        )
        return list(map(_enrollment, rows))

    def autopay_due(self, day: date) -> list[tuple[Enrollment, str]]:
        """Live bills due on the day whose account is enrolled on it, by bill."""
        return [(_enrollment(row[:-1]), row[-1]) for row in self._ask(DUE, {"day": day})]

    def ach_orders(self, order_ids: Collection[str]) -> dict[str, AchOrder]:
        """Orders by their id."""
        rows = self._ask(
            f"SELECT {ORDERS} FROM ach_order WHERE order_id = ANY (%s)", [list(order_ids)]
        )
        return {one.order_id: one for one in map(_order, rows)}

    def orders_to_send(self, until: date) -> list[AchOrder]:
        """Orders of days up to ``until`` that are in no file and not dropped."""
        rows = self._ask(
            f"SELECT {ORDERS} FROM ach_order o WHERE on_day <= %s AND NOT EXISTS"
            " (SELECT FROM ach_order_end e WHERE e.order_id = o.order_id) ORDER BY order_id",
            [until],
        )
        return list(map(_order, rows))

    def ach_files(self, *, limit: int = 100) -> list[SentFile]:
        """Files that were made, the newest first."""
        return self._files("true", "ORDER BY file_id DESC LIMIT %(limit)s", {"limit": limit})

    def ach_file(self, file_id: str) -> SentFile:
        """A file that was made."""
        found = self._files("file_id = %(file)s", "", {"file": file_id})
        if not found:
            raise NotFound.of("file of entries", file_id)
        return found[0]

    def _files(self, where: str, order: str, values: dict[str, Any]) -> list[SentFile]:
        rows = self._ask(f"SELECT {FILES} FROM ach_file WHERE {where} {order}", values)
        entries: dict[str, list[SentEntry]] = {}
        for file_id, trace, order_id in self._ask(
            "SELECT file_id, trace, order_id FROM ach_order_end WHERE file_id = ANY (%s)"
            " ORDER BY file_id, trace",
            [[row[0] for row in rows]],
        ):
            entries.setdefault(file_id, []).append(SentEntry(file_id, trace, order_id))
        return [_file(row, tuple(entries.get(row[0], ()))) for row in rows]

    def sent_count(self) -> int:
        """How many entries were sent in all files."""
        ((count,),) = self._ask("SELECT count(*) FROM ach_order_end WHERE file_id IS NOT NULL", [])
        return int(count)

    def sent_under(self, traces: Collection[str]) -> dict[str, SentEntry]:
        """What was sent under trace numbers; the newest where one was used again."""
        rows = self._ask(
            "SELECT file_id, trace, order_id FROM ach_order_end WHERE trace = ANY (%s)"
            " AND file_id IS NOT NULL ORDER BY file_id",
            [list(traces)],
        )
        return {trace: SentEntry(file_id, trace, order) for file_id, trace, order in rows}

    def returned_entries(
        self, *, order_ids: Collection[str] | None = None, file_sha256: str | None = None
    ) -> list[ReturnedEntry]:
        """What came back, the oldest first."""
        rows = self._ask(
            f"SELECT {RETURNED} FROM ach_returned"
            " WHERE (%(ids)s::text[] IS NULL OR order_id = ANY (%(ids)s))"
            " AND (%(file)s::text IS NULL OR file_sha256 = %(file)s)"
            " ORDER BY learned_at, returned_id",
            {"ids": None if order_ids is None else list(order_ids), "file": file_sha256},
        )
        return list(map(_returned, rows))

    def returned_entry(self, returned_id: str) -> tuple[ReturnedEntry, ReturnDone | None]:
        """What came back, and how a person dealt with it."""
        found = self._returns("r.returned_id = %s", [returned_id])
        if not found:
            raise NotFound.of("returned entry", returned_id)
        return found[0]

    def returns_waiting(self) -> list[ReturnedEntry]:
        """What came back, asks a person and is not done, the oldest first."""
        waiting = self._returns("d.returned_id IS NULL AND r.act <> %s", [ReturnAct.AGAIN.value])
        return [one for one, _ in waiting]

    def returns_done(
        self, from_day: date, until_day: date
    ) -> list[tuple[ReturnedEntry, ReturnDone]]:
        """What people dealt with on the days, in that order."""
        found = self._returns("d.on_day >= %s AND d.on_day < %s", [from_day, until_day])
        done = [(one, end) for one, end in found if end is not None]
        return sorted(done, key=lambda one: (one[1].learned_at, one[1].returned_id))

    def _returns(
        self, where: str, values: list[Any]
    ) -> list[tuple[ReturnedEntry, ReturnDone | None]]:
        of_entry = ", ".join(f"r.{one.strip()}" for one in RETURNED.split(","))
        rows = self._ask(
            f"SELECT {of_entry}, d.on_day, d.by, d.reason, d.learned_at FROM ach_returned r"
            f" LEFT JOIN ach_return_done d ON d.returned_id = r.returned_id WHERE {where}"
            " ORDER BY r.learned_at, r.returned_id",
            values,
        )
        return [
            (
                _returned(entry),
                ReturnDone(entry[0], on, by, why, at.astimezone(UTC)) if on else None,
            )
            for *entry, on, by, why, at in rows
        ]

    def autopay_questions(self) -> list[AutopayQuestion]:
        """Bills that wait for a person, the oldest first."""
        rows = self._ask(
            "SELECT bill_id, account_id, on_day, cents, reasons, learned_at, number"
            "  FROM autopay_question q"
            " WHERE NOT EXISTS (SELECT FROM autopay_answer a"
            "                    WHERE a.bill_id = q.bill_id AND a.number = q.number)"
            " ORDER BY on_day, bill_id, number",
            [],
        )
        return [
            AutopayQuestion(bill, account, on, cents, tuple(reasons), at.astimezone(UTC), number)
            for bill, account, on, cents, reasons, at, number in rows
        ]

    def autopay_answers(self, bill_ids: Collection[str]) -> dict[str, AutopayAnswered]:
        """What people decided about bills last, by bill."""
        rows = self._ask(
            "SELECT bill_id, is_drawn, by, reason, learned_at, number FROM autopay_answer"
            " WHERE bill_id = ANY (%s) ORDER BY bill_id, number",
            [list(bill_ids)],
        )
        return {
            bill: AutopayAnswered(bill, is_drawn, by, reason, at.astimezone(UTC), number)
            for bill, is_drawn, by, reason, at, number in rows
        }

    def expected_bank_lines(self, from_day: date, until_day: date) -> list[Expectation]:
        """What our bank statement should show on the days, by day."""
        rows = self._ask(
            f"SELECT {EXPECTED} FROM expected_bank_line WHERE day >= %s AND day < %s"
            " ORDER BY day, expectation_id",
            [from_day, until_day],
        )
        return [Expectation(*row) for row in rows]


def _bank(row: Sequence[Any]) -> BankAccount:
    bank, account, holder, routing, kind, four, print_, sealed, at, replaces, from_day = row
    return BankAccount(
        *(bank, account, holder, routing, BankAccountKind(kind), four, print_),
        *(bytes(sealed), at.astimezone(UTC), replaces, from_day),
    )


def _enrollment(row: Sequence[Any]) -> Enrollment:
    name, account, bank, standard, first, out, most, authorized, by, at = row
    days = Validity(first, out)
    return Enrollment(
        *(name, account, bank, AchStandard(standard), days, most, authorized, by),
        at.astimezone(UTC),
    )


def _order(row: Sequence[Any]) -> AchOrder:
    name, kind, account, bank, cents, on, standard, said, cause, attempt, at = row
    return AchOrder(
        *(name, OrderKind(kind), account, bank, cents, on, AchStandard(standard), said, cause),
        *(attempt, at.astimezone(UTC)),
    )


def _file(row: Sequence[Any], entries: tuple[SentEntry, ...]) -> SentFile:
    name, created, modifier, effective, routing, company, us, bank, debits, credits_, at = row
    return SentFile(
        *(name, created, modifier, effective, routing, company, us, bank, debits, credits_),
        *(at.astimezone(UTC), entries),
    )


def _returned(row: Sequence[Any]) -> ReturnedEntry:
    name, file, trace, original, order, code, act, cents, on, said, at, corrected = row
    return ReturnedEntry(
        *(name, file, trace, original, order, code, ReturnAct(act), cents, on, said),
        *(at.astimezone(UTC), corrected),
    )
