"""Late charges in PostgreSQL: histories in a few questions for a batch, everything in one write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from psycopg import errors
from psycopg.types.json import Jsonb

from meterledger.facts.late_charges import (
    GovernmentAccount,
    LateBill,
    LateCharge,
    LateChargeReversal,
    LateChargeRun,
    LateChargeWait,
    LateHistory,
    ReversalCause,
)
from meterledger.facts.late_columns import LateColumns
from meterledger.facts.receivables import Application, ItemKind, Movement, OpenItem
from meterledger.kernel.span import DaySpan
from meterledger.stores.late_words import LONGEST_GRACE, known_asked_items
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import record_day
from meterledger.stores.postgres.repository.deposits import DepositTables
from meterledger.stores.postgres.repository.late_columns import read_late_columns
from meterledger.stores.postgres.repository.late_queries import BILLS, WRONG
from meterledger.stores.postgres.repository.ledger import entry_months, insert_entries
from meterledger.usecases.late_charge_ports import LateChargeWork
from meterledger.usecases.late_charge_rows import deposit_rows
from meterledger.usecases.ports import NotFound

CHARGE_COLUMNS = (
    "late_charge_id, account_id, bill_id, delinquent_day, on_day, cents, base_cents, codes,"
    " rests_on, clause, standing, record, record_sha256, book_sha256, known_at, replaces_id"
)
REVERSAL_COLUMNS = "late_charge_id, account_id, cause, reason, learned_at, by, approved_by"
WAIT_COLUMNS = "account_id, delinquent_day, on_day, code, sentence, learned_at"
GOVERNMENT_COLUMNS = (
    "account_id, from_day, holder, legal_basis, percent_by_law, days_after_issue, by, learned_at"
)
ONE_TELLS = 0x676F76
"""The advisory lock, with an account's number, under which words about it are told."""
RUN_COLUMNS = (
    "run_id, on_day, scope, considered, charged, not_charged, refused, charges, cents, by_code,"
    " book_sha256, learned_at"
)
MOVEMENTS = """
SELECT p.customer_account_id, p.entry_id, p.effective_day, e.learned_at, sum(p.cents),
       CASE WHEN bool_and(p.ledger_account LIKE '143%%') FILTER (WHERE p.cents > 0)
            THEN '143' ELSE '142' END, e.reverses
  FROM posting p
  JOIN entry e ON e.entry_id = p.entry_id AND e.effective_day = p.effective_day
 WHERE p.customer_account_id = ANY (%(accounts)s) AND p.ledger_account <> '142.budget'
   AND split_part(p.ledger_account, '.', 1) IN ('142', '143') AND e.learned_at <= %(known_at)s
 GROUP BY p.customer_account_id, p.entry_id, p.effective_day, e.learned_at, e.reverses
 ORDER BY p.effective_day, e.learned_at, p.entry_id
"""
APPLICATIONS = """
SELECT application_id, source_entry_id, item_id, kind, account_id, cents, applied_day, learned_at,
       undoes
  FROM application
 WHERE account_id = ANY (%(accounts)s) AND learned_at <= %(known_at)s
 ORDER BY learned_at, application_id
"""
MAILED = """
SELECT p.account_id, p.entry_id
  FROM payment p JOIN receipt r ON r.payment_key = p.payment_key
 WHERE p.account_id = ANY (%(accounts)s) AND r.is_mailed
"""
UNKNOWN = """
SELECT r.account_told, sum(r.cents)
  FROM receipt r
 WHERE r.account_told = ANY (%(accounts)s) AND r.learned_at <= %(known_at)s
   AND (SELECT s.state FROM receipt_step s
         WHERE s.payment_key = r.payment_key AND s.learned_at <= %(known_at)s
         ORDER BY s.number DESC LIMIT 1) = 'unknown'
 GROUP BY r.account_told
"""
FORGIVEN = """
SELECT account_id, late_charge_id
  FROM late_charge_reversal
 WHERE account_id = ANY (%(accounts)s) AND learned_at <= %(known_at)s AND cause = %(forgiven)s
"""
# Balances that moved as a whole, as old as their oldest part, do not say what they are.
MOVED_DUE = """
SELECT to_account_id, settlement_id, by_day FROM settlement
 WHERE kind = 'transfer' AND by_day IS NOT NULL AND to_account_id = ANY (%(accounts)s)
   AND record::jsonb #> '{facts,kind}' IS NOT NULL
"""
MAIL = "mail"


@dataclass(slots=True)
class _Found:
    """The parts of one account's history as they are read."""

    bills: list[LateBill] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)
    applications: list[Application] = field(default_factory=list)
    channels: dict[str, str] = field(default_factory=dict)
    government: list[GovernmentAccount] = field(default_factory=list)
    charges: list[LateCharge] = field(default_factory=list)
    waits: list[LateChargeWait] = field(default_factory=list)
    forgiven: list[str] = field(default_factory=list)
    moved_due: dict[str, date] = field(default_factory=dict)
    unknown_payment_cents: int = 0


class LateChargeTables(DepositTables):
    """The part of the store that keeps late charges."""

    def late_histories(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> dict[str, LateHistory]:
        """What the accounts' late charges are decided from, as known then."""
        asked = {
            "accounts": list(account_ids),
            "known_at": known_at,
            "forgiven": ReversalCause.BY_DECISION.value,
        }
        found = {one: _Found() for one in account_ids}

        def ask(connection: Connection) -> None:
            def rows(query: str) -> list[tuple[Any, ...]]:
                return connection.execute(query, asked).fetchall()

            for account, *told in rows(BILLS):
                found[account].bills.append(_bill(*told))
            for account, entry, day, learned_at, cents, control, reverses in rows(MOVEMENTS):
                moved = Movement(entry, day, learned_at, int(cents), control, reverses)
                found[account].movements.append(moved)
            for row in rows(APPLICATIONS):
                name, source, item, kind, account, *more = row
                one = Application(name, source, item, ItemKind(kind), account, *more)
                found[account].applications.append(one)
            for account, entry in rows(MAILED):
                found[account].channels[entry] = MAIL
            for account, cents in rows(UNKNOWN):
                found[account].unknown_payment_cents = int(cents)
            for row in rows(_known(GOVERNMENT_COLUMNS, "government_account", "learned_at")):
                found[row[0]].government.append(GovernmentAccount(*row))
            for row in rows(_known(CHARGE_COLUMNS, "late_charge", "known_at")):
                found[row[1]].charges.append(_charge(row))
            for row in rows(_known(WAIT_COLUMNS, "late_charge_wait", "learned_at")):
                found[row[0]].waits.append(LateChargeWait(*row))
            for account, charge in rows(FORGIVEN):
                found[account].forgiven.append(charge)
            for account, entry, due_day in rows(MOVED_DUE):
                found[account].moved_due[entry] = due_day

        self.read_snapshot(ask)
        asked_deposits = self._asked_deposits(account_ids, known_at)
        return {
            one: LateHistory(
                one,
                bills=tuple(each.bills),
                movements=tuple(each.movements),
                applications=tuple(each.applications),
                channels=each.channels,
                asked_deposits=asked_deposits.get(one, ()),
                government=tuple(each.government),
                charges=tuple(sorted(each.charges, key=lambda it: it.late_charge_id)),
                waits=tuple(each.waits),
                forgiven=tuple(sorted(each.forgiven)),
                moved_due=each.moved_due,
                unknown_payment_cents=each.unknown_payment_cents,
            )
            for one, each in found.items()
        }

    def late_bills(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> dict[str, tuple[LateBill, ...]]:
        """The bills of ``late_histories`` alone; accounts without any are left out."""
        asked = {"accounts": list(account_ids), "known_at": known_at}
        found: dict[str, tuple[LateBill, ...]] = {}
        for account, *told in self._read(lambda one: one.execute(BILLS, asked).fetchall()):
            found[account] = (*found.get(account, ()), _bill(*told))
        return found

    def government_accounts(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> dict[str, tuple[GovernmentAccount, ...]]:
        """What is told of accounts of governments; the others are left out."""
        asked = {"accounts": list(account_ids), "known_at": known_at}
        query = _known(GOVERNMENT_COLUMNS, "government_account", "learned_at")
        found: dict[str, tuple[GovernmentAccount, ...]] = {}
        for row in self._read(lambda one: one.execute(query, asked).fetchall()):
            found[row[0]] = (*found.get(row[0], ()), GovernmentAccount(*row))
        return found

    def unknown_receipt_cents(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> dict[str, int]:
        """Cents of receipts told for accounts whose outcome was unknown at the instant."""
        asked = {"accounts": list(account_ids), "known_at": known_at}
        rows = self.read_snapshot(lambda one: one.execute(UNKNOWN, asked).fetchall())
        return {account: int(cents) for account, cents in rows}

    def late_columns(self, account_ids: Sequence[str] | None, known_at: datetime) -> LateColumns:
        """The same as columns; of all accounts where none are named."""
        found = self.read_snapshot(
            lambda connection: read_late_columns(connection, account_ids, known_at)
        )
        asked = self._asked_deposits(found.accounts, known_at)
        if not asked:
            return found
        items = sorted({one.item_id for mine in asked.values() for one in mine})
        keys = self._read(
            lambda connection: connection.execute(
                "SELECT name, hashtextextended(name, 0) FROM unnest(%s::text[]) AS n (name)",
                [items],
            ).fetchall()
        )
        key = {name: int(number) for name, number in keys}
        places = {account: place for place, account in enumerate(found.accounts)}
        rows = [(places[account], one) for account, mine in asked.items() for one in mine]
        return found.with_deposits(deposit_rows(rows, key.__getitem__))

    def _asked_deposits(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> dict[str, tuple[OpenItem, ...]]:
        every = self.deposits_of_accounts(account_ids)
        return {
            account: items
            for account, mine in every.items()
            if (items := known_asked_items(mine, known_at))
        }

    def record_late_charges(self, work: LateChargeWork) -> set[str]:
        """Keep charges, reversals, waits and the run in one transaction."""
        entries = [entry for _, entry in (*work.charges, *work.reversals)]
        learned = [one.learned_at for one in entries]
        learned += [one.learned_at for one in work.waits]
        learned += [work.run.learned_at] if work.run is not None else []
        if not learned:
            return set()
        months = entry_months(entries) | {record_day(one) for one in learned}
        self._connections.ensure_months(months)

        def write(connection: Connection) -> set[str]:
            charges = _insert_charges(connection, [charge for charge, _ in work.charges])
            reversals = _insert_reversals(connection, [one for one, _ in work.reversals])
            made = [entry for charge, entry in work.charges if charge.late_charge_id in charges]
            made += [entry for one, entry in work.reversals if one.late_charge_id in reversals]
            insert_entries(connection, made)
            _insert_waits(connection, work.waits)
            if work.run is not None:
                _insert_run(connection, work.run)
            if made:
                notes: dict[str, tuple[list[str], datetime]] = {}
                for entry in made:
                    account = next(
                        leg.customer_account_id for leg in entry.legs if leg.customer_account_id
                    )
                    notes.setdefault(account, ([], entry.learned_at))[0].append(entry.entry_id)
                told: list[tuple[str, dict[str, Any], datetime]] = [
                    (account, {"entries": names}, learned_at)
                    for account, (names, learned_at) in notes.items()
                ]
                self._note(connection, "late charges", told)
            return {entry.entry_id for entry in made}

        return self._step("charge what is late", write)

    def late_charges_to_decide_again(self, since: date) -> list[str]:
        """Accounts with a charge on a cancelled bill, or before what may take it back."""
        told = {"since": since, "grace": LONGEST_GRACE.days}
        rows = self._read(lambda connection: connection.execute(WRONG, told).fetchall())
        return [account for (account,) in rows]

    def late_charge(self, late_charge_id: str) -> LateCharge:
        """A charge by its name."""
        rows = self._charges("late_charge_id = %s", [late_charge_id])
        if not rows:
            raise NotFound.of("late charge", late_charge_id)
        return rows[0]

    def late_charges_of_account(self, account_id: str) -> list[LateCharge]:
        """Charges of the account, oldest first."""
        return self._charges("account_id = %s", [account_id])

    def late_charges_on(self, on: date) -> list[LateCharge]:
        """Charges shown on bills of a day."""
        return self._charges("on_day = %s", [on])

    def _charges(self, which: str, values: list[Any]) -> list[LateCharge]:
        query = (
            f"SELECT {CHARGE_COLUMNS} FROM late_charge WHERE {which}"
            " ORDER BY on_day, late_charge_id"
        )
        rows = self._read(lambda connection: connection.execute(query, values).fetchall())
        return [_charge(row) for row in rows]

    def late_charge_reversal(self, late_charge_id: str) -> LateChargeReversal | None:
        """Why a charge was taken back."""
        row = self._read(
            lambda connection: connection.execute(
                f"SELECT {REVERSAL_COLUMNS} FROM late_charge_reversal WHERE late_charge_id = %s",
                [late_charge_id],
            ).fetchone()
        )
        if row is None:
            return None
        name, account, cause, *rest = row
        return LateChargeReversal(name, account, ReversalCause(cause), *rest)

    def late_charge_runs(self, on: date | None = None) -> list[LateChargeRun]:
        """What runs came to, the newest first."""
        rows = self._step(
            "tell runs of late charges",
            lambda connection: connection.execute(
                f"SELECT {RUN_COLUMNS} FROM late_charge_run"
                " WHERE %s::date IS NULL OR on_day = %s ORDER BY learned_at DESC, run_id DESC",
                [on, on],
            ).fetchall(),
        )
        return [_run(row) for row in rows]

    def tell_government_account(self, told: GovernmentAccount) -> None:
        """Keep whose account it is from a day on; what is known already is not kept again."""
        self._connections.ensure_months([record_day(told.learned_at)])
        words = (
            *(told.account_id, told.from_day, told.holder, told.legal_basis),
            *(told.percent_by_law, told.days_after_issue),
        )

        def write(connection: Connection) -> None:
            connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))",
                [told.account_id, ONE_TELLS],
            )
            known = connection.execute(
                f"SELECT {GOVERNMENT_COLUMNS} FROM government_account WHERE account_id = %s"
                " ORDER BY learned_at DESC, id DESC LIMIT 1",
                [told.account_id],
            ).fetchone()
            if known is not None and known[: len(words)] == words:
                return
            connection.execute(
                f"INSERT INTO government_account ({GOVERNMENT_COLUMNS})"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                [*words, told.by, told.learned_at],
            )
            data = {"holder": told.holder, "by": told.by}
            self._note(connection, "government account", [(told.account_id, data, told.learned_at)])

        try:
            self._step("tell whose account it is", write)
        except errors.ForeignKeyViolation as problem:
            raise NotFound.of("account", told.account_id) from problem


def _run(row: tuple[Any, ...]) -> LateChargeRun:
    return LateChargeRun(*(*row[:9], tuple(sorted(row[9].items())), *row[10:]))


def _bill(
    bill_id: str, agreement: str, schedule: str, first: date, last: date, *rest: Any
) -> LateBill:
    return LateBill(bill_id, agreement, schedule, DaySpan(first, last), *rest)


def _known(columns: str, table: str, clock: str) -> str:
    return (
        f"SELECT {columns} FROM {table}"
        f" WHERE account_id = ANY (%(accounts)s) AND {clock} <= %(known_at)s"
        f" ORDER BY {clock}"
    )


def _charge(row: tuple[Any, ...]) -> LateCharge:
    name, account, bill, day, on, cents, base, codes, rests_on, clause, standing, record, *rest = (
        row
    )
    return LateCharge(
        *(name, account, bill, day, on, cents, base, tuple(codes), tuple(rests_on), clause),
        *(standing, bytes(record), *rest),
    )


def _insert_charges(connection: Connection, charges: Sequence[LateCharge]) -> set[str]:
    """The names newly kept; whoever brings one second waits here until the first has ended."""
    accounts = {one.account_id for one in charges}
    known = connection.execute(
        "SELECT account_id FROM account WHERE account_id = ANY (%s)", [sorted(accounts)]
    ).fetchall()
    for unknown in sorted(accounts - {account for (account,) in known}):
        raise NotFound.of("account", unknown)
    newly = set()
    for one in charges:
        done = connection.execute(
            f"INSERT INTO late_charge ({CHARGE_COLUMNS}) VALUES"
            " (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (late_charge_id) DO NOTHING",
            [
                one.late_charge_id,
                one.account_id,
                one.bill_id,
                one.delinquent_day,
                one.on,
                one.cents,
                one.base_cents,
                list(one.codes),
                list(one.rests_on),
                one.clause,
                one.standing,
                one.record,
                one.record_sha256,
                one.book_sha256,
                one.known_at,
                one.replaces,
            ],
        )
        if done.rowcount == 1:
            newly.add(one.late_charge_id)
    return newly


def _insert_reversals(connection: Connection, reversals: Sequence[LateChargeReversal]) -> set[str]:
    newly = set()
    for one in reversals:
        known = connection.execute(
            "SELECT FROM late_charge WHERE late_charge_id = %s", [one.late_charge_id]
        ).fetchone()
        if known is None:
            raise NotFound.of("late charge", one.late_charge_id)
        done = connection.execute(
            f"INSERT INTO late_charge_reversal ({REVERSAL_COLUMNS})"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (late_charge_id) DO NOTHING",
            [
                one.late_charge_id,
                one.account_id,
                one.cause.value,
                one.reason,
                one.learned_at,
                one.by,
                one.approved_by,
            ],
        )
        if done.rowcount == 1:
            newly.add(one.late_charge_id)
    return newly


def _insert_waits(connection: Connection, waits: Sequence[LateChargeWait]) -> None:
    for one in waits:
        connection.execute(
            f"INSERT INTO late_charge_wait ({WAIT_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (account_id, delinquent_day, on_day) DO NOTHING",
            [
                one.account_id,
                one.delinquent_day,
                one.on,
                one.code,
                one.sentence,
                one.learned_at,
            ],
        )


def _insert_run(connection: Connection, run: LateChargeRun) -> None:
    connection.execute(
        f"INSERT INTO late_charge_run ({RUN_COLUMNS})"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (run_id) DO NOTHING",
        [
            run.run_id,
            run.on,
            run.scope,
            run.considered,
            run.charged,
            run.not_charged,
            run.refused,
            run.charges,
            run.cents,
            Jsonb(dict(run.by_code)),
            run.book_sha256,
            run.learned_at,
        ],
    )
