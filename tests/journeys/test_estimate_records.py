"""Why a bill was estimated, and what was tried to read the meter, is on record beside the bill."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from tests.journeys.register_town import RegisterTown
from tests.journeys.test_register_estimates import grown, only
from tests.journeys.town import VIEWER
from tests.journeys.usage_town import (
    AFTER,
    DAY,
    NEXT,
    NIGHT,
    UsageTown,
    Values,
    usage_town,
    weekly,
    with_gap,
)

from meterledger.facts.estimates import EstimateCause
from meterledger.facts.meters import MeterKind
from meterledger.facts.usage_log import ReadingEffort
from meterledger.kernel.span import DaySpan
from meterledger.usage import Effort
from meterledger.usecases.estimate_missing import estimate_missing
from meterledger.usecases.estimate_records import (
    MeterOnRecord,
    decision_on,
    estimated_bills,
    records_of,
)
from meterledger.usecases.explain_bill import explain_bill
from meterledger.usecases.ports import StoredBill

BEGIN, OCTOBER, NOVEMBER = date(2025, 9, 1), date(2025, 10, 1), date(2025, 11, 1)
BY_NIGHT, BY_PERSON, READ, NIGHT_AND_PERSON = 1, 2, 3, 4
"""Homes by who estimated their October; the third was read on every day of it."""
NO_EFFORT = ("every effort to obtain an actual reading",)
DEVICE = EstimateCause.REMOTE_DEVICE_FAILED


def without_the_day(day: date, count: int) -> list[int | None]:
    return [None] * count if day == DAY else weekly(day, count)


def person_estimates(town: UsageTown, number: int) -> None:
    made = estimate_missing(
        f"M{number}",
        [DAY],
        author="Dana Cole",
        reason="The radio has failed",
        cause=EstimateCause.NO_ACCESS,
        at=NIGHT,
        store=town.store,
        lake=town.lake,
        view=town.view,
    )
    assert (len(made.edits), made.left) == (1, ())


def arrive(town: UsageTown, number: int, values: Values) -> None:
    town.arrive(f"M{number}", (BEGIN, NOVEMBER), values)


@pytest.fixture(scope="module")
def billed(tmp_path_factory: pytest.TempPathFactory) -> tuple[UsageTown, dict[int, StoredBill]]:
    """Homes billed for October, three of them with estimates."""
    made = usage_town(Path(tmp_path_factory.mktemp("on_record")))
    with made.store.viewing(VIEWER, []):
        for number in (BY_NIGHT, BY_PERSON, READ, NIGHT_AND_PERSON):
            made.start(number, from_day=OCTOBER)
        made.validate(meter_ids=[f"M{NIGHT_AND_PERSON}"])  # which has sent nothing yet
        arrive(made, BY_NIGHT, with_gap(DAY, 10, 14))
        arrive(made, BY_PERSON, with_gap(DAY, 10, 14))
        arrive(made, READ, weekly)
        arrive(made, NIGHT_AND_PERSON, without_the_day)
        made.validate(meter_ids=[f"M{BY_NIGHT}"])
        person_estimates(made, BY_PERSON)
        person_estimates(made, NIGHT_AND_PERSON)
        run = made.bill(*(BY_NIGHT, BY_PERSON, READ, NIGHT_AND_PERSON), on=NOVEMBER, known_at=NEXT)
        assert not [one.sentence for one in run.held]
        bills = {
            number: made.store.bills_of_account(made.account_id(number))[0]
            for number in (BY_NIGHT, BY_PERSON, READ, NIGHT_AND_PERSON)
        }
    return made, bills


@pytest.fixture
def town(billed: tuple[UsageTown, dict[int, StoredBill]]) -> Iterator[UsageTown]:
    with billed[0].store.viewing(VIEWER, []):
        yield billed[0]


@pytest.fixture
def bills(billed: tuple[UsageTown, dict[int, StoredBill]]) -> dict[int, StoredBill]:
    return billed[1]


def on_record(town: UsageTown, bill: StoredBill) -> MeterOnRecord:
    (found,) = records_of(bill, store=town.store, view=town.view)
    return found


def tell(town: UsageTown, number: int, day: date, *, at: datetime = NIGHT) -> ReadingEffort:
    meter = f"M{number}"
    effort = ReadingEffort(
        *(town.pseudonym(meter), meter, day), "field_visit", "gate locked", "Ben Ito", at
    )
    town.store.record_effort(effort)
    return effort


class TestANightThatLooked:
    def test_is_the_record_of_a_scheduled_reading_that_failed(
        self, town: UsageTown, bills: dict[int, StoredBill]
    ) -> None:
        found = on_record(town, bills[BY_NIGHT])

        assert (found.meter_id, found.cause, found.missing) == ("M1", DEVICE, ())
        assert found.looked_days == (DAY,)
        assert [one.at for one in found.looks] == [NIGHT]
        assert found.efforts == ()
        assert found.citation is not None
        assert found.citation.text == "Sheet 131, rev. 4, GRR V.E.1"

    def test_counts_also_where_a_person_then_estimated(
        self, town: UsageTown, bills: dict[int, StoredBill]
    ) -> None:
        found = on_record(town, bills[NIGHT_AND_PERSON])

        assert (found.cause, found.looked_days) == (EstimateCause.NO_ACCESS, (DAY,))
        assert found.missing == ()

    def test_of_after_the_bill_is_no_effort_for_it(
        self, town: UsageTown, bills: dict[int, StoredBill]
    ) -> None:
        before = replace(bills[NIGHT_AND_PERSON], known_at=NIGHT - timedelta(seconds=1))

        assert on_record(town, before).looks == ()


class TestABillWithoutAnyEffort:
    def test_has_left_and_its_record_says_what_it_lacks(
        self, town: UsageTown, bills: dict[int, StoredBill]
    ) -> None:
        found = on_record(town, bills[BY_PERSON])

        assert (found.cause, found.looks, found.efforts) == (EstimateCause.NO_ACCESS, (), ())
        assert found.missing == NO_EFFORT

    def test_of_which_nothing_was_logged_lacks_the_reason_as_well(
        self, town: UsageTown, bills: dict[int, StoredBill]
    ) -> None:
        found = on_record(town, replace(bills[BY_PERSON], lake_sequence=0))

        assert found.cause is None
        assert found.missing == ("the reason why it was estimated", *NO_EFFORT)

    def test_is_told_by_why_and_keeps_its_bytes(
        self, town: UsageTown, bills: dict[int, StoredBill]
    ) -> None:
        bill = bills[BY_PERSON]
        told = explain_bill(bill_id=bill.bill_id, store=town.store, book=town.book)

        assert told["estimate_records"] == [on_record(town, bill).as_json()]
        assert told["estimate_records"][0]["missing"] == list(NO_EFFORT)
        assert b"effort" not in bill.record
        assert town.replay(bill.bill_id).same_bytes


class TestABillOnReadings:
    def test_has_no_such_record(self, town: UsageTown, bills: dict[int, StoredBill]) -> None:
        assert records_of(bills[READ], store=town.store, view=town.view) == ()
        told = explain_bill(bill_id=bills[READ].bill_id, store=town.store, book=town.book)
        assert "estimate_records" not in told


@pytest.mark.parametrize(
    ("day", "counts"),
    [
        (date(2025, 9, 30), False),
        (date(2025, 10, 1), True),
        (date(2025, 10, 31), True),
        (date(2025, 11, 8), True),  # its reading may still be the closing one
        (date(2025, 11, 9), False),
    ],
)
def test_an_effort_counts_for_its_window(tmp_path: Path, day: date, counts: bool) -> None:
    """Written down after the bill, it is on record all the same."""
    town = usage_town(tmp_path)
    with town.store.viewing(VIEWER, []):
        town.start(1, from_day=OCTOBER)
        town.arrive("M1", (BEGIN, NOVEMBER), without_the_day, seconds=3600)
        person_estimates(town, 1)
        town.bill(1, on=NOVEMBER, known_at=NEXT)
        (bill,) = town.store.bills_of_account(town.account_id(1))
        effort = tell(town, 1, day, at=AFTER)
        found = on_record(town, bill)

    assert found.efforts == ((effort,) if counts else ())
    assert found.missing == (() if counts else NO_EFFORT)


def test_a_register_without_a_closing_read_needs_somebody_who_tried() -> None:
    """That a bill found no read does not say that anybody went."""
    town = RegisterTown()
    with town.store.viewing(VIEWER, []):
        grown(town, kind=MeterKind.MANUAL)
        only(town.bill_month(1, date(2026, 6, 1)))
        bill = town.store.bills_of_account(town.account_id(1))[-1]
        (before,) = records_of(bill, store=town.store, view=town.view)
        town.store.record_effort(
            ReadingEffort(
                *(town.pseudonym("M1"), "M1", date(2026, 6, 30)),
                *("field_visit", "gate locked", "Ben Ito", AFTER),
            )
        )
        (after,) = records_of(bill, store=town.store, view=town.view)

    assert (before.looks, before.missing) == ((), NO_EFFORT)
    assert after.missing == ()


@pytest.mark.parametrize(("day", "asked"), [(date(2014, 7, 26), False), (date(2014, 7, 27), True)])
def test_no_text_asked_for_a_record_before_2014_07_27(
    town: UsageTown, day: date, asked: bool
) -> None:
    decision = decision_on(None, [], day=day, view=town.view)
    assert (decision is not None) is asked
    tried = decision_on(DEVICE, [Effort(day, "poll: no answer")], day=day, view=town.view)
    assert (tried is not None and tried.outcome.complete) is asked


class TestTheListOfEstimatedBills:
    def test_has_every_live_bill_with_estimates(
        self, town: UsageTown, bills: dict[int, StoredBill]
    ) -> None:
        steps: list[int] = []
        found = list(estimated_bills(store=town.store, book=town.book, progress=steps.append))

        assert [one.bill.bill_id for one in found] == [
            bills[number].bill_id for number in (BY_NIGHT, BY_PERSON, NIGHT_AND_PERSON)
        ]
        assert [one.lacks for one in found] == [False, True, False]
        assert found[0].percent == "0.1"
        assert steps == [4]

    @pytest.mark.parametrize(
        ("first", "last", "count"),
        [
            (date(2025, 11, 1), date(2025, 11, 1), 3),
            (date(2025, 10, 1), date(2025, 10, 31), 0),
            (date(2025, 11, 2), date(2025, 11, 30), 0),
        ],
    )
    def test_is_of_the_days_of_issue_that_are_asked_about(
        self, town: UsageTown, first: date, last: date, count: int
    ) -> None:
        issued = DaySpan(first, last + timedelta(days=1))
        found = list(estimated_bills(store=town.store, book=town.book, issued=issued))
        assert len(found) == count

    def test_is_of_the_accounts_that_are_asked_about(self, town: UsageTown) -> None:
        account = town.account_id(BY_PERSON)
        (one,) = estimated_bills(store=town.store, book=town.book, accounts=[account])
        assert (one.bill.account_id, one.lacks) == (account, True)

    def test_leaves_out_a_bill_that_was_cancelled(
        self, town: UsageTown, bills: dict[int, StoredBill], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cancelled = replace(bills[BY_PERSON], cancelled_by="B-2", cancelled_at=AFTER)
        account = cancelled.account_id
        monkeypatch.setattr(town.store, "bills_of_accounts", lambda asked: {account: [cancelled]})
        assert not list(estimated_bills(store=town.store, book=town.book, accounts=[account]))
