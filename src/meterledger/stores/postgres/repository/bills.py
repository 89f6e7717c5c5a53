"""Bills: claimed, written with lines and entries in one transaction, read back."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from psycopg import errors

from meterledger.facts.bills import Bill
from meterledger.facts.money import Entry
from meterledger.kernel.ensure import ensure
from meterledger.kernel.span import DaySpan
from meterledger.stores.believed import refuse_unknown
from meterledger.stores.held_words import IN_ORDER, kept_back
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, record_day
from meterledger.stores.postgres.repository.bill_rows import (
    BillRows,
    citation_id,
    insert_bills,
    insert_lines,
)
from meterledger.stores.postgres.repository.ledger import (
    balances,
    entry_months,
    insert_entries,
)
from meterledger.stores.postgres.repository.relief import insert_bill_reliefs
from meterledger.stores.postgres.repository.usage_rows import insert_estimates
from meterledger.stores.together_words import points_of
from meterledger.usecases.ports import Conflict, NotFound, StoredBill

CLAIM = """
INSERT INTO service_period_claim
       (bill_id, agreement_id, account_id, service_point_id, days, issued_day, known_at, part_of)
SELECT bill_id, agreement_id, account_id, service_point_id, daterange(from_day, until_day),
       issued_day, known_at, part_of
  FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::date[], %b::date[], %b::date[],
              %b::timestamptz[], %b::text[])
       AS n (bill_id, agreement_id, account_id, service_point_id, from_day, until_day, issued_day,
             known_at, part_of)
    ON CONFLICT DO NOTHING
RETURNING bill_id
"""
STORED = """
SELECT b.bill_id, b.account_id, b.agreement_id, lower(b.days), upper(b.days), b.issued_day,
       b.due_day, b.total_cents, b.record, b.record_sha256, b.known_at, b.lake_sequence,
       b.previous_balance_cents, b.book_sha256,
       (SELECT k.cancelled_bill FROM bill_correction k
         WHERE k.corrected_bill = c.bill_id AND NOT k.leaves_nothing),
       c.cancelled_by,
       CASE WHEN c.cancelled_by IS NOT NULL THEN
            (SELECT k.learned_at FROM bill_correction k WHERE k.cancelled_bill = c.bill_id) END
  FROM service_period_claim c
  JOIN bill b ON b.bill_id = c.bill_id AND b.issued_day = c.issued_day
"""


class BillTables(Tables):
    """The part of the store that keeps bills."""

    def __init__(self, *arguments: Any) -> None:
        """No citation is known to be stored yet."""
        super().__init__(*arguments)
        self._stored_citations: set[str] = set()

    def record_bills(self, bills: Sequence[tuple[Bill, Entry | None]]) -> set[str]:
        """Keep bills with their lines and entries, in one transaction; ids newly recorded.

        Claims come first, in one order for everybody: who comes second waits there and then
        leaves out what the first has billed.

        :raises Conflict: if a bill's account is not known, or its entry is missing or posted
        :raises KeptBack: if people keep one of the bills back
        """
        if not bills:
            return set()
        for bill, entry in bills:
            if entry is None and bill.total_cents != 0:
                raise Conflict.of_missing_entry(bill.bill_id)
        ordered = bills if isinstance(bills, BillRows) else self.prepare_bills(bills)
        months = {("bill", bill.issued_day) for bill, _ in ordered}
        months |= {("bill_line", bill.issued_day) for bill, _ in ordered}
        months |= entry_months(entry for _, entry in ordered if entry is not None)
        months |= {record_day(bill.pins.known_at) for bill, _ in ordered}
        self._connections.ensure_months(months)
        try:
            newly, citations = self._again(
                "issue bills", lambda one: self._record(one, ordered), only=IN_ORDER
            )
        except errors.ForeignKeyViolation as problem:
            self._refuse_unknown_account([bill for bill, _ in ordered])
            raise Conflict(
                f"A bill refers to what is not there: {problem.diag.message_detail}",
                where="bills",
                do="Record what it refers to before",
            ) from problem
        except errors.CheckViolation as problem:
            alone = bills[0][0].bill_id if len(bills) == 1 else ""
            refusal = kept_back(problem.diag.constraint_name, alone)
            if refusal is None:
                raise
            raise refusal from problem
        self._stored_citations |= citations
        return newly

    @staticmethod
    def prepare_bills(bills: Sequence[tuple[Bill, Entry | None]]) -> BillRows:
        """Their rows in the order of service points and days: records, columns, no question."""
        return BillRows.of(sorted(bills, key=lambda one: (one[0].service_point_id, one[0].days)))

    def _record(self, connection: Connection, ordered: BillRows) -> tuple[set[str], set[str]]:
        newly = claim(connection, ordered.bills)
        _ensure_billed_already(connection, [one for one, _ in ordered if one.bill_id not in newly])
        taken = ordered.only(newly)
        if not taken:
            return set(), set()
        made = taken.bills
        before = balances(connection, sorted({bill.account_id for bill in made}))
        citations = self.insert_citations(connection, made)
        insert_entries(connection, [entry for _, entry in taken if entry is not None])
        insert_bills(connection, taken, before)
        insert_lines(connection, taken)
        insert_bill_reliefs(connection, made)
        for bill in made:
            insert_estimates(connection, bill.usage.estimates, bill.pins.lake_sequence)
        self._note(
            connection,
            "bills issued",
            [
                (
                    f"{len(made)} bills",
                    {"bills": [bill.bill_id for bill in made]},
                    max(bill.pins.known_at for bill in made),
                )
            ],
        )
        return newly, citations

    def _refuse_unknown_account(self, bills: Sequence[Bill]) -> None:
        asked = sorted({bill.account_id for bill in bills})
        known = self._step(
            "issue bills",
            lambda connection: {
                row[0]
                for row in connection.execute(
                    "SELECT account_id FROM account WHERE account_id = ANY (%s)", [asked]
                )
            },
        )
        for bill in bills:
            if bill.account_id not in known:
                refuse_unknown("account", bill.account_id, f"bill {bill.bill_id}")

    def insert_citations(self, connection: Connection, bills: Sequence[Bill]) -> set[str]:
        """Keep each clause once. Returns the ids that are stored when this commits."""
        used = {
            citation_id(citation): citation
            for bill in bills
            for line in bill.lines
            for citation in line.citations
        }
        new = sorted(used.keys() - self._stored_citations)
        if new:
            connection.execute(
                "INSERT INTO citation (citation_id, instrument, sheet, revision, paragraph,"
                ' effective, "order")'
                " SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::text[],"
                " %b::date[], %b::text[]) ON CONFLICT DO NOTHING",
                [
                    new,
                    [used[one].instrument for one in new],
                    [used[one].sheet for one in new],
                    [used[one].revision for one in new],
                    [used[one].paragraph for one in new],
                    [used[one].effective for one in new],
                    [used[one].order for one in new],
                ],
            )
        return set(new)

    def bill(self, bill_id: str) -> StoredBill:
        """The bill as stored. :raises NotFound:"""
        row = self._read(
            lambda connection: connection.execute(
                f"{STORED} WHERE c.bill_id = %s", [bill_id]
            ).fetchone()
        )
        if row is None:
            raise NotFound.of("bill", bill_id)
        return stored_bill(row)

    def bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Live bills of the account, oldest first."""
        rows = self._read(
            lambda connection: connection.execute(
                f"{STORED} WHERE c.account_id = %s AND c.cancelled_by IS NULL"
                " ORDER BY lower(b.days), b.bill_id",
                [account_id],
            ).fetchall()
        )
        return [stored_bill(row) for row in rows]

    def bills_with_days_of(self, service_point_ids: Sequence[str]) -> list[StoredBill]:
        """Live bills of other agreements that have days of the service points, oldest first."""
        rows = self._read(
            lambda connection: connection.execute(
                f"{STORED} WHERE c.cancelled_by IS NULL AND c.bill_id IN (SELECT p.part_of"
                " FROM service_period_claim p WHERE p.part_of IS NOT NULL"
                " AND p.service_point_id = ANY (%s)) ORDER BY lower(b.days), b.bill_id",
                [list(service_point_ids)],
            ).fetchall()
        )
        return [stored_bill(row) for row in rows]

    def issued_bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Every bill that the account was ever sent, oldest first."""
        rows = self._read(
            lambda connection: connection.execute(
                f"{STORED} WHERE c.account_id = %s ORDER BY lower(b.days), b.known_at, b.bill_id",
                [account_id],
            ).fetchall()
        )
        return [stored_bill(row) for row in rows]


def claim(connection: Connection, bills: Sequence[Bill]) -> set[str]:
    """Take the days of bills; the ids of those that had them free.

    A bill of several service points takes the days of all of them or of none.
    """
    taken = _claim(connection, [bill for bill in bills if not bill.joined])
    for bill in bills:
        if not bill.joined:
            continue
        try:
            with connection.transaction():
                taken |= _claim(connection, [bill])
        except _NotAllFree:
            continue
    return taken


class _NotAllFree(Exception):
    """Some day of a bill of several points is billed already."""


def _claim(connection: Connection, bills: Sequence[Bill]) -> set[str]:
    """:raises _NotAllFree: if a bill has some of its points free and not all."""
    every = sorted(
        ((bill, one) for bill in bills for one in points_of(bill)), key=lambda pair: pair[1][2:]
    )
    rows = connection.execute(
        CLAIM,
        [
            [name for _, (name, _, _, _) in every],
            [agreement for _, (_, agreement, _, _) in every],
            [bill.account_id for bill, _ in every],
            [point for _, (_, _, point, _) in every],
            [days.from_day for _, (_, _, _, days) in every],
            [days.until_day for _, (_, _, _, days) in every],
            [bill.issued_day for bill, _ in every],
            [bill.pins.known_at for bill, _ in every],
            [None if name == bill.bill_id else bill.bill_id for bill, (name, _, _, _) in every],
        ],
    )
    taken = set(map(itemgetter(0), rows))
    if any(bill.joined for bill in bills) and len(taken) < len(every):
        raise _NotAllFree
    return taken & {bill.bill_id for bill in bills}


def _ensure_billed_already(connection: Connection, left_out: Sequence[Bill]) -> None:
    """What is left out is billed: the constraint compares hashes of service points, so look."""
    if not left_out:
        return
    rows = connection.execute(
        "SELECT bill_id FROM service_period_claim WHERE bill_id = ANY (%s)",
        [[bill.bill_id for bill in left_out]],
    )
    same = {row[0] for row in rows}
    for bill in left_out:
        if bill.bill_id in same:
            continue
        other = any(
            connection.execute(
                "SELECT FROM service_period_claim"
                " WHERE hashtextextended(service_point_id, 0) = hashtextextended(%s, 0)"
                " AND service_point_id = %s AND cancelled_by IS NULL AND days && daterange(%s, %s)",
                [point, point, days.from_day, days.until_day],
            ).fetchone()
            is not None
            for _, _, point, days in points_of(bill)
        )
        ensure(other, f"bill {bill.bill_id} is left out because its days are billed")


def stored_bill(row: tuple[Any, ...]) -> StoredBill:
    """A row of ``STORED`` as the noun."""
    bill_id, account_id, agreement_id, from_day, until_day, *rest = row
    return StoredBill(bill_id, account_id, agreement_id, DaySpan(from_day, until_day), *rest)
