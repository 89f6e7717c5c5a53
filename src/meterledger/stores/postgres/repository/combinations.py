"""Combinations and their accounts on two clocks; combined statements."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from psycopg import errors
from psycopg.types.json import Jsonb

from meterledger.facts.combination import (
    Combination,
    CombinationFile,
    CombinedAccount,
    CombinedBill,
    CombinedKind,
    CombinedStatement,
)
from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Reason
from meterledger.kernel.span import DaySpan, Validity
from meterledger.stores.combination_words import (
    closed_at,
    end_of,
    in_two,
    name_taken,
    no_combination,
    not_combined,
    stated_twice,
)
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, believed_row, record_day
from meterledger.usecases.ports import NotFound

DATED = "lower(days), upper(days), lower(known)"
COMBINATION = f"SELECT combination_id, customer, person_id, reasons, {DATED} FROM combination"
COMBINED = f"SELECT combination_id, account_id, {DATED} FROM combined_account"
THEN = "(CASE WHEN %(at)s::timestamptz IS NULL THEN upper_inf(known) ELSE known @> %(at)s END)"
BY_DAY = "ORDER BY lower(days), account_id"
STATED = (
    "SELECT statement_id, combination_id, customer, issued_day, due_day, reasons, learned_at"
    " FROM combined_statement"
)
STATEMENT = (
    f"{STATED} WHERE combination_id = %(id)s"
    " AND (%(at)s::timestamptz IS NULL OR learned_at <= %(at)s) ORDER BY learned_at, statement_id"
)
BILL = (
    "SELECT account_id, bill_id, kind, lower(days), upper(days), charges_cents, asked_cents"
    " FROM combined_bill WHERE statement_id = %s ORDER BY place"
)


class CombinationTables(Tables):
    """The part of the store that keeps combination bills."""

    def begin_combination(
        self, combination: Combination, accounts: Sequence[CombinedAccount]
    ) -> None:
        """Keep a combination with its accounts, all of it or nothing."""
        name = combination.combination_id

        def work(connection: Connection) -> None:
            known = connection.execute(
                "SELECT 1 FROM combination WHERE combination_id = %s LIMIT 1", [name]
            ).fetchone()
            if known is not None:
                raise name_taken(name)
            _insert(connection, combination)
            for one in accounts:
                _insert_account(connection, one)

        try:
            self._combine("combination begun", name, combination.learned_at, work)
        except errors.UniqueViolation as problem:
            raise name_taken(name) from problem

    def combine_account(self, account: CombinedAccount) -> None:
        """Add an account to a combination."""

        def work(connection: Connection) -> None:
            _believed(connection, account.combination_id)
            _insert_account(connection, account)

        self._combine("account combined", account.combination_id, account.learned_at, work)

    def end_combination(
        self, combination_id: str, last_day_out: date, learned_at: datetime
    ) -> None:
        """End a combination and every account in it."""

        def work(connection: Connection) -> None:
            whole = _believed(connection, combination_id)
            end_of(whole, last_day_out)
            for one in _open_accounts(connection, combination_id, last_day_out):
                end_of(one, last_day_out)
                _end_account(connection, one, last_day_out, learned_at)
            moment = closed_at(whole, learned_at)
            connection.execute(
                "UPDATE combination SET known = tstzrange(lower(known), %s)"
                " WHERE combination_id = %s AND upper_inf(known)",
                [moment, combination_id],
            )
            days = Validity(whole.days.from_day, last_day_out)
            _insert(
                connection,
                replace(whole, days=days, learned_at=moment),
            )

        self._combine("combination ended", combination_id, learned_at, work)

    def end_combined_account(
        self, combination_id: str, account_id: str, last_day_out: date, learned_at: datetime
    ) -> None:
        """Take one account out of a combination from a day on."""

        def work(connection: Connection) -> None:
            _believed(connection, combination_id)
            found = [
                one
                for one in _open_accounts(connection, combination_id, last_day_out)
                if one.account_id == account_id
            ]
            if not found:
                raise not_combined(combination_id, account_id)
            end_of(found[-1], last_day_out)
            _end_account(connection, found[-1], last_day_out, learned_at)

        self._combine("account taken out of combination", combination_id, learned_at, work)

    def combination(self, combination_id: str, known_at: datetime | None = None) -> CombinationFile:
        """A combination with its accounts and statements, as known then or now."""
        key = {"id": combination_id, "at": known_at}

        def ask(connection: Connection) -> CombinationFile:
            row = connection.execute(
                f"{COMBINATION} WHERE combination_id = %(id)s AND {THEN}", key
            ).fetchone()
            if row is None:
                raise no_combination(combination_id)
            accounts = connection.execute(
                f"{COMBINED} WHERE combination_id = %(id)s AND {THEN} {BY_DAY}", key
            ).fetchall()
            statements = connection.execute(STATEMENT, key).fetchall()
            return CombinationFile(
                _combination(row),
                tuple(map(_account, accounts)),
                tuple(_statement(connection, one) for one in statements),
            )

        return self._read(ask)

    def combinations_of_account(
        self, account_id: str, known_at: datetime | None = None
    ) -> list[CombinedAccount]:
        """When the account is in which combination."""
        rows = self._read(
            lambda connection: connection.execute(
                f"{COMBINED} WHERE account_id = %(id)s AND {THEN} {BY_DAY}",
                {"id": account_id, "at": known_at},
            ).fetchall()
        )
        return [_account(row) for row in rows]

    def combined_accounts(self, account_ids: Collection[str]) -> list[CombinedAccount]:
        """When the accounts are in which combination."""
        rows = self._read(
            lambda connection: connection.execute(
                f"{COMBINED} WHERE account_id = ANY (%s) AND upper_inf(known) {BY_DAY}",
                [list(account_ids)],
            ).fetchall()
        )
        return [_account(row) for row in rows]

    def combined_statement(self, statement_id: str) -> CombinedStatement | None:
        """A combined statement by its number."""

        def ask(connection: Connection) -> CombinedStatement | None:
            row = connection.execute(f"{STATED} WHERE statement_id = %s", [statement_id]).fetchone()
            return _statement(connection, row) if row else None

        return self._read(ask)

    def combination_ids(self) -> list[str]:
        """Every combination, in order."""
        rows = self._read(
            lambda connection: connection.execute(
                "SELECT DISTINCT combination_id FROM combination ORDER BY combination_id"
            ).fetchall()
        )
        return sorted(row[0] for row in rows)

    def record_combined_statement(self, statement: CombinedStatement) -> None:
        """Keep a statement."""

        def work(connection: Connection) -> None:
            _believed(connection, statement.combination_id)
            for bill in statement.bills:
                _refuse_stated(connection, bill)
            _insert_statement(connection, statement)

        try:
            self._combine(
                "combined statement", statement.combination_id, statement.learned_at, work
            )
        except errors.UniqueViolation as problem:
            if problem.diag.constraint_name == "a_bill_stands_on_one_statement":
                raise stated_twice(statement.bills[0].bill_id) from problem
            raise name_taken(statement.statement_id) from problem

    def _combine(
        self,
        event: str,
        combination_id: str,
        learned_at: datetime,
        work: Callable[[Connection], None],
    ) -> None:
        self._connections.ensure_months([record_day(learned_at)])

        def step(connection: Connection) -> None:
            work(connection)
            self._note(connection, event, [(combination_id, {}, learned_at)])

        self._step(event, step)


def _insert(connection: Connection, one: Combination) -> None:
    connection.execute(
        "INSERT INTO combination (combination_id, customer, person_id, reasons, days, known)"
        " VALUES (%s, %s, %s, %s, daterange(%s, %s), tstzrange(%s, NULL))",
        [
            *(one.combination_id, one.customer, one.person_id, _told(one.reasons)),
            *(one.days.from_day, one.days.until_day, one.learned_at),
        ],
    )


def _insert_account(connection: Connection, one: CombinedAccount) -> None:
    try:
        connection.execute(
            "INSERT INTO combined_account (combination_id, account_id, days, known)"
            " VALUES (%s, %s, daterange(%s, %s), tstzrange(%s, NULL))",
            [
                *(one.combination_id, one.account_id),
                *(one.days.from_day, one.days.until_day, one.learned_at),
            ],
        )
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except errors.ForeignKeyViolation as problem:
        raise NotFound.of("account", one.account_id) from problem
    except errors.ExclusionViolation as problem:
        raise in_two(one.account_id) from problem


def _end_account(
    connection: Connection, one: CombinedAccount, last_day_out: date, learned_at: datetime
) -> None:
    moment = closed_at(one, learned_at)
    connection.execute(
        "UPDATE combined_account SET known = tstzrange(lower(known), %s) WHERE combination_id = %s"
        " AND account_id = %s AND lower(days) = %s AND upper_inf(known)",
        [moment, one.combination_id, one.account_id, one.days.from_day],
    )
    days = Validity(one.days.from_day, last_day_out)
    _insert_account(connection, CombinedAccount(one.combination_id, one.account_id, days, moment))


def _refuse_stated(connection: Connection, bill: CombinedBill) -> None:
    row = connection.execute(
        "SELECT statement_id FROM combined_bill WHERE bill_id = %s AND kind = %s",
        [bill.bill_id, bill.kind.value],
    ).fetchone()
    if row is not None:
        raise stated_twice(bill.bill_id, row[0])


def _insert_statement(connection: Connection, one: CombinedStatement) -> None:
    connection.execute(
        "INSERT INTO combined_statement (statement_id, combination_id, customer, issued_day,"
        " due_day, charges_cents, asked_cents, reasons, learned_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            *(one.statement_id, one.combination_id, one.customer, one.issued_day, one.due_day),
            *(one.charges_cents, one.asked_cents, _told(one.reasons), one.learned_at),
        ],
    )
    for place, bill in enumerate(one.bills):
        connection.execute(
            "INSERT INTO combined_bill (statement_id, place, account_id, bill_id, kind, days,"
            " charges_cents, asked_cents) VALUES (%s, %s, %s, %s, %s, daterange(%s, %s), %s, %s)",
            [
                *(one.statement_id, place, bill.account_id, bill.bill_id, bill.kind.value),
                *(bill.days.from_day, bill.days.until_day, bill.charges_cents, bill.asked_cents),
            ],
        )


def _believed(connection: Connection, combination_id: str) -> Combination:
    row = believed_row(
        connection,
        f"{COMBINATION} WHERE combination_id = %s AND upper_inf(known)",
        [combination_id],
    )
    if row is None:
        raise no_combination(combination_id)
    return _combination(row)


def _open_accounts(
    connection: Connection, combination_id: str, last_day_out: date
) -> list[CombinedAccount]:
    rows = connection.execute(
        f"{COMBINED} WHERE combination_id = %s AND upper_inf(known)"
        f" AND (upper_inf(days) OR upper(days) > %s) {BY_DAY} FOR UPDATE",
        [combination_id, last_day_out],
    ).fetchall()
    return [_account(row) for row in rows]


def _told(reasons: Sequence[Reason]) -> Jsonb:
    return Jsonb([{"finding": one.finding, "citation": one.citation.as_json()} for one in reasons])


def _reasons(told: Sequence[Any]) -> tuple[Reason, ...]:
    return tuple(Reason(one["finding"], Citation.from_json(one["citation"])) for one in told)


def _combination(row: Sequence[Any]) -> Combination:
    name, customer, person, reasons, first, out, learned_at = row
    days = Validity(first, out)
    return Combination(name, customer, days, learned_at.astimezone(UTC), _reasons(reasons), person)


def _account(row: Sequence[Any]) -> CombinedAccount:
    name, account, first, out, learned_at = row
    return CombinedAccount(name, account, Validity(first, out), learned_at.astimezone(UTC))


def _statement(connection: Connection, row: Sequence[Any]) -> CombinedStatement:
    name, combination, customer, issued, due, reasons, learned_at = row
    bills = connection.execute(BILL, [name]).fetchall()
    return CombinedStatement(
        statement_id=name,
        combination_id=combination,
        customer=customer,
        issued_day=issued,
        due_day=due,
        bills=tuple(
            CombinedBill(account, bill, CombinedKind(kind), DaySpan(first, out), charges, asked)
            for account, bill, kind, first, out, charges, asked in bills
        ),
        reasons=_reasons(reasons),
        learned_at=learned_at.astimezone(UTC),
    )
