"""Sentences of bills that said "1 days" and the like: mended, and the old records replay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.journeys.programs_town import BEGINS, KNOWN, ProgramTown
from tests.journeys.test_rebill import FOUND, JULY, SEPTEMBER, correct, reads
from tests.journeys.town import VIEWER, Town, even

from meterledger.billing import adjust_residential, our_delay, proration
from meterledger.billing.our_delay import may_late_charge_cover
from meterledger.facts.bills import Bill
from meterledger.usecases import beside_usage
from meterledger.usecases.rebill import Evidence
from meterledger.usecases.replay_bill import Replay
from meterledger.usecases.words_of_before import SPOKEN, as_worded_before


@pytest.fixture
def as_before(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Bills inside it are worded as they were before."""

    def severally(count: int, noun: str, plural: str = "") -> str:
        return f"{count} {plural or noun + 's'}"

    def run(work: Callable[[], Any]) -> Any:
        with monkeypatch.context() as patched:
            for module in (adjust_residential, our_delay, beside_usage):
                patched.setattr(module, "many", severally)
            patched.setattr(proration, "_days_are", lambda count: f"{count} days are")
            return work()

    return run


@pytest.fixture
def solar() -> Iterator[ProgramTown]:
    made = ProgramTown()
    with made.store.viewing(VIEWER, ["everything"]):
        made.begin(1, "PL-R1")
        made.read("M1", (BEGINS, date(2026, 8, 1)), even(200))
        yield made


@pytest.fixture
def home(first_book: Any) -> Iterator[Town]:
    made = Town(book=first_book)
    with made.store.viewing(VIEWER, ["everything"]):
        yield made


def findings(bill: Bill) -> list[str]:
    return [one.finding for one in bill.reasons]


def blocks(town: ProgramTown, count: int) -> Bill:
    town.join(1, "prairie_solar", blocks=count, on=BEGINS)
    (made,) = town.bill(1, on=date(2026, 3, 2), known_at=KNOWN).issued
    return made


def of_one_day(town: Town, days: int = 1) -> Bill:
    """A first bill of so many days, up to the reading day."""
    town.start(1, cycle=9, from_day=date(2025, 8, 9 - days), tax_place="university_city")
    town.read("M1", (date(2025, 8, 1), date(2025, 9, 9)), even(100))
    (made,) = town.bill(1, on=date(2025, 8, 9), known_at=FOUND).issued
    return made


def late(town: Town, on: date = date(2025, 9, 10)) -> Bill:
    town.start(1, from_day=JULY, tax_place="university_city")
    town.read("M1", (JULY, date(2025, 12, 1)), even(100))
    return town.bill(1, on=on, known_at=FOUND).issued[0]


def corrected(town: Town, **how: Any) -> Bill:
    """One period at more than was billed: it may be repaid over twice as many months."""
    town.start(1, from_day=JULY, tax_place="university_city")
    town.read("M1", (JULY, SEPTEMBER), even(100))
    bill = town.bill(1, on=SEPTEMBER).issued[0]
    reads(town, 110, (JULY, date(2025, 8, 1)))
    (one,) = correct(town, bill.bill_id, **how).corrected
    return one.bill


def twice(town: Town, made: Bill) -> tuple[Replay, Replay]:
    """The bill replayed, and replayed with its stored record out of sight."""

    class Hidden:
        def __getattr__(self, name: str) -> Any:
            return getattr(town.store, name)

        def bill(self, bill_id: str) -> Any:
            found = town.store.bill(bill_id)
            return replace(found, record=b"") if bill_id == made.bill_id else found

    return town.replay(made.bill_id), town.replay(made.bill_id, store=Hidden())


ONE_SOLAR = "the service takes part in Prairie Solar with 1 Solar Block from 2026-02-01 on"
ONE_DAY = "1 day is outside 26 to 35: every component is prorated by 1/30"
ONE_MONTH = "1 month late: within 12 billing periods"
ONE_PERIOD = "1 period adjusted: 2 times as many months, 2"
CHOSE_ONE = "the customer chose 1 month, fewer than offered"


def test_one_solar_block_is_one(solar: ProgramTown) -> None:
    made = blocks(solar, 1)
    assert ONE_SOLAR in findings(made)
    assert [(one.same_bytes, one.read_as) for one in twice(solar, made)] == [(True, "")] * 2


def test_two_are_several(solar: ProgramTown, as_before: Any) -> None:
    made = as_before(lambda: blocks(solar, 2))
    assert ONE_SOLAR.replace("1 Solar Block", "2 Solar Blocks") in findings(made)
    assert (solar.replay(made.bill_id).same_bytes, as_worded_before(made)) == (True, None)


def test_a_bill_that_said_one_solar_blocks_replays_and_says_so(
    solar: ProgramTown, as_before: Any
) -> None:
    made = as_before(lambda: blocks(solar, 1))
    assert ONE_SOLAR.replace("1 Solar Block", "1 Solar Blocks") in findings(made)
    assert [(one.same_bytes, one.read_as) for one in twice(solar, made)] == [(True, SPOKEN)] * 2


@pytest.mark.parametrize(
    ("make", "says", "said"),
    [
        (of_one_day, ONE_DAY, ONE_DAY.replace("1 day is", "1 days are")),
        (late, ONE_MONTH, ONE_MONTH.replace("1 month", "1 months")),
        (corrected, ONE_PERIOD, ONE_PERIOD.replace("1 period", "1 periods")),
    ],
)
def test_other_sentences_of_one_are_mended_and_those_of_before_replay(
    home: Town, first_book: Any, as_before: Any, make: Callable[[Town], Bill], says: str, said: str
) -> None:
    made = make(home)
    assert says in findings(made)
    assert [(one.same_bytes, one.read_as) for one in twice(home, made)] == [(True, "")] * 2

    other = Town(book=first_book)
    with other.store.viewing(VIEWER, ["everything"]):
        old = as_before(lambda: make(other))
        assert said in findings(old)
        assert says not in findings(old)
        again = twice(other, old)
    assert [(one.same_bytes, one.read_as) for one in again] == [(True, SPOKEN)] * 2
    assert again[0].bill.total_cents == made.total_cents


def test_a_wish_of_one_month_too(home: Town, as_before: Any) -> None:
    made = as_before(lambda: corrected(home, evidence=Evidence(wished_months=1)))
    assert CHOSE_ONE.replace("1 month", "1 months") in findings(made)
    assert [(one.same_bytes, one.read_as) for one in twice(home, made)] == [(True, SPOKEN)] * 2


def test_of_several_days_nothing_is_read_otherwise(home: Town, as_before: Any) -> None:
    made = as_before(lambda: of_one_day(home, days=2))
    assert ONE_DAY.replace("1 day is", "2 days are").replace("1/30", "2/30") in findings(made)
    assert home.replay(made.bill_id).read_as == ""


def test_a_record_that_was_changed_comes_out_the_same_by_no_words(
    solar: ProgramTown, as_before: Any
) -> None:
    made = as_before(lambda: blocks(solar, 1))
    stored = solar.store._bills[made.bill_id]
    solar.store._bills[made.bill_id] = replace(
        stored,
        record=stored.record.replace(b"1 Solar Blocks", b"1 Solar Blokks"),
        record_sha256="0" * 64,
    )
    again = solar.replay(made.bill_id)
    assert (again.same_bytes, again.read_as) == (False, "")
    assert any("Solar Block from" in one for one in again.differences)


def test_what_late_charges_are_decided_by_says_what_it_always_said(home: Town) -> None:
    """Their records are computed again to the byte, under the revision that they name."""
    found = may_late_charge_cover(
        service_until=date(2025, 8, 1), issued_day=date(2025, 9, 10), corrects=False, view=home.view
    )
    assert ONE_MONTH.replace("1 month", "1 months") in [one.finding for one in found.reasons]
    assert not found.outcome
