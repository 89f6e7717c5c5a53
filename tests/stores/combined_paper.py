"""A combination on paper: two accounts of the paper town and a statement of their first bills."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.stores.paper_town import CLAUSE, LATER, LEARNED, account_id, bill_of

from meterledger.facts.combination import (
    Combination,
    CombinedAccount,
    CombinedBill,
    CombinedKind,
    CombinedStatement,
)
from meterledger.kernel.decision import Reason
from meterledger.kernel.span import Validity

BEGINS = date(2025, 1, 15)
WHY = (Reason("a written request came", CLAUSE),)


def account(number: int) -> str:
    return account_id(number)


def combination_of() -> Combination:
    return Combination("C-1", "Ana Rivera", Validity(BEGINS), LEARNED, WHY, "person-1")


def combined_of(number: int) -> CombinedAccount:
    return CombinedAccount("C-1", account(number), Validity(BEGINS), LEARNED)


def statement_of() -> CombinedStatement:
    bills = [bill_of(number)[0] for number in (1, 2)]
    return CombinedStatement(
        statement_id="CB-C-1-1",
        combination_id="C-1",
        customer="Ana Rivera",
        issued_day=date(2025, 3, 1),
        due_day=date(2025, 3, 25),
        bills=tuple(
            CombinedBill(
                one.account_id,
                one.bill_id,
                CombinedKind.CHARGED,
                one.days,
                one.total_cents,
                one.asked_cents,
            )
            for one in bills
        ),
        reasons=WHY,
        learned_at=LATER,
    )


def keep_combination_of_one(store: Any) -> None:
    """A combination of the first account, whose person it is of."""
    store.begin_combination(combination_of(), [combined_of(1)])


def keep_combinations(store: Any) -> None:
    """A row in every table of combinations; the first two accounts have a bill already."""
    store.begin_combination(combination_of(), [combined_of(1), combined_of(2)])
    store.record_combined_statement(statement_of())
