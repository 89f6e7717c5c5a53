"""A late charge or fee is due with the first bill whose statement asks for it, and not before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from meterledger.facts.receivables import AccountMoney, BillShown, Movement
from meterledger.ledger import due_days_of

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
ISSUED = date(2025, 3, 2)
FIRST = BillShown("B-1", ISSUED, date(2025, 3, 23), NOW)
NEXT = BillShown("B-2", date(2025, 4, 1), date(2025, 4, 22), NOW + timedelta(days=30))


def due(
    *bills: BillShown,
    name: str = "late:A-1:2025-02-21",
    charged: date = ISSUED,
    learned_at: datetime = NOW,
    control: str = "142",
    cents: int = 150,
    reversals: tuple[Movement, ...] = (),
    at: date = date(2025, 6, 30),
) -> date | None:
    charge = Movement(name, charged, learned_at, cents, control)
    kept = tuple((f"bill:{one.bill_id}", one.due_day) for one in bills)
    moved = (charge, *reversals)
    money = AccountMoney("A-1", FIRST.issued_day, moved, (), kept, bills)
    found = due_days_of(money, at=at, known_at=NOW)
    assert dict(kept).items() <= found.items()
    return found.get(name)


def test_without_a_bill_since_nobody_has_asked_for_it() -> None:
    assert due() is None
    assert due(FIRST, charged=ISSUED + timedelta(days=1)) is None


@pytest.mark.parametrize("name", ["late:A-1:2025-02-21", "fee:S-1", "ext-guarantee:C.1"])
def test_it_is_due_with_the_bill_of_its_day_or_the_next(name: str) -> None:
    assert due(FIRST, NEXT, name=name) == FIRST.due_day
    assert due(FIRST, NEXT, name=name, charged=ISSUED + timedelta(days=1)) == NEXT.due_day


def test_what_we_learn_of_after_a_bill_is_on_the_one_after() -> None:
    assert due(FIRST, NEXT, learned_at=NOW + timedelta(seconds=1)) == NEXT.due_day


STATED = replace(FIRST, stated_on=date(2025, 3, 5), stated_due=date(2025, 4, 2))


@pytest.mark.parametrize(
    ("at", "day"), [(date(2025, 3, 4), date(2025, 3, 23)), (date(2025, 3, 5), date(2025, 4, 2))]
)
def test_a_bill_of_a_combined_statement_is_due_on_the_companys_day_from_it_on(
    at: date, day: date
) -> None:
    """GRR V.B: one due date, chosen by the Company. So is what its balance asks for."""
    charge = Movement("late:A-1:2025-02-21", ISSUED, NOW, 150, "142")
    kept = (("bill:B-1", FIRST.due_day),)
    money = AccountMoney("A-1", ISSUED, (charge,), (), kept, (STATED,))
    found = due_days_of(money, at=at, known_at=NOW)
    assert found == {"bill:B-1": day, "late:A-1:2025-02-21": day}


@pytest.mark.parametrize("by", [FIRST, STATED])
@pytest.mark.parametrize(("seconds", "is_later"), [(-1, False), (0, True)])
def test_a_bill_that_went_out_late_is_due_later_once_that_was_known(
    by: BillShown, seconds: int, is_later: bool
) -> None:
    """So is what stands in its balance. An earlier day by a document moves nothing."""
    made_at, day = NOW + timedelta(days=9), date(2025, 4, 20)
    went = ((made_at - timedelta(days=1), ISSUED), (made_at, day))
    charge = Movement("late:A-1:2025-02-21", ISSUED, NOW, 150, "142")
    money = AccountMoney("A-1", ISSUED, (charge,), bills=(replace(by, later=went),))
    known_at = made_at + timedelta(seconds=seconds)
    found = due_days_of(money, at=date(2025, 3, 5), known_at=known_at)
    due = day if is_later else by.stated_due or by.due_day
    assert found == {"bill:B-1": due, "late:A-1:2025-02-21": due}


def test_a_bill_that_was_cancelled_leaves_it_to_what_takes_its_place() -> None:
    gone = replace(FIRST, cancelled_on=date(2025, 3, 10))
    corrected = replace(FIRST, bill_id="B-1-v2", issued_day=date(2025, 3, 10), due_day=NEXT.due_day)
    assert due(gone) is None
    assert due(gone, corrected) == corrected.due_day


@pytest.mark.parametrize("cents", [100, 0])
@pytest.mark.parametrize(("days", "is_first"), [(-1, True), (0, False), (1, False)])
def test_a_bill_cancelled_after_the_day_asked_about_still_asks_on_it(
    days: int, is_first: bool, cents: int
) -> None:
    """A bill of zero posted nothing, and nothing of it is taken back."""
    on = date(2025, 6, 10)
    gone = replace(FIRST, cancelled_on=on)
    back = (Movement("reversal:bill:B-1", on, NOW, -cents, reverses="bill:B-1"),) if cents else ()
    corrected = replace(FIRST, bill_id="B-1-v2", issued_day=on, due_day=date(2025, 7, 1))
    found = due(gone, corrected, reversals=back, at=on + timedelta(days=days))
    assert found == (gone if is_first else corrected).due_day


def test_what_stands_on_no_statement_has_none() -> None:
    assert due(FIRST, name="special:S-1", control="143") is None


def test_a_credit_is_not_due() -> None:
    assert due(FIRST, name="credit:C-1", cents=-150) is None
