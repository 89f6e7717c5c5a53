"""A deposit is replayed by the revision its record names, also where that name had several rules.

Ten dollars of the first bill are paid on its day, and ten come by mail within the grace.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from tests.journeys.deposit_town import Home, begin_checkout, home_of

from meterledger.facts.deposits import Deposit
from meterledger.kernel.canonical import canonical_bytes
from meterledger.usecases import deposit_decide, deposit_record
from meterledger.usecases.deposit_history import HowPaid, account_history
from meterledger.usecases.deposit_record import read_decision, revision_of
from meterledger.usecases.deposit_replay import DepositReplay, replay_deposit
from meterledger.usecases.deposit_revisions import (
    REVISIONS,
    TODAY,
    UNNAMED,
    FactsBy,
    RevisionUnknown,
)
from meterledger.usecases.take_payment import How

BILLED = date(2025, 8, 1)
TAMPERED = {"tampered_or_diverted": True}
(SECOND_NAME,) = REVISIONS["deposit-2"]
FOURTH, THIRD, SECOND, FIRST, _ = REVISIONS["deposit-1"]


@pytest.fixture
def home(town: Any) -> Home:
    home = home_of(town, until=date(2025, 8, 2))
    assert home.bill(BILLED) is not None
    home.pay(10_00, BILLED)
    home.pay(10_00, date(2025, 8, 26), how=How(is_mailed=True))
    return home


def noticed(
    home: Home, by: FactsBy, monkeypatch: pytest.MonkeyPatch, name: str | None = None
) -> Deposit:
    """A notice of a release whose facts were read by these rules; the first named no revision."""

    def as_then(record: Mapping[str, Any]) -> bytes:
        told = {**record, "calculation_revision": name or by.revision}
        if name is None and by.revision == UNNAMED:
            del told["calculation_revision"]
        return canonical_bytes(told)

    with monkeypatch.context() as then:
        then.setattr(deposit_decide, "account_history", partial(account_history, by=by))
        then.setattr(deposit_record, "canonical_bytes", as_then)
        return home.notice(date(2025, 9, 15), TAMPERED).deposit


def replayed(home: Home, deposit: Deposit) -> DepositReplay:
    return replay_deposit(deposit.deposit_id, store=home.town.store, book=home.town.book)


@pytest.mark.parametrize(
    ("by", "paid_in_time_usd", "less_owed_usd"),
    [
        (TODAY, "20.00", 0),
        (SECOND_NAME, "20.00", 0),
        (FOURTH, "20.00", 0),
        (THIRD, "10.00", 10),  # what came on the bill's day was paid before it
        (SECOND, "0.00", 10),  # and the mail was late
    ],
)
def test_what_a_revision_recorded_is_replayed_as_it_was(
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    by: FactsBy,
    paid_in_time_usd: str,
    less_owed_usd: int,
) -> None:
    deposit = noticed(home, by, monkeypatch)

    record = read_decision(deposit.steps[0]) or {}
    (bill,) = record["own"]["history"]["bills"]
    assert bill["paid_in_time_usd"] == paid_in_time_usd
    assert Decimal(bill["outstanding_usd"]) == Decimal(bill["total_usd"]) - less_owed_usd
    assert revision_of(deposit.steps[0]) == by.revision
    again = replayed(home, deposit)
    assert again.same, again.as_json()
    note = "" if by == TODAY else f"Its facts are those of revision {by.revision}"
    assert again.steps[0].note == note


def test_facts_of_an_older_rule_are_none_of_a_record_that_names_todays(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = replayed(home, noticed(home, THIRD, monkeypatch, TODAY.revision))

    assert not again.same
    assert again.steps[0].differences == (
        "our bills and payments as known then say something else",
    )


def test_facts_of_no_rule_are_those_of_no_revision(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    neither = FactsBy("deposit-1", counts_mail_in_grace=False)

    again = replayed(home, noticed(home, neither, monkeypatch))

    assert not again.same
    assert again.steps[0].note == (
        "Its record is of revision deposit-1, which stood for 5 rules; they differ under each"
    )


def test_a_revision_of_a_later_release_is_refused(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    deposit = noticed(home, TODAY, monkeypatch, "deposit-9")

    known = ", ".join(f"deposit-{number}" for number in range(1, 6))
    with pytest.raises(RevisionUnknown, match=f"'deposit-9' .* knows {known}"):
        replayed(home, deposit)


@pytest.mark.parametrize(("by", "left_out"), [(SECOND, True), (FIRST, False)])
def test_the_first_rules_knew_of_no_checkouts(home: Home, by: FactsBy, left_out: bool) -> None:
    owed = home.town.store.balance_cents(home.account)
    begin_checkout(home, "C-1", owed + 10_00, datetime(2025, 8, 20, 18, tzinfo=UTC))
    home.now += timedelta(minutes=1)

    told = account_history(
        home.account,
        on=date(2025, 8, 25),
        known_at=home.now,
        store=home.town.store,
        view=home.view,
        by=by,
    )

    assert [one.paid for one in told.bills] == ([] if left_out else [HowPaid.UNPAID])
