"""Settlements in PostgreSQL: one transaction a journey, under a lock on the account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from psycopg import errors

from meterledger.facts.settlements import (
    Act,
    Means,
    Payee,
    SettlementCase,
    SettlementKind,
    Step,
    VerifiedPayee,
)
from meterledger.kernel.span import DaySpan
from meterledger.stores.believed import contents
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, record_day
from meterledger.stores.postgres.repository.channel_rows import insert_rows, lines_expected
from meterledger.stores.postgres.repository.ledger import entry_months, insert_entries
from meterledger.stores.postgres.repository.payment_rows import insert_applications
from meterledger.stores.settlement_words import (
    DUE_TO_DEPOSITORS,
    MoneyThere,
    is_waiting,
    moved_on,
    no_payee,
    no_settlement,
    not_the_depositors,
    other_payee,
    posted_once,
    refuse_other_contents,
    refuse_steps,
    refuse_too_much,
    refuse_twice,
)
from meterledger.usecases.ports import NotFound
from meterledger.usecases.refund_left import still_due
from meterledger.usecases.settlement_ports import SettlementWrite

COLUMNS = (
    "settlement_id, key, kind, account_id, to_account_id, cents, source, needs_two, ceiling_cents,"
    " by_day, about, payee_name, payee_means, payment_id, payee_id, record"
)
CASES = f"""
SELECT {", ".join(f"s.{one.strip()}" for one in COLUMNS.split(","))}, steps.found
  FROM settlement s
  JOIN LATERAL (
       SELECT json_agg(json_build_array(t.act, t.on_day, t.learned_at, t."by", t.reason,
                                        coalesce(t.entry_id, ''), t.reference)
                       ORDER BY t.number) AS found
         FROM settlement_step t WHERE t.settlement_id = s.settlement_id
       ) steps ON steps.found IS NOT NULL
"""
WAITING = """AND NOT EXISTS (
       SELECT FROM settlement_step e WHERE e.settlement_id = s.settlement_id
          AND (e.act IN ('refused', 'reversed', 'cleared', 'escheated')
               OR e.act = 'approved' AND s.kind <> 'refund'))"""
"""What is over is left out by the database: years of it are not read to find what waits."""
STEP = """
INSERT INTO settlement_step
       (settlement_id, number, act, on_day, "by", reason, entry_id, reference, learned_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
MONEY = """
SELECT coalesce(sum(cents) FILTER (WHERE ledger_account = '142'), 0),
       coalesce(sum(cents) FILTER (WHERE split_part(ledger_account, '.', 1) IN ('142', '143')), 0),
       coalesce(sum(cents) FILTER (WHERE split_part(ledger_account, '.', 1) = '235'), 0)
  FROM posting WHERE customer_account_id = %s
"""
BACK_OF_CONTRACT = """
SELECT coalesce(sum(e.cents), 0) FROM extension_event e
 WHERE e.contract_id = %s AND e.act = 'refunded'
   AND NOT EXISTS (SELECT FROM extension_event g
                    WHERE g.contract_id = e.contract_id AND g.act = 'taken back'
                      AND g.data ->> 'event' = e.event_key)
"""
PAYEES = (
    "SELECT payee_id, account_id, name, means, details, verified_by, evidence, learned_at"
    " FROM verified_payee"
)
SAME_HOLDER = """
SELECT DISTINCT other.account_id FROM account_holder mine
  JOIN account_holder other ON other.person_id = mine.person_id
 WHERE mine.account_id = %(account)s AND other.account_id <> %(account)s
   AND mine.known @> %(at)s::timestamptz AND other.known @> %(at)s::timestamptz
 ORDER BY 1
"""
SAME_PEOPLE = """
WITH near AS (
    SELECT DISTINCT other.account_id FROM account_holder mine
      JOIN account_holder other ON other.person_id = mine.person_id
     WHERE mine.account_id = %(account)s
       AND mine.known @> %(at)s::timestamptz AND other.known @> %(at)s::timestamptz
),
held AS (
    SELECT h.account_id, h.person_id, h.days,
           least(%(on)s::date + 1, max(coalesce(upper(h.days), 'infinity'::date))
                 OVER (PARTITION BY h.account_id)) AS out
      FROM account_holder h JOIN near USING (account_id)
     WHERE h.known @> %(at)s::timestamptz AND lower(h.days) <= %(on)s
),
people AS (
    SELECT account_id, array_agg(DISTINCT person_id ORDER BY person_id) AS those
      FROM held WHERE days @> out - 1 GROUP BY account_id
)
SELECT other.account_id FROM people mine JOIN people other USING (those)
 WHERE mine.account_id = %(account)s AND other.account_id <> mine.account_id
 ORDER BY 1
"""
"""Of each account the people of the day, or of the last day before it that had any."""
IN_CREDIT = """
SELECT account_id, -(cents + deferred_cents) FROM receivable_balance
 WHERE cents + deferred_cents < 0 ORDER BY 1
"""
"""One row of each account, whatever its years."""
REVENUE = """
SELECT -coalesce(sum(cents), 0) FROM posting
 WHERE effective_day >= %s AND effective_day < %s
   AND split_part(ledger_account, '.', 1) IN ('440', '442', '444')
"""


class SettlementTables(Tables):
    """The part of the store that keeps settlements."""

    def record_settlements(self, writes: Sequence[SettlementWrite]) -> list[bool]:
        """Keep settlements, steps and entries: all of them or nothing."""
        entries = [entry for one in writes for entry in one.entries]
        days = {record_day(step.learned_at) for one in writes for step in one.added}
        self._connections.ensure_months(entry_months(entries) | days)

        def write(connection: Connection) -> list[bool]:
            # Always in one order, so that two journeys never wait for each other.
            for account in sorted({one.case.account_id for one in writes}):
                connection.execute("SELECT lock_settled_account(%s)", [account or None])
            return [self._write_settlement(connection, one) for one in writes]

        try:
            return self._step("settle", write)
        except errors.UniqueViolation as problem:
            if problem.diag.constraint_name != "a_payment_is_charged_and_recovered_once":
                raise moved_on(writes[0].case.settlement_id, None) from problem
            raise posted_once(writes[0].case) from problem

    def _write_settlement(self, connection: Connection, write: SettlementWrite) -> bool:
        case = write.case
        row = connection.execute(
            f"{CASES} WHERE s.settlement_id = %s", [case.settlement_id]
        ).fetchone()
        known = _case(row) if row else None
        if write.is_new and known is not None:
            refuse_other_contents(known, case)
            return False
        if not write.is_new and known is None:
            raise no_settlement(case.settlement_id)
        _refuse_strangers(connection, case)
        refuse_steps(write, known)
        others = connection.execute(
            f"{CASES} WHERE s.account_id = %s", [case.account_id or None]
        ).fetchall()
        sums = connection.execute(MONEY, [case.account_id]).fetchone() or (0, 0, 0)
        owed, receivable, deposits = map(int, sums)
        mine = list(map(_case, others))
        refuse_twice(write, mine)
        due = _due_to_depositor(connection, case, mine)
        refuse_too_much(write, MoneyThere(owed, receivable, deposits, -due), mine)
        if write.is_new:
            _insert(connection, case)
        for number, step in enumerate(write.added, start=write.steps_before + 1):
            connection.execute(
                STEP,
                [
                    *(case.settlement_id, number, step.act.value, step.on, step.by, step.reason),
                    *(step.entry_id or None, step.reference, step.learned_at),
                ],
            )
        insert_entries(connection, write.entries)
        insert_applications(connection, write.applications)
        last = write.added[-1]
        insert_rows(connection, *lines_expected(write.expectations, last.learned_at))
        told = {"settlement": case.settlement_id, "by": last.by, "reason": last.reason}
        subject = case.account_id or case.settlement_id
        self._note(connection, f"settlement {last.act.value}", [(subject, told, last.learned_at)])
        return True

    def settlement(self, settlement_id: str) -> SettlementCase:
        """A settlement by its id."""
        found = self._settlements("s.settlement_id = %s", [settlement_id])
        if not found:
            raise no_settlement(settlement_id)
        return found[0]

    def settlements(
        self,
        *,
        account_id: str | None = None,
        kind: SettlementKind | None = None,
        open_only: bool = False,
    ) -> list[SettlementCase]:
        """Settlements, the oldest first."""
        told = kind.value if kind else None
        found = self._settlements(
            "(%s::text IS NULL OR s.account_id = %s OR s.to_account_id = %s)"
            f" AND (%s::text IS NULL OR s.kind = %s) {WAITING if open_only else ''}",
            [account_id, account_id, account_id, told, told],
        )
        return [one for one in found if not open_only or is_waiting(one)]

    def _settlements(self, where: str, values: list[Any]) -> list[SettlementCase]:
        rows = self._read(
            lambda connection: connection.execute(f"{CASES} WHERE {where}", values).fetchall()
        )
        return sorted(
            map(_case, rows),
            key=lambda one: (one.asked.on, one.asked.learned_at, one.settlement_id),
        )

    def add_payee(self, payee: VerifiedPayee) -> bool:
        """Keep a payee once."""
        self._connections.ensure_months([record_day(payee.learned_at)])

        def write(connection: Connection) -> bool:
            _refuse_unknown_account(connection, payee.account_id)
            new = connection.execute(
                "INSERT INTO verified_payee (payee_id, account_id, name, means, details,"
                " verified_by, evidence, learned_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (payee_id) DO NOTHING",
                [
                    *(payee.payee_id, payee.account_id, payee.name, payee.means.value),
                    *(payee.details, payee.verified_by, payee.evidence, payee.learned_at),
                ],
            ).rowcount
            if not new:
                row = connection.execute(
                    f"{PAYEES} WHERE payee_id = %s", [payee.payee_id]
                ).fetchone()
                known = _payee(row or ())
                if contents(known) != contents(payee):
                    raise other_payee(known)
                return False
            told = {"payee": payee.payee_id, "by": payee.verified_by}
            self._note(connection, "payee verified", [(payee.account_id, told, payee.learned_at)])
            return True

        return self._step("verify a payee", write)

    def payee(self, payee_id: str) -> VerifiedPayee:
        """A payee by its id."""
        row = self._read(
            lambda connection: connection.execute(
                f"{PAYEES} WHERE payee_id = %s", [payee_id]
            ).fetchone()
        )
        if row is None:
            raise no_payee(payee_id)
        return _payee(row)

    def payees_of_account(self, account_id: str) -> list[VerifiedPayee]:
        """Verified payees of an account, the oldest first."""
        rows = self._read(
            lambda connection: connection.execute(
                f"{PAYEES} WHERE account_id = %s ORDER BY learned_at, payee_id", [account_id]
            ).fetchall()
        )
        return list(map(_payee, rows))

    def accounts_of_same_holder(self, account_id: str, known_at: datetime) -> list[str]:
        """Other accounts for which a person of this one is responsible on some day, in order."""
        rows = self._read(
            lambda connection: connection.execute(
                SAME_HOLDER, {"account": account_id, "at": known_at}
            ).fetchall()
        )
        return [name for (name,) in rows]

    def accounts_of_same_people(self, account_id: str, known_at: datetime, on: date) -> list[str]:
        """Other accounts for which the same people are responsible, all of them and nobody else."""
        rows = self._read(
            lambda connection: connection.execute(
                SAME_PEOPLE, {"account": account_id, "at": known_at, "on": on}
            ).fetchall()
        )
        return [name for (name,) in rows]

    def accounts_in_credit(self) -> dict[str, int]:
        """Accounts that have more than they owe."""
        rows = self._read(lambda connection: connection.execute(IN_CREDIT).fetchall())
        return {account: int(cents) for account, cents in rows}

    def revenue_cents(self, days: DaySpan) -> int:
        """What sales of electricity the entries effective on these days brought."""
        row = self._step(
            "add up revenue",
            lambda connection: connection.execute(
                REVENUE, [days.from_day, days.until_day]
            ).fetchone(),
        )
        return int(row[0]) if row else 0


def _insert(connection: Connection, case: SettlementCase) -> None:
    payee = case.payee
    connection.execute(
        f"INSERT INTO settlement ({COLUMNS}) VALUES ({', '.join(['%s'] * 16)})",
        [
            *(case.settlement_id, case.key, case.kind.value, case.account_id or None),
            *(case.to_account_id or None, case.cents, case.source, case.needs_two),
            *(case.ceiling_cents, case.by_day, case.about),
            *((payee.name, payee.means.value) if payee else ("", "")),
            *((payee.payment_key or None, payee.payee_id or None) if payee else (None, None)),
            case.record.decode("utf-8"),
        ],
    )


def _refuse_unknown_account(connection: Connection, account_id: str) -> None:
    known = connection.execute("SELECT FROM account WHERE account_id = %s", [account_id]).fetchone()
    if known is None:
        raise NotFound.of("account", account_id)


def _refuse_strangers(connection: Connection, case: SettlementCase) -> None:
    for account in filter(None, (case.account_id, case.to_account_id)):
        _refuse_unknown_account(connection, account)
    if case.source == DUE_TO_DEPOSITORS:
        theirs = connection.execute(
            "SELECT FROM extension_contract WHERE contract_id = %s AND account_id = %s"
            " AND depositor_id = %s",
            [case.about, case.account_id, case.payee.payee_id if case.payee else None],
        ).fetchone()
        if theirs is None:
            raise not_the_depositors(case)
    if case.payee is None:
        return
    if case.payee.payment_key:
        row = connection.execute(
            "SELECT FROM payment WHERE payment_key = %s AND account_id = %s",
            [case.payee.payment_key, case.account_id],
        ).fetchone()
        if row is None:
            raise NotFound.of("payment of the account", case.payee.payment_key)
        return
    row = connection.execute(
        "SELECT FROM verified_payee WHERE payee_id = %s AND account_id = %s",
        [case.payee.payee_id, case.account_id],
    ).fetchone()
    if row is None:
        raise no_payee(case.payee.payee_id)


def _due_to_depositor(
    connection: Connection, case: SettlementCase, mine: Iterable[SettlementCase]
) -> int:
    """What the depositor of the contract that a refund is about is due; 0 of any other."""
    if case.source != DUE_TO_DEPOSITORS:
        return 0
    (back,) = connection.execute(BACK_OF_CONTRACT, [case.about]).fetchone() or (0,)
    return still_due(case.about, int(back), mine)


def _case(row: tuple[Any, ...]) -> SettlementCase:
    _, key, kind, account, to_account, cents, source, needs_two, ceiling, by_day, about = row[:11]
    name, means, payment, payee_id, record, steps = row[11:]
    payee = Payee(name, Means(means), payment or "", payee_id or "") if means else None
    return SettlementCase(
        key=key,
        kind=SettlementKind(kind),
        account_id=account or "",
        cents=cents,
        source=source,
        needs_two=needs_two,
        record=record.encode("utf-8"),
        steps=tuple(map(_a_step, steps)),
        to_account_id=to_account or "",
        payee=payee,
        about=about,
        ceiling_cents=ceiling,
        by_day=by_day,
    )


def _a_step(told: list[str]) -> Step:
    act, on, learned_at, by, reason, entry_id, reference = told
    moment = datetime.fromisoformat(learned_at).astimezone(UTC)
    return Step(Act(act), date.fromisoformat(on), moment, by, reason, entry_id, reference)


def _payee(row: Sequence[Any]) -> VerifiedPayee:
    payee_id, account, name, means, details, by, evidence, learned_at = row
    return VerifiedPayee(
        *(payee_id, account, name, Means(means), details, by, evidence),
        learned_at.astimezone(UTC),
    )
