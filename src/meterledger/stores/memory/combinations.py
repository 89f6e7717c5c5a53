"""Combinations and their statements in dictionaries, on two clocks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Generic, TypeVar

from meterledger.facts.combination import (
    Combination,
    CombinationFile,
    CombinedAccount,
    CombinedKind,
    CombinedStatement,
)
from meterledger.kernel.span import Validity
from meterledger.stores.combination_words import (
    closed_at,
    end_of,
    in_two,
    name_taken,
    no_combination,
    not_combined,
    stated_twice,
)
from meterledger.stores.memory.places import MemoryPlaces
from meterledger.usecases.ports import NotFound

Fact = TypeVar("Fact", Combination, CombinedAccount)


@dataclass(slots=True)
class _Row(Generic[Fact]):
    fact: Fact
    until: datetime | None = None

    def known_at(self, moment: datetime | None) -> bool:
        if moment is None:
            return self.until is None
        return self.fact.learned_at <= moment and (self.until is None or moment < self.until)


class MemoryCombinations(MemoryPlaces):
    """The part of the store that keeps combination bills."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self._combinations: list[_Row[Combination]] = []
        self._combined: list[_Row[CombinedAccount]] = []
        self._combined_statements: list[CombinedStatement] = []

    def begin_combination(
        self, combination: Combination, accounts: Sequence[CombinedAccount]
    ) -> None:
        """Keep a combination with its accounts, all of it or nothing."""
        with self._lock:
            name = combination.combination_id
            if any(row.fact.combination_id == name for row in self._combinations):
                raise name_taken(name)
            for account in accounts:
                self._refuse_combined(account, beside=accounts)
            self._combinations.append(_Row(combination))
            self._combined += [_Row(one) for one in accounts]
            self._note("combination begun", name, combination.learned_at)

    def combine_account(self, account: CombinedAccount) -> None:
        """Add an account to a combination."""
        with self._lock:
            self._believed_combination(account.combination_id)
            self._refuse_combined(account)
            self._combined.append(_Row(account))
            self._note("account combined", account.combination_id, account.learned_at)

    def end_combination(
        self, combination_id: str, last_day_out: date, learned_at: datetime
    ) -> None:
        """End a combination and every account in it."""
        with self._lock:
            whole = self._believed_combination(combination_id)
            end_of(whole.fact, last_day_out)
            rows = self._in(combination_id, lambda one: _is_open(one, last_day_out))
            for row in rows:
                end_of(row.fact, last_day_out)
            self._combinations.append(_shorten(whole, last_day_out, learned_at))
            self._combined += [_shorten(row, last_day_out, learned_at) for row in rows]
            self._note("combination ended", combination_id, learned_at)

    def end_combined_account(
        self, combination_id: str, account_id: str, last_day_out: date, learned_at: datetime
    ) -> None:
        """Take one account out of a combination from a day on."""
        with self._lock:
            self._believed_combination(combination_id)
            rows = self._in(
                combination_id,
                lambda one: one.account_id == account_id and _is_open(one, last_day_out),
            )
            if not rows:
                raise not_combined(combination_id, account_id)
            end_of(rows[-1].fact, last_day_out)
            self._combined.append(_shorten(rows[-1], last_day_out, learned_at))
            self._note("account taken out of combination", combination_id, learned_at)

    def combination(self, combination_id: str, known_at: datetime | None = None) -> CombinationFile:
        """A combination with its accounts and statements, as known then or now."""
        self._look()
        with self._lock:
            found = [
                row.fact
                for row in self._combinations
                if row.fact.combination_id == combination_id and row.known_at(known_at)
            ]
            if not found:
                raise no_combination(combination_id)
            return CombinationFile(
                found[0],
                _in_order(
                    row.fact
                    for row in self._combined
                    if row.fact.combination_id == combination_id and row.known_at(known_at)
                ),
                tuple(
                    one
                    for one in self._combined_statements
                    if one.combination_id == combination_id
                    and (known_at is None or one.learned_at <= known_at)
                ),
            )

    def combinations_of_account(
        self, account_id: str, known_at: datetime | None = None
    ) -> list[CombinedAccount]:
        """When the account is in which combination."""
        self._look()
        with self._lock:
            return list(
                _in_order(
                    row.fact
                    for row in self._combined
                    if row.fact.account_id == account_id and row.known_at(known_at)
                )
            )

    def combined_accounts(self, account_ids: Collection[str]) -> list[CombinedAccount]:
        """When the accounts are in which combination."""
        self._look()
        with self._lock:
            asked = frozenset(account_ids)
            rows = [row.fact for row in self._combined if row.until is None]
            return list(_in_order(one for one in rows if one.account_id in asked))

    def combined_statement(self, statement_id: str) -> CombinedStatement | None:
        """A combined statement by its number."""
        self._look()
        found = (one for one in self._combined_statements if one.statement_id == statement_id)
        return next(found, None)

    def combination_ids(self) -> list[str]:
        """Every combination, in order."""
        self._look()
        return sorted({row.fact.combination_id for row in self._combinations})

    def record_combined_statement(self, statement: CombinedStatement) -> None:
        """Keep a statement."""
        with self._lock:
            self._believed_combination(statement.combination_id)
            stated = {
                (bill.bill_id, bill.kind): one.statement_id
                for one in self._combined_statements
                for bill in one.bills
            }
            for bill in statement.bills:
                if (bill.bill_id, bill.kind) in stated:
                    raise stated_twice(bill.bill_id, stated[bill.bill_id, bill.kind])
            if any(one.statement_id == statement.statement_id for one in self._combined_statements):
                raise name_taken(statement.statement_id)
            self._combined_statements.append(statement)
            self._note("combined statement", statement.combination_id, statement.learned_at)

    def _companys_due_days(self, known_at: datetime | None = None) -> dict[str, date]:
        """By bill that is charged on a combined statement, the day it is to be paid by."""
        return {
            bill.bill_id: one.due_day
            for one in self._combined_statements
            if known_at is None or one.learned_at <= known_at
            for bill in one.bills
            if bill.kind is CombinedKind.CHARGED
        }

    def _days_stated(self) -> dict[str, tuple[date, date]]:
        """By bill that is charged on a combined statement the statement's day and due day."""
        return {
            bill.bill_id: (one.issued_day, one.due_day)
            for one in self._combined_statements
            for bill in one.bills
            if bill.kind is CombinedKind.CHARGED
        }

    def _refuse_combined(
        self, account: CombinedAccount, beside: Sequence[CombinedAccount] = ()
    ) -> None:
        if account.account_id not in self._accounts:
            raise NotFound.of("account", account.account_id)
        known = [row.fact for row in self._combined if row.until is None]
        for other in (*known, *(one for one in beside if one is not account)):
            if other.account_id == account.account_id and other.days.overlaps(account.days):
                raise in_two(account.account_id, other.combination_id)

    def _believed_combination(self, combination_id: str) -> _Row[Combination]:
        for row in self._combinations:
            if row.fact.combination_id == combination_id and row.until is None:
                return row
        raise no_combination(combination_id)

    def _in(
        self, combination_id: str, wanted: Callable[[CombinedAccount], bool]
    ) -> list[_Row[CombinedAccount]]:
        return [
            row
            for row in self._combined
            if row.until is None and row.fact.combination_id == combination_id and wanted(row.fact)
        ]

    def _note(self, event: str, subject: str, learned_at: datetime) -> None:
        raise NotImplementedError  # the store beside this part keeps the record


def _is_open(one: CombinedAccount, last_day_out: date) -> bool:
    return one.days.until_day is None or last_day_out < one.days.until_day


def _shorten(row: _Row[Fact], last_day_out: date, learned_at: datetime) -> _Row[Fact]:
    """Believe the fact no longer, and one that ends on the day in its place."""
    moment = closed_at(row.fact, learned_at)
    row.until = moment
    days = Validity(row.fact.days.from_day, last_day_out)
    return _Row(replace(row.fact, days=days, learned_at=moment))


def _in_order(found: Iterable[CombinedAccount]) -> tuple[CombinedAccount, ...]:
    return tuple(sorted(found, key=lambda one: (one.days.from_day, one.account_id)))
