"""A receipt that is divided over a combined statement: the same on both stores, and guarded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from psycopg import errors
from tests.journeys.desk_of_payments import BY_CHECK, NOW, RECEIVED, TODAY, desk_of, pay, view
from tests.journeys.test_combined_payments import ASKED, STATEMENT
from tests.stores.combined_paper import account, keep_combinations
from tests.stores.paper_town import ANALYST, bill_of, start_of

from meterledger.facts.payments import ReceiptState, Totals
from meterledger.stores.postgres import PostgresStore
from meterledger.usecases.payment_ports import Moved
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.post_payments import Act, post_unapplied
from meterledger.usecases.settle_payment import assign_to_statement, reverse_payment
from meterledger.usecases.take_payment import receipt_of

KEY = "W-1"
PARTS = [f"{KEY}:{account(number)}" for number in (1, 2)]
WHO = {"by": "Ana", "reason": "the school called"}
DAYS = (RECEIVED, RECEIVED + timedelta(days=1))


def keep_waiting(store: Any) -> None:
    """Two accounts whose first bills stand on a statement, and a check that names nobody."""
    store.start_services([start_of(1), start_of(2)])
    store.record_bills([bill_of(number, month) for number in (1, 2) for month in (0, 1)])
    keep_combinations(store)
    check = receipt_of(
        account_id="77",
        cents=ASKED,
        payment_key=KEY,
        received_day=RECEIVED,
        learned_at=NOW,
        view=view(),
        how=BY_CHECK,
    )
    store.post_receipts([post_unapplied(check, Act(NOW, TODAY, reason="nobody has it"))])


@pytest.fixture
def waiting(store: Any) -> Iterator[Any]:
    with store.viewing(ANALYST, ["all"]):
        keep_waiting(store)
        yield store


def divide(store: Any) -> None:
    assign_to_statement(KEY, STATEMENT, desk=desk_of(store, minutes=1), **WHO)


def states(store: Any) -> list[ReceiptState]:
    return [store.receipt(one).state for one in (KEY, *PARTS)]


def test_is_kept_with_its_parts_and_counts_by_them(waiting: Any) -> None:
    divide(waiting)

    posted = ReceiptState.POSTED
    assert states(waiting) == [ReceiptState.DIVIDED, posted, posted]
    (totals,) = waiting.receipt_totals(*DAYS)
    assert (totals.received, totals.by_state) == (Totals(2, ASKED), ((posted, Totals(2, ASKED)),))
    assert waiting.trial_balance().get("253.unapplied", 0) == 0
    assert waiting.receipt(KEY).steps[-1].entry_id == f"payment:{PARTS[0]}"


def test_goes_back_whole_and_once(waiting: Any) -> None:
    divide(waiting)
    reverse_payment(KEY, on=TODAY, desk=desk_of(waiting, minutes=2), **WHO)

    assert states(waiting) == [ReceiptState.RETURNED] * 3
    (totals,) = waiting.receipt_totals(*DAYS)
    assert totals.by_state == ((ReceiptState.RETURNED, Totals(2, ASKED)),)
    assert waiting.trial_balance().get("253.unapplied", 0) == 0


def refused_parts(store: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, list[Any]]:
    """What the journey would keep."""
    kept: list[Any] = []
    with monkeypatch.context() as then:
        then.setattr(store, "divide_receipt", lambda *told: kept.append(told))
        with pytest.raises(NotFound):  # nothing was kept, so that no check is found after it
            divide(store)
    whole, parts = kept[0]
    return whole, list(parts)


def test_is_not_divided_into_less_or_by_two_at_once(
    waiting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, parts = refused_parts(waiting, monkeypatch)

    for some in (parts[:1], [], [parts[0], parts[0]]):
        with pytest.raises((Conflict, Moved)):
            waiting.divide_receipt(whole, some)
    assert waiting.receipt(KEY).state is ReceiptState.UNAPPLIED
    assert not waiting.known_receipts(PARTS)
    waiting.divide_receipt(whole, parts)
    with pytest.raises(Moved):
        waiting.divide_receipt(whole, parts)


STEP = (
    "INSERT INTO receipt_step (payment_key, number, act, state, on_day, by, reason, learned_at,"
    " entry_id) VALUES (%s, %s, %s, 'divided', '2026-12-01', 'Ana', 'why', now(), %s)"
)


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("step", "constraint"),
    [
        (["K-1", 2, "assigned", "payment:K-1"], "receipt_steps_follow"),
        ([KEY, 2, "taken", f"unapplied:{KEY}"], "a_receipt_is_divided_by_a_person"),
        ([KEY, 2, "assigned", None], "a_receipt_is_divided_by_a_person"),
        ([KEY, 2, "assigned", f"unapplied:{KEY}"], "parts_are_all_of_a_receipt"),
        ([KEY, 2, "assigned", "payment:K-1"], "parts_are_all_of_a_receipt"),
    ],
)
def test_the_database_itself_refuses_one_that_is_not_its_parts(
    postgres: PostgresStore, application: Any, step: list[Any], constraint: str
) -> None:
    with postgres.viewing(ANALYST, ["all"]):
        keep_waiting(postgres)
        pay(postgres, 1_00, key="K-1")
    application.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(errors.CheckViolation) as refused:
        application.execute(STEP, step)
    assert refused.value.diag.constraint_name == constraint
