"""Agreements that adjust charges in PostgreSQL, and what they took off bills, kept with these."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from psycopg import errors
from psycopg.types.json import Jsonb

from meterledger.facts.bills import Bill
from meterledger.facts.corrections import Rebill, Withdrawal
from meterledger.facts.money import Entry, Leg
from meterledger.facts.relief import (
    BillRelief,
    ReliefAct,
    ReliefAgreement,
    ReliefStep,
    ReliefTerm,
    ReliefTotal,
)
from meterledger.facts.taxes import TaxTotal
from meterledger.kernel.span import DaySpan
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, record_day
from meterledger.stores.postgres.repository.ledger import insert_entries
from meterledger.stores.relief_words import (
    moved_on,
    no_relief,
    refuse_months,
    refuse_reversal,
    refuse_step,
    tax_totals,
)
from meterledger.usecases.ports import NotFound

COLUMNS = "relief_id, account_id, service_point_id, schedule, cause, months, terms"
AGREEMENTS = f"""
SELECT {", ".join(f"a.{one.strip()}" for one in COLUMNS.split(","))}, steps.found
  FROM relief_agreement a
  JOIN LATERAL (SELECT json_agg(json_build_array(s.act, s.on_day, s."by", s.reason, s.learned_at,
                                                 encode(s.record, 'hex'), s.from_day)
                                ORDER BY s.number) AS found
                  FROM relief_step s WHERE s.relief_id = a.relief_id) steps
    ON steps.found IS NOT NULL
"""
APPROVED = (
    f"{AGREEMENTS} WHERE a.service_point_id = ANY (%s) AND EXISTS (SELECT FROM relief_step s"
    " WHERE s.relief_id = a.relief_id AND s.act = 'approved') ORDER BY a.relief_id COLLATE \"C\""
)
BILLS = """
SELECT r.bill_id, r.relief_id, r.account_id, r.charge_cents, r.tax_cents, r.record, r.learned_at,
       e.entry_id, e.effective_day, e.learned_at, e.cause, e.booked_day,
       (SELECT json_agg(json_build_array(p.ledger_account, p.cents, p.customer_account_id)
                        ORDER BY p.number)
          FROM posting p WHERE p.entry_id = e.entry_id AND p.effective_day = e.effective_day)
  FROM bill_relief r
  LEFT JOIN entry_key k ON k.entry_id = 'relief:' || r.bill_id
  LEFT JOIN entry e ON e.entry_id = k.entry_id AND e.effective_day = k.effective_day
 WHERE r.bill_id = ANY (%s)
"""
MOVED = """
  FROM bill_relief r
  JOIN LATERAL (
       SELECT CASE WHEN k.entry_id LIKE 'reversal:%%' THEN -1 ELSE 1 END AS sign
         FROM entry_key k
        WHERE k.entry_id IN ('relief:' || r.bill_id, 'reversal:relief:' || r.bill_id)
          AND k.effective_day >= %s AND k.effective_day < %s) moved ON true
"""
TOTALS = f"""
SELECT b.schedule, sum(moved.sign * r.charge_cents), sum(moved.sign * r.tax_cents),
       sum(moved.sign)
  {MOVED}
  JOIN service_period_claim c ON c.bill_id = r.bill_id
  JOIN bill b ON b.bill_id = r.bill_id AND b.issued_day = c.issued_day
 GROUP BY 1 ORDER BY 1
"""
LINES = f"SELECT moved.sign, convert_from(r.record, 'UTF8')::jsonb -> 'lines' {MOVED}"


class ReliefTables(Tables):
    """The part of the store that keeps agreements that adjust charges."""

    def record_relief(self, agreement: ReliefAgreement) -> bool:
        """Keep an agreement with one more step."""
        self._connections.ensure_months([record_day(agreement.steps[-1].learned_at)])
        try:
            return self._step("keep relief", lambda one: self._keep_relief(one, agreement))
        except errors.UniqueViolation as problem:
            raise moved_on(agreement.relief_id, None) from problem

    def _keep_relief(self, connection: Connection, agreement: ReliefAgreement) -> bool:
        point, step = agreement.service_point_id, agreement.steps[-1]
        connection.execute("SELECT lock_relief(%s)", [point])
        account = connection.execute(
            "SELECT FROM account WHERE account_id = %s", [agreement.account_id]
        ).fetchone()
        if account is None:
            raise NotFound.of("account", agreement.account_id)
        row = connection.execute(
            f"{AGREEMENTS} WHERE a.relief_id = %s", [agreement.relief_id]
        ).fetchone()
        known = None if row is None else _agreement(row)
        if known is None and len(agreement.steps) > 1:
            raise no_relief(agreement.relief_id)
        if not refuse_step(known, agreement):
            return False
        if step.act is ReliefAct.APPROVED:
            others = connection.execute(APPROVED, [[point]]).fetchall()
            billed = connection.execute(
                "SELECT lower(days), upper(days) FROM service_period_claim"
                " WHERE service_point_id = %s AND cancelled_by IS NULL",
                [point],
            ).fetchall()
            refuse_months(agreement, map(_agreement, others), [DaySpan(*one) for one in billed])
        if known is None:
            _insert(connection, agreement)
        connection.execute(
            'INSERT INTO relief_step (relief_id, number, act, on_day, "by", reason, from_day,'
            " record, learned_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                *(agreement.relief_id, len(agreement.steps), step.act.value, step.on, step.by),
                *(step.reason, step.from_day, step.record, step.learned_at),
            ],
        )
        told = {"relief": agreement.relief_id, "by": step.by}
        self._note(
            connection,
            f"relief {step.act.value}",
            [(agreement.account_id, told, step.learned_at)],
        )
        return True

    def relief(self, relief_id: str) -> ReliefAgreement:
        """An agreement by its name."""
        row = self._read(
            lambda connection: connection.execute(
                f"{AGREEMENTS} WHERE a.relief_id = %s", [relief_id]
            ).fetchone()
        )
        if row is None:
            raise no_relief(relief_id)
        return _agreement(row)

    def reliefs(self, account_id: str | None = None) -> list[ReliefAgreement]:
        """Agreements of an account, or all, by name."""
        rows = self._read(
            lambda connection: connection.execute(
                f"{AGREEMENTS} WHERE %(account)s::text IS NULL OR a.account_id = %(account)s"
                ' ORDER BY a.relief_id COLLATE "C"',
                {"account": account_id},
            ).fetchall()
        )
        return [_agreement(row) for row in rows]

    def reliefs_at(self, service_point_ids: Collection[str]) -> list[ReliefAgreement]:
        """Agreements that were approved for the service points, by name."""
        asked = [list(service_point_ids)]
        rows = self._read(lambda connection: connection.execute(APPROVED, asked).fetchall())
        return [_agreement(row) for row in rows]

    def relief_of_bills(self, bill_ids: Collection[str]) -> dict[str, BillRelief]:
        """What was taken off bills, by bill."""
        asked = [list(bill_ids)]
        rows = self._read(lambda connection: connection.execute(BILLS, asked).fetchall())
        return {row[0]: _bill_relief(row) for row in rows}

    def relief_totals(self, since: date, until: date) -> list[ReliefTotal]:
        """What relief took off bills on days, less what was taken back on them, by schedule."""
        rows = self._read(lambda connection: connection.execute(TOTALS, [since, until]).fetchall())
        return [ReliefTotal(name, *map(int, sums)) for name, *sums in rows]

    def relief_taxes(self, since: date, until: date) -> list[TaxTotal]:
        """By how much relief lowered what was taxed, exempt and billed on the days, by tax."""
        rows = self._read(lambda connection: connection.execute(LINES, [since, until]).fetchall())
        return tax_totals(
            (sign, line["tax"], line["off_usd"])
            for sign, lines in rows
            for line in lines or ()
            if line["tax"] is not None
        )


def insert_bill_reliefs(connection: Connection, bills: Sequence[Bill]) -> None:
    """Write what agreements take off bills that are written in the same transaction."""
    told = [one.relief for one in bills if one.relief is not None]
    insert_entries(connection, [one.entry for one in told if one.entry is not None])
    for one in told:
        connection.execute(
            "INSERT INTO bill_relief (bill_id, relief_id, account_id, charge_cents, tax_cents,"
            " record, learned_at) VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [
                *(one.bill_id, one.relief_id, one.account_id, one.charge_cents, one.tax_cents),
                *(one.record, one.learned_at),
            ],
        )


def insert_relief_reversals(connection: Connection, rebills: Sequence[Rebill | Withdrawal]) -> None:
    """Take back what was taken off bills that are cancelled. :raises Conflict: if it is not told"""
    names = [one.correction.cancelled_bill for one in rebills]
    known = {row[0]: _bill_relief(row) for row in connection.execute(BILLS, [names])}
    for one in rebills:
        refuse_reversal(known.get(one.correction.cancelled_bill), one)
    insert_entries(
        connection, [one.relief_reversal for one in rebills if one.relief_reversal is not None]
    )


def _insert(connection: Connection, agreement: ReliefAgreement) -> None:
    connection.execute(
        f"INSERT INTO relief_agreement ({COLUMNS}, learned_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            *(agreement.relief_id, agreement.account_id, agreement.service_point_id),
            *(agreement.schedule, agreement.cause),
            Jsonb(
                [
                    {"from": one.from_day.isoformat(), "to": one.until_day.isoformat()}
                    for one in agreement.months
                ]
            ),
            Jsonb(
                [
                    {
                        "code": one.code,
                        "share": None if one.share is None else str(one.share),
                        "cents": one.cents,
                    }
                    for one in agreement.terms
                ]
            ),
            agreement.asked.learned_at,
        ],
    )


def _agreement(row: Sequence[Any]) -> ReliefAgreement:
    relief_id, account_id, point, schedule, cause, months, terms, steps = row
    return ReliefAgreement(
        relief_id=relief_id,
        account_id=account_id,
        service_point_id=point,
        schedule=schedule,
        cause=cause,
        months=tuple(
            DaySpan(date.fromisoformat(one["from"]), date.fromisoformat(one["to"]))
            for one in months
        ),
        terms=tuple(
            ReliefTerm(
                one["code"],
                None if one["share"] is None else Fraction(one["share"]),
                one["cents"],
            )
            for one in terms
        ),
        steps=tuple(map(_step, steps)),
    )


def _step(told: Sequence[Any]) -> ReliefStep:
    act, on, by, reason, learned_at, record, from_day = told
    return ReliefStep(
        ReliefAct(act),
        date.fromisoformat(on),
        by,
        reason,
        datetime.fromisoformat(learned_at).astimezone(UTC),
        bytes.fromhex(record),
        None if from_day is None else date.fromisoformat(from_day),
    )


def _bill_relief(row: Sequence[Any]) -> BillRelief:
    bill_id, relief_id, account_id, charges, taxes, record, learned_at, *posted = row
    entry_id, day, posted_at, cause, booked, legs = posted
    entry = None
    if entry_id is not None:
        entry = Entry(
            entry_id,
            day,
            posted_at.astimezone(UTC),
            tuple(Leg(*one) for one in legs),
            cause,
            booked_day=booked,
        )
    return BillRelief(
        *(bill_id, relief_id, account_id, charges, taxes, entry, bytes(record)),
        learned_at.astimezone(UTC),
    )
