"""The method follows the day: until 2020-07-09 the use of a month, then daily use.

No rate of the book is as old, so the closing figure is asked for without a bill around it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.journeys.register_town import NEXT, RegisterTown
from tests.journeys.town import VIEWER

from meterledger.billing import BillWindow
from meterledger.facts.bills import BillKind
from meterledger.facts.estimates import Method
from meterledger.facts.registers import BilledRead, ReadBasis
from meterledger.kernel.span import DaySpan, Validity
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.register_estimates import Closing, estimate_closing
from meterledger.usecases.register_history import EarlierBill
from meterledger.usecases.register_windows import (
    EstimatedByPerson,
    files_on_registers,
    gather,
    register_window,
)

CAME = date(2024, 6, 1)
OPENING = BilledRead(1_000, 1_591_600_000, ReadBasis.ACTUAL, "01000")
TEXT_ENDS = date(2020, 7, 9)


@pytest.fixture
def town(first_book: Any) -> Iterator[RegisterTown]:
    made = RegisterTown(book=first_book)
    with made.store.viewing(VIEWER, []):
        made.meter(1, came=CAME)
        yield made


def billed(from_day: date, until_day: date, energy_wh: int, account: str) -> EarlierBill:
    bill = StoredBill(
        *("B", account, "AG", DaySpan(from_day, until_day), until_day, until_day, 0, b"", ""),
        *(datetime(2019, 1, 1, tzinfo=UTC), 0, 0, ""),
    )
    return EarlierBill(bill, {"energy_wh": energy_wh})


def closing(
    town: RegisterTown, days: DaySpan, *earlier: EarlierBill, kind: BillKind = BillKind.REGULAR
) -> Closing:
    """Of a meter that came a year before, without a read in the window."""
    (service,) = town.services(1, known_at=NEXT)
    window = BillWindow(DaySpan(date(2025, 6, 1), date(2025, 7, 1)), kind)
    files = files_on_registers(["M1"], NEXT, town.store)
    there = service.installations
    gathered = gather(
        [(service, there)], window.days, view=town.view, at_sequence=0,
        store=town.store,
    )  # fmt: skip
    known = register_window(
        service, window, there, gathered, files, known_at=NEXT, on=window.days.until_day,
        sequence=0, view=town.view, store=town.store,
    )  # fmt: skip
    (stay,) = known.stays
    since = Validity(date(2019, 6, 1))
    places = tuple(replace(one, days=since) for one in stay.file.installations)
    old = replace(
        known,
        window=replace(window, days=days),
        earlier=earlier,
        stays=(replace(stay, days=days, file=replace(stay.file, installations=places)),),
    )
    return estimate_closing(old, OPENING, [], late=False)


def test_the_day_before_the_text_changes_the_same_month_is_repeated(town: RegisterTown) -> None:
    account = town.account_id(1)
    days = DaySpan(date(2020, 6, 8), TEXT_ENDS)
    last_year = billed(date(2019, 6, 10), date(2019, 7, 10), 300_000, account)
    found = closing(town, days, last_year)
    (kept,) = found.estimates
    assert kept.estimate.method is Method.SAME_MONTH_PRIOR_YEAR
    assert kept.estimate.energy_wh == 300_000  # for 31 days as for 30
    assert (found.read.figures, found.read.ahead_wh) == ("01300", 300_000)


def test_on_the_day_it_changes_daily_use_is_taken_instead(town: RegisterTown) -> None:
    account = town.account_id(1)
    days = DaySpan(date(2020, 6, 9), date(2020, 7, 10))
    last_year = billed(date(2019, 6, 10), date(2019, 7, 10), 300_000, account)
    found = closing(town, days, last_year)
    (kept,) = found.estimates
    assert kept.estimate.method is Method.AMI_REGISTER_01
    assert kept.estimate.energy_wh == 310_000


def test_the_month_before_is_second_and_only_the_customers_own(town: RegisterTown) -> None:
    days = DaySpan(date(2020, 6, 8), TEXT_ENDS)
    before = date(2020, 5, 8), date(2020, 6, 8), 250_000
    found = closing(town, days, billed(*before, town.account_id(1)))
    assert found.estimates[0].estimate.method is Method.PRECEDING_MONTH
    assert found.estimates[0].estimate.energy_wh == 250_000
    with pytest.raises(EstimatedByPerson, match="Nor in the immediately preceding month"):
        closing(town, days, billed(*before, town.account_id(2)))


def test_a_last_bill_was_refined_by_a_person(town: RegisterTown) -> None:
    days = DaySpan(date(2020, 6, 8), TEXT_ENDS)
    last_year = billed(date(2019, 6, 10), date(2019, 7, 10), 300_000, town.account_id(1))
    with pytest.raises(EstimatedByPerson, match="a person refines the estimate"):
        closing(town, days, last_year, kind=BillKind.FINAL)
