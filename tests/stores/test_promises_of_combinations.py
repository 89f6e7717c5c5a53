"""What stores promise of combinations, their accounts and combined statements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from psycopg import errors
from tests.stores.combined_paper import (
    account,
    combination_of,
    combined_of,
    keep_combinations,
    statement_of,
)
from tests.stores.paper_town import ANALYST, LATER, LEARNED, bill_of, start_of

from meterledger.facts.combination import CombinedKind
from meterledger.facts.receivables import AccountMoney
from meterledger.kernel.span import Validity
from meterledger.ledger import due_days_of
from meterledger.usecases.ports import Conflict, NotFound, NotViewing

BEGINS = combination_of().days.from_day
ENDS = date(2025, 6, 1)
AFTER = LATER + timedelta(days=1)


@pytest.fixture
def town(store: Any) -> Iterator[Any]:
    store.start_services([start_of(number) for number in (1, 2, 3)])
    store.record_bills([bill_of(1), bill_of(2)])
    with store.viewing(ANALYST, ["everything"]):
        yield store


def begin(town: Any) -> None:
    town.begin_combination(combination_of(), [combined_of(1), combined_of(2)])


class TestCombinations:
    def test_come_back_as_they_were_kept(self, town: Any) -> None:
        begin(town)
        found = town.combination("C-1")
        assert found.combination == combination_of()
        assert found.accounts == (combined_of(1), combined_of(2))
        assert found.statements == ()
        assert town.combination_ids() == ["C-1"]

    def test_are_not_known_before_they_were_learned(self, town: Any) -> None:
        begin(town)
        with pytest.raises(NotFound, match="no combination C-1"):
            town.combination("C-1", LEARNED - timedelta(seconds=1))
        assert town.combination("C-1", LEARNED).accounts
        assert town.combinations_of_account(account(1), LEARNED - timedelta(seconds=1)) == []

    def test_are_told_of_many_accounts_at_once(self, town: Any) -> None:
        begin(town)
        town.end_combined_account("C-1", account(2), ENDS, LATER)
        found = town.combined_accounts([account(1), account(2), account(3)])
        assert [(one.account_id, one.days) for one in found] == [
            (account(1), Validity(BEGINS)),
            (account(2), Validity(BEGINS, ENDS)),
        ]
        assert town.combined_accounts([account(3)]) == []

    def test_of_nobody_are_refused_whole(self, town: Any) -> None:
        with pytest.raises(NotFound, match="no account"):
            town.begin_combination(combination_of(), [combined_of(1), combined_of(9)])
        assert town.combination_ids() == []
        assert town.combinations_of_account(account(1)) == []

    def test_have_a_name_of_their_own(self, town: Any) -> None:
        begin(town)
        with pytest.raises(Conflict, match="There is a combination C-1 already"):
            town.begin_combination(combination_of(), [combined_of(3)])

    def test_have_an_account_once_on_a_day(self, town: Any) -> None:
        begin(town)
        other = replace(combination_of(), combination_id="C-2")
        with pytest.raises(Conflict, match=r"is in .*combination.* on one of the days"):
            town.begin_combination(other, [replace(combined_of(1), combination_id="C-2")])
        assert town.combination_ids() == ["C-1"]
        with pytest.raises(Conflict, match="nothing was changed"):
            town.combine_account(combined_of(2))

    def test_take_accounts_later(self, town: Any) -> None:
        begin(town)
        third = replace(combined_of(3), days=Validity(ENDS), learned_at=LATER)
        town.combine_account(third)
        assert town.combination("C-1").accounts_on(ENDS) == tuple(map(account, (1, 2, 3)))
        day_before = ENDS - timedelta(days=1)
        assert town.combination("C-1").accounts_on(day_before) == tuple(map(account, (1, 2)))
        assert town.combination("C-1", LEARNED).accounts == (combined_of(1), combined_of(2))

    def test_that_are_not_there_take_none(self, town: Any) -> None:
        with pytest.raises(NotFound, match="no combination C-1"):
            town.combine_account(combined_of(1))

    def test_end_with_every_account_and_leave_what_was_known(self, town: Any) -> None:
        begin(town)
        town.end_combination("C-1", ENDS, LATER)
        now = town.combination("C-1")
        assert now.combination.days == Validity(BEGINS, ENDS)
        assert {one.days for one in now.accounts} == {Validity(BEGINS, ENDS)}
        then = town.combination("C-1", LATER - timedelta(seconds=1))
        assert then.combination.days == Validity(BEGINS)
        with pytest.raises(Conflict, match="ended on 2025-06-01 already"):
            town.end_combination("C-1", ENDS, AFTER)

    @pytest.mark.parametrize(("ahead", "ends"), [(0, False), (1, True)])
    def test_end_after_their_first_day(self, town: Any, ahead: int, ends: bool) -> None:
        begin(town)
        day = BEGINS + timedelta(days=ahead)
        if ends:
            town.end_combination("C-1", day, LATER)
            return
        with pytest.raises(Conflict, match="cannot end on"):
            town.end_combination("C-1", day, LATER)

    def test_an_account_leaves_alone_and_may_join_another(self, town: Any) -> None:
        begin(town)
        town.end_combined_account("C-1", account(1), ENDS, LATER)
        assert town.combination("C-1").accounts_on(ENDS) == (account(2),)
        changed = {"combination_id": "C-2", "days": Validity(ENDS), "learned_at": AFTER}
        other = replace(combination_of(), **changed)
        joined = replace(combined_of(1), **changed)
        town.begin_combination(other, [joined])
        assert [one.combination_id for one in town.combinations_of_account(account(1))] == [
            "C-1",
            "C-2",
        ]
        with pytest.raises(NotFound, match="is not in combination C-1"):
            town.end_combined_account("C-1", account(3), ENDS, LATER)


class TestStatements:
    def test_come_back_as_they_were_kept(self, town: Any) -> None:
        begin(town)
        town.record_combined_statement(statement_of())
        (found,) = town.combination("C-1").statements
        assert found == statement_of()
        assert town.combination("C-1", LATER - timedelta(seconds=1)).statements == ()

    def test_are_found_by_their_number(self, town: Any) -> None:
        begin(town)
        town.record_combined_statement(statement_of())
        assert town.combined_statement("CB-C-1-1") == statement_of()
        assert town.combined_statement("CB-C-1") is None

    def test_charge_a_bill_once(self, town: Any) -> None:
        begin(town)
        town.record_combined_statement(statement_of())
        again = replace(statement_of(), statement_id="CB-C-1-2")
        with pytest.raises(Conflict, match=r"stands on .* already. It would be asked for twice"):
            town.record_combined_statement(again)
        assert len(town.combination("C-1").statements) == 1

    def test_take_a_bill_back_once_beside_its_charge(self, town: Any) -> None:
        begin(town)
        town.record_combined_statement(statement_of())
        back = tuple(
            replace(
                one,
                kind=CombinedKind.TAKEN_BACK,
                charges_cents=-one.charges_cents,
                asked_cents=-one.asked_cents,
            )
            for one in statement_of().bills
        )
        returned = replace(statement_of(), statement_id="CB-C-1-2", bills=back, learned_at=AFTER)
        town.record_combined_statement(returned)
        found = town.combination("C-1").statements
        assert sum(one.charges_cents for one in found) == 0

    def test_of_no_combination_are_refused(self, town: Any) -> None:
        with pytest.raises(NotFound, match="no combination C-1"):
            town.record_combined_statement(statement_of())


def test_the_companys_due_day_is_that_of_the_bills_from_the_statement_on(town: Any) -> None:
    begin(town)
    town.record_combined_statement(replace(statement_of(), learned_at=AFTER))
    own = bill_of(1)[0]
    for known_at, due in ((LATER, own.due_day), (AFTER, statement_of().due_day)):
        histories = town.late_histories([account(1), account(2)], known_at)
        assert [bill.due_day for one in histories.values() for bill in one.bills] == [due, due]
        columns = town.late_columns([account(1), account(2)], known_at)
        assert columns.bills.due.tolist() == [due.toordinal()] * 2


def dues_of(money: AccountMoney, day: date) -> dict[str, date]:
    return due_days_of(money, at=day, known_at=AFTER)


def test_the_companys_day_is_told_with_an_accounts_money(town: Any) -> None:
    """So that aging, open items and pages go by it from the statement's day on."""
    begin(town)
    at = statement_of().issued_day

    def dues(day: date) -> dict[str, set[date]]:
        each = town.each_owing(day, lambda one, money: (one.account_id, dues_of(money, day)))
        whole = town.account_money([account(1), account(2)], with_due_days=True)
        told = {name: set(found.values()) for name, found in each}
        assert told == {name: set(dues_of(one, day).values()) for name, one in whole.items()}
        return told

    own = bill_of(1)[0].due_day
    assert dues(at) == {account(1): {own}, account(2): {own}}
    town.record_combined_statement(statement_of())
    assert dues(at - timedelta(days=1)) == {account(1): {own}, account(2): {own}}
    companys = statement_of().due_day
    assert dues(at) == {account(1): {companys}, account(2): {companys}}


def test_are_read_by_a_named_viewer_alone(store: Any) -> None:
    for ask in (
        lambda: store.combination("C-1"),
        lambda: store.combinations_of_account(account(1)),
        lambda: store.combination_ids(),
    ):
        with pytest.raises(NotViewing):
            ask()


@pytest.mark.postgres
def test_an_account_in_two_on_a_day_is_refused_by_the_database_itself(
    postgres: Any, application: Any
) -> None:
    """Two agents may both have looked and found none: the constraint cannot be raced."""
    postgres.start_services([start_of(1), start_of(2)])
    with postgres.viewing(ANALYST, ["everything"]):
        begin(postgres)
    with pytest.raises(errors.ExclusionViolation, match="one_combination_a_day"):
        application.execute(
            "INSERT INTO combined_account (combination_id, account_id, days, known)"
            " VALUES ('C-2', %s, daterange('2025-05-01', NULL), tstzrange('2025-05-01', NULL))",
            [account(1)],
        )


@pytest.mark.postgres
def test_a_statement_that_is_not_the_sum_of_its_bills_is_refused_by_the_database(
    postgres: Any, application: Any
) -> None:
    postgres.start_services([start_of(1), start_of(2)])
    postgres.record_bills([bill_of(1), bill_of(2)])
    with postgres.viewing(ANALYST, ["everything"]):
        keep_combinations(postgres)
    application.execute(
        "INSERT INTO combined_statement (statement_id, combination_id, customer, issued_day,"
        " due_day, charges_cents, asked_cents, reasons, learned_at) VALUES ('CB-race', 'C-1', 'x',"
        " '2025-06-01', '2025-06-25', 1, 1, '[]', '2025-06-01')"
    )
    with pytest.raises(errors.CheckViolation, match="is not the sum of its bills"):
        application.commit()
