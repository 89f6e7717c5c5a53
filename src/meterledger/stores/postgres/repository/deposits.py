"""Deposits with their steps in PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import Any

from psycopg import errors
from psycopg.types.json import Jsonb

from meterledger.facts.deposits import (
    Deposit,
    DepositAct,
    DepositKind,
    DepositStep,
    Part,
    asked_items,
)
from meterledger.facts.receivables import OpenItem
from meterledger.kernel.ensure import ensure
from meterledger.kernel.span import DaySpan
from meterledger.stores.deposit_words import (
    ENDED,
    HELD,
    OWN_EFFORT,
    TWO,
    UNDOES,
    ended,
    entries_match,
    is_known,
    moved,
    needs_two,
    no_deposit,
    not_held,
    not_undone,
    own_effort,
    refuse_another,
)
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, record_day, storable
from meterledger.stores.postgres.repository.ledger import entry_months, insert_entries
from meterledger.usecases.deposit_ports import BillAtPoint, DepositWork
from meterledger.usecases.ports import NotFound

DEPOSITS = """
SELECT d.deposit_id, d.account_id, d.kind, steps.found
  FROM deposit d
  JOIN LATERAL (
       SELECT json_agg(json_build_array(s.key, s.act, s.on_day, s.by, s.reason, s.learned_at,
                                        s.cents, s.until_day, s.note, s.parts, s.record,
                                        s.approved_by)
                       ORDER BY s.number) AS found
         FROM deposit_step s WHERE s.deposit_id = d.deposit_id
       ) steps ON steps.found IS NOT NULL
"""
INSERT_STEPS = """
INSERT INTO deposit_step (deposit_id, number, step_id, key, act, on_day, by, reason, cents,
                          until_day, note, parts, record, learned_at, approved_by)
SELECT * FROM unnest(%b::text[], %b::integer[], %b::text[], %b::text[], %b::text[], %b::date[],
                     %b::text[], %b::text[], %b::bigint[], %b::date[], %b::text[], %b::jsonb[],
                     %b::text[], %b::timestamptz[], %b::text[])
"""
ACCOUNTS = """
SELECT DISTINCT d.account_id FROM deposit d
 WHERE %s OR NOT EXISTS (SELECT FROM deposit_step s WHERE s.deposit_id = d.deposit_id
                            AND s.act IN ('given back', 'released', 'moved out'))
 ORDER BY 1
"""
AT_POINT = """
SELECT b.bill_id, lower(c.days), upper(c.days), b.issued_day, b.total_cents,
       coalesce((convert_from(b.record, 'UTF8')::jsonb
                 #>> '{usage,estimated,counts_toward_cap}')::boolean, false)
  FROM service_period_claim c
  JOIN bill b ON b.bill_id = c.bill_id AND b.issued_day = c.issued_day
  LEFT JOIN bill_correction k ON k.cancelled_bill = b.bill_id
 WHERE c.service_point_id = %s AND c.days && daterange(%s, %s) AND b.known_at <= %s
   AND (k.learned_at IS NULL OR k.learned_at > %s)
 ORDER BY 2, 1
"""


class DepositTables(Tables):
    """The part of the store that keeps deposits."""

    def record_deposits(self, work: Sequence[DepositWork]) -> bool:
        """Keep steps and entries in one transaction."""
        ensure(entries_match(work), "each step that moves money comes with its entry")
        entries = [entry for one in work for entry in one.entries]
        noted = {record_day(step.learned_at) for one in work for step in one.steps}
        self._connections.ensure_months(entry_months(entries) | noted)
        try:
            return self._step("keep deposits", lambda one: self._write(one, work))
        except errors.UniqueViolation as problem:
            raise moved(work[0].deposit_id) from problem
        except errors.CheckViolation as problem:
            if problem.diag.constraint_name == HELD:
                raise not_held(work[0].account_id) from problem
            if problem.diag.constraint_name == UNDOES:
                raise not_undone(work[0].deposit_id) from problem
            if problem.diag.constraint_name == ENDED:
                raise ended(work[0].deposit_id) from problem
            if problem.diag.constraint_name == OWN_EFFORT:
                raise own_effort(work[0].deposit_id) from problem
            if problem.diag.constraint_name == TWO:
                raise needs_two(work[0].deposit_id) from problem
            raise

    def _write(self, connection: Connection, work: Sequence[DepositWork]) -> bool:
        accounts = sorted({one.account_id for one in work})
        there = connection.execute(
            "SELECT account_id FROM account WHERE account_id = ANY (%s)", [accounts]
        ).fetchall()
        missing = sorted(set(accounts) - {name for (name,) in there})
        if missing:
            raise NotFound.of("account", missing[0])
        known = {
            one.deposit_id: one
            for one in _deposits(
                connection, "d.deposit_id = ANY (%s)", [[one.deposit_id for one in work]]
            )
        }
        fresh = [one for one in work if not is_known(one, known.get(one.deposit_id))]
        if not fresh:
            return False
        for one in fresh:
            _refuse_another(connection, one)
        for one in fresh:
            if one.deposit_id not in known:
                connection.execute(
                    "INSERT INTO deposit (deposit_id, account_id, kind, learned_at)"
                    " VALUES (%s, %s, %s, %s)",
                    [one.deposit_id, one.account_id, one.kind.value, one.steps[0].learned_at],
                )
        _insert_steps(connection, fresh)
        insert_entries(connection, [entry for one in fresh for entry in one.entries])
        for one in fresh:
            for step in one.steps:
                told = {"deposit": one.deposit_id, "step": step.key, "by": step.by}
                self._note(
                    connection,
                    f"deposit {step.act.value}",
                    [(one.account_id, told, step.learned_at)],
                )
        return True

    def deposit(self, deposit_id: str) -> Deposit:
        """A deposit with its steps."""
        found = self._read(lambda one: _deposits(one, "d.deposit_id = %s", [deposit_id]))
        if not found:
            raise no_deposit(deposit_id)
        return found[0]

    def deposits_of_accounts(self, account_ids: Collection[str]) -> dict[str, tuple[Deposit, ...]]:
        """The accounts' deposits, the oldest first."""
        every = self._read(
            lambda one: _deposits(one, "d.account_id = ANY (%s)", [list(account_ids)])
        )
        found: dict[str, list[Deposit]] = {}
        for one in every:
            found.setdefault(one.account_id, []).append(one)
        return {
            account: tuple(sorted(mine, key=lambda one: (one.steps[0].on, one.deposit_id)))
            for account, mine in sorted(found.items())
        }

    def deposit_accounts(self, *, with_closed: bool = False) -> list[str]:
        """Accounts that have a deposit that has not ended; or one at all."""
        rows = self._read(lambda connection: connection.execute(ACCOUNTS, [with_closed]).fetchall())
        return [account for (account,) in rows]

    def asked_deposits(self, account_id: str, at: date) -> tuple[OpenItem, ...]:
        """What of the account's deposits is asked for on the evening of ``at``."""
        return asked_items(self.deposits_of_accounts([account_id]).get(account_id, ()), at)

    def bills_at_point(
        self, service_point_id: str, days: DaySpan, known_at: datetime
    ) -> list[BillAtPoint]:
        """Bills at a service point whose period touches the days, live as known then."""
        rows = self._read(
            lambda connection: connection.execute(
                AT_POINT,
                [service_point_id, days.from_day, days.until_day, known_at, known_at],
            ).fetchall()
        )
        return [
            BillAtPoint(bill, DaySpan(from_day, until_day), issued, cents, counts)
            for bill, from_day, until_day, issued, cents, counts in rows
        ]


def _refuse_another(connection: Connection, work: DepositWork) -> None:
    """Who begins a deposit waits for who begins another one of the account, and then sees it."""
    if work.beside is None:
        return
    lock = f"deposits of {work.account_id}"
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [lock])
    found = connection.execute(
        "SELECT deposit_id FROM deposit WHERE account_id = %s", [work.account_id]
    )
    refuse_another(work, [name for (name,) in found.fetchall()])


def _insert_steps(connection: Connection, work: Sequence[DepositWork]) -> None:
    rows = [
        (one.deposit_id, one.seen + number, step)
        for one in work
        for number, step in enumerate(one.steps, start=1)
    ]
    steps = [step for _, _, step in rows]
    connection.execute(
        INSERT_STEPS,
        [
            [deposit_id for deposit_id, _, _ in rows],
            [number for _, number, _ in rows],
            [step.step_id for step in steps],
            [step.key for step in steps],
            [step.act.value for step in steps],
            [step.on for step in steps],
            [storable(step.by) for step in steps],
            [storable(step.reason) for step in steps],
            [step.cents for step in steps],
            [step.until for step in steps],
            [storable(step.note) for step in steps],
            [Jsonb(_told_parts(step)) for step in steps],
            [step.record.decode() for step in steps],
            [step.learned_at for step in steps],
            [storable(step.approved_by) for step in steps],
        ],
    )


def _told_parts(step: DepositStep) -> list[list[Any]]:
    return [[one.billed_day.isoformat(), one.due_day.isoformat(), one.cents] for one in step.parts]


def _deposits(connection: Connection, where: str, values: list[Any]) -> list[Deposit]:
    rows = connection.execute(f"{DEPOSITS} WHERE {where}", values).fetchall()
    return [
        Deposit(
            deposit_id,
            account_id,
            DepositKind(kind),
            tuple(_step_of(deposit_id, told) for told in steps),
        )
        for deposit_id, account_id, kind, steps in rows
    ]


def _step_of(deposit_id: str, told: list[Any]) -> DepositStep:
    key, act, on, by, reason, learned_at, cents, until, note, parts, record, other = told
    return DepositStep(
        deposit_id=deposit_id,
        key=key,
        act=DepositAct(act),
        on=date.fromisoformat(on),
        by=by,
        reason=reason,
        learned_at=datetime.fromisoformat(learned_at).astimezone(UTC),
        cents=cents,
        until=date.fromisoformat(until) if until else None,
        note=note,
        parts=tuple(
            Part(date.fromisoformat(billed), date.fromisoformat(due), amount)
            for billed, due, amount in parts
        ),
        record=record.encode(),
        approved_by=other,
    )
