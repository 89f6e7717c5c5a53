"""Receipts with their steps, applications and files in PostgreSQL; set-based, for files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from psycopg import errors

from meterledger.facts.payments import (
    Channel,
    PaymentFile,
    Receipt,
    ReceiptOnFile,
    ReceiptState,
    ReceiptTotals,
    RefusedLine,
    Totals,
)
from meterledger.facts.receivables import (
    AccountMoney,
    Application,
    BillShown,
    Movement,
    bill_order,
)
from meterledger.stores.believed import contents
from meterledger.stores.payment_words import (
    known_file,
    no_receipt,
    not_its_parts,
    other_receipt,
    refuse_other_parts,
    refuse_receipt_step,
    some_parts_known,
)
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, record_day, storable
from meterledger.stores.postgres.repository.channel_rows import insert_rows, lines_expected
from meterledger.stores.postgres.repository.ledger import entry_months, insert_entries
from meterledger.stores.postgres.repository.payment_rows import (
    APPLICATION_COLUMNS,
    FILE_COLUMNS,
    RECEIPT_COLUMNS,
    RECEIPTS,
    STEP_COLUMNS,
    application_of,
    insert_applications,
    later_days,
    payment_file_of,
    receipt_on_file,
)
from meterledger.usecases.payment_ports import Moved, ReceiptPosting
from meterledger.usecases.ports import Conflict, NotFound

INSERT_RECEIPTS = f"""
INSERT INTO receipt ({RECEIPT_COLUMNS})
SELECT * FROM unnest(%b::text[], %b::text[], %b::bigint[], %b::text[], %b::text[], %b::date[],
                     %b::timestamptz[], %b::boolean[], %b::text[], %b::text[], %b::text[],
                     %b::integer[])
ON CONFLICT (payment_key) DO NOTHING RETURNING payment_key
"""
INSERT_STEPS = f"""
INSERT INTO receipt_step ({STEP_COLUMNS})
SELECT * FROM unnest(%b::text[], %b::integer[], %b::text[], %b::text[], %b::date[], %b::text[],
                     %b::text[], %b::timestamptz[], %b::text[], %b::text[])
"""
INSERT_PAYMENTS = """
INSERT INTO payment (payment_key, account_id, cents, tender, received_day, learned_at, entry_id)
SELECT * FROM unnest(%b::text[], %b::text[], %b::bigint[], %b::text[], %b::date[],
                     %b::timestamptz[], %b::text[])
"""
NEWEST_STATE = """(SELECT s.state FROM receipt_step s WHERE s.payment_key = r.payment_key
    AND (%(known_at)s::timestamptz IS NULL OR s.learned_at <= %(known_at)s)
    ORDER BY s.number DESC LIMIT 1)"""
DUE_DAYS = """
SELECT b.account_id, 'bill:' || b.bill_id, b.due_day, b.issued_day, b.known_at,
       (SELECT c.issued_day FROM bill_correction k
          JOIN service_period_claim c ON c.bill_id = k.corrected_bill
         WHERE k.cancelled_bill = b.bill_id),
       (SELECT json_agg(json_build_array(d.made_at, d.due_day)) FROM document d
         WHERE d.bill_id = b.bill_id AND d.due_day IS NOT NULL AND d.kind <> 'duplicate'),
       s.issued_day, s.due_day
  FROM bill b
  LEFT JOIN (combined_bill m JOIN combined_statement s ON s.statement_id = m.statement_id)
         ON m.bill_id = b.bill_id AND m.kind = 'charged'
 WHERE b.account_id = ANY (%s)
UNION ALL -- a balance that was moved stays overdue since it was
SELECT to_account_id, settlement_id, by_day, NULL, NULL, NULL, NULL, NULL, NULL FROM settlement
 WHERE kind = 'transfer' AND by_day IS NOT NULL AND to_account_id = ANY (%s)
"""
MOVEMENTS = """
SELECT p.customer_account_id, p.entry_id, p.effective_day, e.learned_at, p.cents, p.control,
       e.reverses
  FROM (SELECT customer_account_id, entry_id, effective_day, sum(cents) AS cents,
               CASE WHEN bool_and(ledger_account LIKE '143%%') FILTER (WHERE cents > 0)
                    THEN '143' ELSE '142' END AS control
          FROM posting
         WHERE customer_account_id = ANY (%s) AND ledger_account <> '142.budget'
           AND split_part(ledger_account, '.', 1) IN ('142', '143')
         GROUP BY 1, 2, 3) p
 CROSS JOIN LATERAL (
       SELECT * FROM entry e
        WHERE e.entry_id = p.entry_id AND e.effective_day = p.effective_day OFFSET 0) e
"""
"""Leg by leg to its entry, in its month: what the planner would join at once reads every entry."""
TOTALS = """
SELECT r.received_day, r.channel, r.file_sha256, s.state, count(*), sum(r.cents)
  FROM receipt r
  JOIN LATERAL (SELECT t.state FROM receipt_step t WHERE t.payment_key = r.payment_key
                 ORDER BY t.number DESC LIMIT 1) s ON true
 WHERE r.received_day >= %s AND r.received_day < %s
   AND NOT EXISTS (SELECT FROM receipt_step d -- one that was divided counts by its parts
                    WHERE d.payment_key = r.payment_key AND d.state = 'divided')
 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3 NULLS FIRST, 4
"""


class PaymentTables(Tables):
    """The part of the store that keeps money that reached us."""

    def post_receipts(
        self,
        postings: Sequence[ReceiptPosting],
        *,
        file: PaymentFile | None = None,
        whole: bool = False,
    ) -> frozenset[str]:
        """Keep new receipts with all that they write, in one transaction."""
        self._open_months(postings, file)

        def post(connection: Connection) -> frozenset[str]:
            new = self._post_all(connection, postings, file)
            if whole and 0 < len(new) < len(postings):
                raise some_parts_known(postings[0].receipt)
            return new

        return self._step("post receipts", post)

    def _open_months(self, postings: Sequence[ReceiptPosting], file: PaymentFile | None) -> None:
        months = {record_day(one.step.learned_at) for one in postings}
        if file is not None:
            months.add(record_day(file.learned_at))
        entries = (entry for one in postings for entry in one.entries)
        self._connections.ensure_months(months | entry_months(entries))

    def _post_all(
        self, connection: Connection, postings: Sequence[ReceiptPosting], file: PaymentFile | None
    ) -> frozenset[str]:
        if file is not None:
            _insert_file(connection, file)
        # One order for all, so that two who bring the same keys wait and do not lock each other.
        ordered = sorted(postings, key=lambda one: one.receipt.payment_key)
        new = _insert_receipts(connection, [one.receipt for one in ordered])
        for one in ordered:
            if one.receipt.payment_key not in new:
                known = _one(connection, one.receipt.payment_key).receipt
                if contents(known) != contents(one.receipt):
                    raise other_receipt(known)
        fresh = [one for one in ordered if one.receipt.payment_key in new]
        _write(connection, fresh)
        if fresh:
            self._note(
                connection,
                "receipts posted" if file else f"receipt {fresh[0].step.state.value}",
                [
                    (
                        file.name if file else one.step.account_id or one.receipt.payment_key,
                        {"receipts": len(fresh)} if file else _told(one),
                        one.step.learned_at,
                    )
                    for one in (fresh[:1] if file else fresh)
                ],
            )
        return new

    def settle_receipt(self, posting: ReceiptPosting) -> None:
        """Add the next step of a known receipt with what it writes, in one transaction."""
        self.settle_receipts([posting])

    def settle_receipts(self, postings: Sequence[ReceiptPosting]) -> None:
        """Add the next steps of several receipts, all in one transaction."""
        self._open_months(postings, None)

        def settle(connection: Connection) -> None:
            for one in sorted(postings, key=lambda one: one.receipt.payment_key):
                self._settle(connection, one)

        self._step("settle a receipt", settle)

    def divide_receipt(self, whole: ReceiptPosting, parts: Sequence[ReceiptPosting]) -> None:
        """Add the step by which a receipt is divided, and keep its parts, in one transaction."""
        refuse_other_parts(whole, parts)
        self._open_months([whole, *parts], None)

        def divide(connection: Connection) -> None:
            self._settle(connection, whole)
            if len(self._post_all(connection, parts, None)) < len(parts):
                raise not_its_parts(whole.receipt.payment_key)

        self._step("divide a receipt", divide)

    def _settle(self, connection: Connection, posting: ReceiptPosting) -> None:
        known = _one(connection, posting.receipt.payment_key)
        if posting.step.number != len(known.steps) + 1:
            raise Moved.meanwhile(f"payment {posting.receipt.payment_key}")
        refuse_receipt_step(known, posting.step)
        _write(connection, [posting])
        event = f"receipt {posting.step.act.value}"
        subject = posting.step.account_id or posting.receipt.payment_key
        self._note(connection, event, [(subject, _told(posting), posting.step.learned_at)])

    def receipt(self, payment_key: str) -> ReceiptOnFile:
        """A receipt with its steps."""
        return self._read(lambda connection: _one(connection, payment_key))

    def receipts(
        self,
        *,
        account_id: str | None = None,
        state: ReceiptState | None = None,
        file_sha256: str | None = None,
        received_day: date | None = None,
        channel: Channel | None = None,
        known_at: datetime | None = None,
        limit: int = 500,
    ) -> list[ReceiptOnFile]:
        """Receipts that stand so, or stood so at an instant, the newest first."""
        where, values = ["true"], dict[str, Any](limit=limit, known_at=known_at)
        if account_id is not None:
            where.append(
                "r.payment_key IN (SELECT payment_key FROM receipt_step"
                " WHERE account_id = %(account)s)"
            )
            values["account"] = account_id
        if file_sha256 is not None:
            where.append("r.file_sha256 = %(file)s")
            values["file"] = file_sha256
        if received_day is not None:
            where.append("r.received_day = %(day)s")
            values["day"] = received_day
        if channel is not None:
            where.append("r.channel = %(channel)s")
            values["channel"] = channel.value
        if state is ReceiptState.UNAPPLIED:  # few, and found by an index of their own
            where.append(
                "r.payment_key IN (SELECT payment_key FROM receipt_step WHERE state = 'unapplied')"
            )
        if state is not None:
            where.append(f"{NEWEST_STATE} = %(state)s")
            values["state"] = state.value
        rows = self._read(
            lambda connection: connection.execute(
                f"{RECEIPTS} WHERE {' AND '.join(where)}"
                " ORDER BY r.received_day DESC, r.learned_at DESC, r.payment_key LIMIT %(limit)s",
                values,
            ).fetchall()
        )
        return list(map(receipt_on_file, rows))

    def known_receipts(self, keys: Collection[str]) -> frozenset[str]:
        """Which of the keys are known."""
        rows = self._read(
            lambda connection: connection.execute(
                "SELECT payment_key FROM receipt WHERE payment_key = ANY (%s)"
                " UNION SELECT payment_key FROM payment WHERE payment_key = ANY (%s)",
                [list(keys), list(keys)],
            ).fetchall()
        )
        return frozenset(key for (key,) in rows)

    def account_money(
        self, account_ids: Collection[str], *, with_due_days: bool = False
    ) -> dict[str, AccountMoney]:
        """What open items follow from."""
        ids = list(account_ids)

        def ask(connection: Connection) -> dict[str, AccountMoney]:
            opened = connection.execute(
                "SELECT account_id, opened_day FROM account WHERE account_id = ANY (%s)", [ids]
            ).fetchall()
            movements: dict[str, list[Movement]] = {}
            for account, *row in connection.execute(MOVEMENTS, [ids]).fetchall():
                entry, day, learned, cents, control, reverses = row
                movement = Movement(entry, day, learned, int(cents), control, reverses)
                movements.setdefault(account, []).append(movement)
            given: dict[str, list[Application]] = {}
            for told in connection.execute(
                f"SELECT {APPLICATION_COLUMNS} FROM application WHERE account_id = ANY (%s)", [ids]
            ).fetchall():
                one = application_of(told)
                given.setdefault(one.account_id, []).append(one)
            due: dict[str, list[tuple[str, date]]] = {}
            bills: dict[str, list[BillShown]] = {}
            if with_due_days:
                for told in connection.execute(DUE_DAYS, [ids, ids]).fetchall():
                    account, item, day, issued, known, gone_on, later, on, by = told
                    due.setdefault(account, []).append((item, day))
                    if issued is not None:
                        name = item.removeprefix("bill:")
                        shown = BillShown(
                            *(name, issued, day, known, gone_on, on, by, later_days(later)),
                        )
                        bills.setdefault(account, []).append(shown)
            return {
                account: AccountMoney(
                    account,
                    opened_day,
                    tuple(movements.get(account, ())),
                    tuple(given.get(account, ())),
                    tuple(due.get(account, ())),
                    tuple(sorted(bills.get(account, ()), key=bill_order)),
                )
                for account, opened_day in opened
            }

        return self._read(ask)

    def applications_of(self, source_entry_id: str) -> list[Application]:
        """What a credit was applied to, and what was undone, in order."""
        rows = self._read(
            lambda connection: connection.execute(
                f"SELECT {APPLICATION_COLUMNS} FROM application WHERE source_entry_id = %s"
                " ORDER BY learned_at, application_id",
                [source_entry_id],
            ).fetchall()
        )
        return list(map(application_of, rows))

    def payment_file(self, sha256: str) -> PaymentFile | None:
        """A file that was taken, with its refused lines."""

        def ask(connection: Connection) -> PaymentFile | None:
            row = connection.execute(
                f"SELECT {FILE_COLUMNS} FROM payment_file WHERE sha256 = %s", [sha256]
            ).fetchone()
            if row is None:
                return None
            lines = connection.execute(
                "SELECT line, text, cents, why FROM payment_file_line WHERE sha256 = %s"
                " ORDER BY line",
                [sha256],
            ).fetchall()
            return payment_file_of(row, tuple(RefusedLine(*line) for line in lines))

        return self._read(ask)

    def payment_files(self, *, limit: int = 200) -> list[PaymentFile]:
        """Files that were taken, the newest first."""
        rows = self._read(
            lambda connection: connection.execute(
                f"SELECT {FILE_COLUMNS} FROM payment_file"
                " ORDER BY deposited_day DESC, learned_at DESC, sha256 LIMIT %s",
                [limit],
            ).fetchall()
        )
        return [payment_file_of(row, ()) for row in rows]

    def receipt_totals(self, from_day: date, until_day: date) -> list[ReceiptTotals]:
        """Receipts by day received, channel and file, as they stand now."""
        rows = self._read(
            lambda connection: connection.execute(TOTALS, [from_day, until_day]).fetchall()
        )
        found: dict[tuple[date, Channel, str | None], list[tuple[ReceiptState, Totals]]] = {}
        for day, channel, sha256, state, count, cents in rows:
            one = (ReceiptState(state), Totals(count, int(cents)))
            found.setdefault((day, Channel(channel), sha256), []).append(one)
        return [
            ReceiptTotals(*key, sum((one for _, one in by), Totals()), tuple(by))
            for key, by in found.items()
        ]


def _insert_file(connection: Connection, file: PaymentFile) -> None:
    try:
        connection.execute(
            f"INSERT INTO payment_file ({FILE_COLUMNS}) VALUES ({', '.join(['%s'] * 14)})",
            [
                *(file.sha256, storable(file.name), file.profile, file.deposited_day),
                *(file.received.count, file.received.cents),
                *(file.posted.count, file.posted.cents),
                *(file.unapplied.count, file.unapplied.cents),
                *(file.refused.count, file.refused.cents, file.by, file.learned_at),
            ],
        )
    except errors.UniqueViolation as problem:
        raise known_file(file.name, file.sha256) from problem
    lines = file.refused_lines
    connection.execute(
        "INSERT INTO payment_file_line (sha256, line, text, cents, why)"
        " SELECT %s, * FROM unnest(%b::integer[], %b::text[], %b::bigint[], %b::text[])",
        [
            file.sha256,
            [one.line for one in lines],
            [storable(one.text) for one in lines],
            [one.cents for one in lines],
            [storable(one.why) for one in lines],
        ],
    )


def _insert_receipts(connection: Connection, receipts: Sequence[Receipt]) -> frozenset[str]:
    rows = connection.execute(
        INSERT_RECEIPTS,
        [
            [one.payment_key for one in receipts],
            [storable(one.account_told) for one in receipts],
            [one.cents for one in receipts],
            [one.tender.value for one in receipts],
            [one.channel.value for one in receipts],
            [one.received_day for one in receipts],
            [one.learned_at for one in receipts],
            [one.is_mailed for one in receipts],
            [storable(one.reference) for one in receipts],
            [storable(one.check_number) for one in receipts],
            [one.file_sha256 for one in receipts],
            [one.line for one in receipts],
        ],
    ).fetchall()
    return frozenset(key for (key,) in rows)


def _write(connection: Connection, postings: Sequence[ReceiptPosting]) -> None:
    """Steps, payments, entries and applications. :raises Moved: NotFound: Conflict:"""
    steps = [one.step for one in postings]
    try:
        connection.execute(
            INSERT_STEPS,
            [
                [one.payment_key for one in steps],
                [one.number for one in steps],
                [one.act.value for one in steps],
                [one.state.value for one in steps],
                [one.on for one in steps],
                [storable(one.by) for one in steps],
                [storable(one.reason) for one in steps],
                [one.learned_at for one in steps],
                [one.entry_id for one in steps],
                [one.account_id for one in steps],
            ],
        )
    except errors.UniqueViolation as problem:
        raise Moved.meanwhile(f"payment {steps[0].payment_key}") from problem
    _insert_payments(connection, postings)
    insert_entries(connection, [entry for one in postings for entry in one.entries])
    insert_applications(connection, [given for one in postings for given in one.applications])
    for one in postings:
        if one.expectations:
            insert_rows(connection, *lines_expected(one.expectations, one.step.learned_at))


def _insert_payments(connection: Connection, postings: Sequence[ReceiptPosting]) -> None:
    posted = [(one.payment, one.entries[0].entry_id) for one in postings if one.payment]
    if not posted:
        return
    payments = [one for one, _ in posted]
    try:
        connection.execute(
            INSERT_PAYMENTS,
            [
                [one.payment_key for one in payments],
                [one.account_id for one in payments],
                [one.cents for one in payments],
                [one.tender.value for one in payments],
                [one.received_day for one in payments],
                [one.learned_at for one in payments],
                [entry for _, entry in posted],
            ],
        )
    except errors.UniqueViolation as problem:
        key = (problem.diag.message_detail or "").partition(")=(")[2].partition(")")[0]
        raise Conflict.of_entry(f"payment:{key}") from problem
    unknown = connection.execute(
        "SELECT n.account_id FROM unnest(%b::text[]) AS n (account_id)"
        " WHERE NOT EXISTS (SELECT FROM account a WHERE a.account_id = n.account_id) LIMIT 1",
        [[one.account_id for one in payments]],
    ).fetchone()
    if unknown is not None:
        raise NotFound.of("account", unknown[0])


def _told(posting: ReceiptPosting) -> dict[str, Any]:
    step = posting.step
    told = {"payment": step.payment_key, "state": step.state.value, "entry": step.entry_id}
    return {**told, "by": step.by, "reason": step.reason} if step.by else told


def _one(connection: Connection, payment_key: str) -> ReceiptOnFile:
    row = connection.execute(f"{RECEIPTS} WHERE r.payment_key = %s", [payment_key]).fetchone()
    if row is None:
        raise no_receipt(payment_key)
    return receipt_on_file(row)
