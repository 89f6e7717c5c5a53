"""Cancelled bills and what took their place: claims moved, reversed, written in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from psycopg import errors

from meterledger.facts.bills import Bill
from meterledger.facts.corrections import (
    CorrectedBill,
    Correction,
    CorrectionCause,
    LeftDifference,
    Rebill,
    Withdrawal,
)
from meterledger.kernel.ensure import ensure
from meterledger.kernel.span import DaySpan
from meterledger.stores.correction_words import (
    TWO_PEOPLE_CORRECT,
    of_one_person,
    refuse_learned_since,
    refuse_withdrawal,
    takes_the_place,
)
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import record_day
from meterledger.stores.postgres.repository.bill_rows import BillRows, insert_bills, insert_lines
from meterledger.stores.postgres.repository.bills import BillTables, claim
from meterledger.stores.postgres.repository.ledger import balances, entry_months, insert_entries
from meterledger.stores.postgres.repository.places import end_agreement
from meterledger.stores.postgres.repository.put_right import PutRightTables
from meterledger.stores.postgres.repository.relief import (
    insert_bill_reliefs,
    insert_relief_reversals,
)
from meterledger.stores.postgres.repository.usage_rows import insert_estimates
from meterledger.stores.together_words import AS_ARRANGED
from meterledger.usecases.ports import Conflict, NotFound

CORRECTIONS = """
SELECT cancelled_bill, corrected_bill, account_id, case_id, cause, author, reason, learned_at,
       decision, approved_by, ceiling_cents, leaves_nothing
  FROM bill_correction
"""
CORRECTED_ON = """
SELECT made.bill_id, k.account_id, k.author, made.total_cents - sum(old.total_cents)::bigint
  FROM bill made
  JOIN bill_correction k ON k.corrected_bill = made.bill_id
  JOIN service_period_claim c ON c.bill_id = k.cancelled_bill
  JOIN bill old ON old.bill_id = c.bill_id AND old.issued_day = c.issued_day
 WHERE made.issued_day = %s
 GROUP BY made.bill_id, k.account_id, k.author, made.total_cents
 ORDER BY made.bill_id COLLATE "C"
"""
LEFT_COLUMNS = "bill_id, account_id, computed_sha256, difference_cents, author, reason, learned_at"


class CorrectionTables(BillTables, PutRightTables):
    """The part of the store that keeps bills, and cancels them."""

    def record_rebills(self, rebills: Sequence[Rebill]) -> set[str]:
        """Cancel bills and record those that take their place, in one transaction.

        Claims are taken first, oldest first: who comes second waits there, and then finds that
        the bill is cancelled.

        :raises NotFound: if there is no such bill to cancel
        :raises Conflict: if one is cancelled already, is for other days, or lacks its entry, or
            rises above the ceiling by one person alone
        """
        if not rebills:
            return set()
        ordered = sorted(rebills, key=lambda one: one.bill.days.from_day)
        made = [one.bill for one in ordered]
        months = {(table, bill.issued_day) for bill in made for table in ("bill", "bill_line")}
        months |= entry_months(each for one in ordered for each in _entries(one))
        months |= {record_day(one.correction.learned_at) for one in ordered}
        self._connections.ensure_months(months)
        try:
            newly, citations = self._step("correct bills", lambda one: self._rebill(one, ordered))
        except errors.CheckViolation as problem:
            if problem.diag.constraint_name == TWO_PEOPLE_CORRECT:
                alone = made[0].bill_id if len(made) == 1 else ""
                raise of_one_person(alone) from problem
            if problem.diag.constraint_name == AS_ARRANGED:
                one = ordered[0]
                raise Conflict.of_other_period(
                    one.correction.cancelled_bill, one.bill.bill_id
                ) from problem
            raise
        self._stored_citations |= citations
        return newly

    def _rebill(
        self, connection: Connection, ordered: Sequence[Rebill]
    ) -> tuple[set[str], set[str]]:
        if not _cancel(connection, ordered):
            return set(), set()
        # One that ends with a bill of its own, too, ends with that.
        ended = {one.bill.agreement_id for one in ordered if one.ends_service}
        for one in ordered:
            self._end_service(connection, one, ended)
            if one.put_right is not None:
                self._believe_right(connection, one.put_right, one)
        made = [one.bill for one in ordered]
        taken = claim(connection, made)
        ensure(taken == {bill.bill_id for bill in made}, "a cancelled bill gives its days free")
        gone = _cancelled(ordered)
        insert_entries(connection, [one.reversal for one in gone if one.reversal is not None])
        insert_relief_reversals(connection, gone)
        before = balances(connection, sorted({bill.account_id for bill in made}))
        citations = self.insert_citations(connection, made)
        insert_entries(connection, [one.entry for one in ordered if one.entry is not None])
        rows = BillRows.of([(one.bill, one.entry) for one in ordered])
        insert_bills(connection, rows, before)
        insert_lines(connection, rows)
        insert_bill_reliefs(connection, made)
        for bill in made:
            insert_estimates(connection, bill.usage.estimates, bill.pins.lake_sequence)
        _insert_corrections(connection, ordered)
        by_account: dict[str, list[Rebill]] = {}
        for one in ordered:
            by_account.setdefault(one.correction.account_id, []).append(one)
        self._note(
            connection,
            "bills corrected",
            [
                (
                    account,
                    {
                        "cancelled": [each.correction.cancelled_bill for each in _cancelled(mine)],
                        "bills": [one.bill.bill_id for one in mine],
                    },
                    mine[0].correction.learned_at,
                )
                for account, mine in by_account.items()
            ],
        )
        return {bill.bill_id for bill in made}, citations

    def _end_service(self, connection: Connection, one: Rebill, ended: set[str]) -> None:
        """End the agreement with its last bill, between the cancelled one and the one made; or
        one that had days of it, once for all bills that it stood on."""
        part = one.part_ended
        if one.ends_service:
            name, until = one.bill.agreement_id, one.bill.days.until_day
        elif part is not None and part.agreement_id not in ended:
            name, until = part.agreement_id, part.until_day
        else:
            return
        ended.add(name)
        _, moment = end_agreement(connection, name, until, one.correction.learned_at)
        refuse_learned_since(one, moment)
        told = {"agreement": name, "until": until.isoformat()}
        self._note(connection, "service stopped", [(one.bill.account_id, told, moment)])

    def correction_of(self, bill_id: str) -> Correction | None:
        """The correction that made this bill; None where it corrects none."""
        row = self._read(
            lambda connection: connection.execute(
                f"{CORRECTIONS} WHERE corrected_bill = %s AND NOT leaves_nothing", [bill_id]
            ).fetchone()
        )
        return None if row is None else _correction(row)

    def corrections_of_account(self, account_id: str) -> list[Correction]:
        """Corrections of the account's bills, oldest first."""
        rows = self._read(
            lambda connection: connection.execute(
                f"{CORRECTIONS} WHERE account_id = %s ORDER BY learned_at, cancelled_bill",
                [account_id],
            ).fetchall()
        )
        return [_correction(row) for row in rows]

    def corrections_on(self, day: date) -> list[CorrectedBill]:
        """Corrected bills issued on a day, those cancelled since too, by bill."""
        rows = self._read(lambda connection: connection.execute(CORRECTED_ON, [day]).fetchall())
        return [CorrectedBill(*row) for row in rows]

    def leave_difference(self, left: LeftDifference) -> bool:
        """Keep that a bill stays as it was issued.

        :raises NotFound: if there is no such bill
        """
        self._connections.ensure_months([record_day(left.learned_at)])
        try:
            return self._step("leave a bill", lambda one: self._leave(one, left))
        except errors.ForeignKeyViolation as problem:
            raise NotFound.of("bill", left.bill_id) from problem

    def _leave(self, connection: Connection, left: LeftDifference) -> bool:
        written = connection.execute(
            f"INSERT INTO difference_left ({LEFT_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (bill_id, computed_sha256) DO NOTHING",
            [
                left.bill_id,
                left.account_id,
                left.computed_sha256,
                left.difference_cents,
                left.author,
                left.reason,
                left.learned_at,
            ],
        )
        if written.rowcount != 1:
            return False
        told = {"bill": left.bill_id, "by": left.author}
        self._note(connection, "difference left", [(left.account_id, told, left.learned_at)])
        return True

    def left_differences(self, account_ids: Sequence[str]) -> list[LeftDifference]:
        """What was left of the accounts' bills, oldest first."""
        rows = self._read(
            lambda connection: connection.execute(
                f"SELECT {LEFT_COLUMNS} FROM difference_left WHERE account_id = ANY (%s)"
                " ORDER BY learned_at, bill_id",
                [list(account_ids)],
            ).fetchall()
        )
        return [LeftDifference(*row) for row in rows]


def _cancel(connection: Connection, ordered: Sequence[Rebill]) -> bool:
    """Whether the bills were cancelled now; False where this correction was recorded before."""
    done = None
    cancelled = 0
    for one in ordered:
        name = one.correction.cancelled_bill
        row = connection.execute(
            "SELECT c.agreement_id, lower(c.days), upper(c.days), c.cancelled_by, b.total_cents"
            "  FROM service_period_claim c"
            "  JOIN bill b ON b.bill_id = c.bill_id AND b.issued_day = c.issued_day"
            " WHERE c.bill_id = %s FOR UPDATE OF c",
            [name],
        ).fetchone()
        if row is None:
            raise NotFound.of("bill", name)
        agreement_id, from_day, until_day, by, total_cents = row
        if by is not None:
            if by != one.bill.bill_id:
                raise Conflict.of_cancelled(name, by)
            done = done or (name, by)
            continue
        days = DaySpan(from_day, until_day)
        agreements = (agreement_id, *one.bill.agreement_ids[1:])
        if not takes_the_place(one, agreements, days):
            raise Conflict.of_other_period(name, one.bill.bill_id)
        if one.entry is None and one.bill.total_cents != 0:
            raise Conflict.of_missing_entry(one.bill.bill_id)
        if one.reversal is None and total_cents != 0:
            raise Conflict.of_missing_entry(name)
        connection.execute(
            "UPDATE service_period_claim SET cancelled_by = %s WHERE bill_id = %s",
            [one.bill.bill_id, name],
        )
        _give_up_parts(connection, name, one.bill)
        for gone in one.withdrawn:
            _withdraw(connection, one, gone)
        cancelled += 1
    if done is not None and cancelled:
        raise Conflict.of_cancelled(*done)
    return cancelled > 0


def _give_up_parts(connection: Connection, name: str, bill: Bill) -> None:
    """Days of other points go to the bill's part for them, or, where it has none, to nobody."""
    connection.execute(
        "UPDATE service_period_claim SET cancelled_by = CASE WHEN service_point_id = ANY (%s)"
        " THEN %s || substr(bill_id, %s) ELSE %s END WHERE part_of = %s",
        [
            [one.service_point_id for one in bill.joined],
            bill.bill_id,
            len(name) + 1,
            bill.bill_id,
            name,
        ],
    )


def _withdraw(connection: Connection, one: Rebill, gone: Withdrawal) -> None:
    """Give up the days of a bill that is past the end of its service."""
    name = gone.correction.cancelled_bill
    row = connection.execute(
        "SELECT c.agreement_id, lower(c.days), upper(c.days), c.cancelled_by, b.total_cents,"
        " ARRAY(SELECT p.agreement_id FROM service_period_claim p WHERE p.part_of = c.bill_id)"
        "  FROM service_period_claim c"
        "  JOIN bill b ON b.bill_id = c.bill_id AND b.issued_day = c.issued_day"
        " WHERE c.bill_id = %s FOR UPDATE OF c",
        [name],
    ).fetchone()
    if row is None:
        raise NotFound.of("bill", name)
    agreement_id, from_day, until_day, by, total_cents, parts = row
    if by is not None:
        raise Conflict.of_cancelled(name, by)
    refuse_withdrawal(one, gone, (agreement_id, *parts), DaySpan(from_day, until_day), total_cents)
    connection.execute(
        "UPDATE service_period_claim SET cancelled_by = %s WHERE bill_id = %s OR part_of = %s",
        [one.bill.bill_id, name, name],
    )


def _insert_corrections(connection: Connection, ordered: Sequence[Rebill]) -> None:
    for one in _cancelled(ordered):
        told = one.correction
        connection.execute(
            "INSERT INTO bill_correction (cancelled_bill, corrected_bill, account_id, case_id,"
            " cause, author, reason, learned_at, reversal_entry_id, decision,"
            " approved_by, ceiling_cents, leaves_nothing)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                told.cancelled_bill,
                told.corrected_bill,
                told.account_id,
                told.case_id,
                told.cause.value,
                told.author,
                told.reason,
                told.learned_at,
                one.reversal.entry_id if one.reversal else None,
                told.decision,
                told.approved_by,
                told.ceiling_cents,
                told.leaves_nothing,
            ],
        )


def _cancelled(rebills: Sequence[Rebill]) -> list[Rebill | Withdrawal]:
    """Each bill that is cancelled, those past an end after the one that holds it."""
    found: list[Rebill | Withdrawal] = []
    for one in rebills:
        found += [one, *one.withdrawn]
    return found


def _entries(one: Rebill) -> list[Any]:
    posted = [one.reversal, one.entry, one.relief_reversal]
    posted += [each for gone in one.withdrawn for each in (gone.reversal, gone.relief_reversal)]
    return [each for each in posted if each is not None]


def _correction(row: tuple[Any, ...]) -> Correction:
    cancelled, corrected, account_id, case_id, cause, *signed = row
    return Correction(
        cancelled,
        corrected,
        account_id,
        case_id,
        CorrectionCause(cause),
        *signed,
    )
