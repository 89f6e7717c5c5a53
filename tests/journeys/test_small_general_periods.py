"""Cut demand: a billing period on Small General Service, and back by itself (GRR V.H.5)."""

from __future__ import annotations

import shutil
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.plant_town import (
    AUGUST,
    BELOW,
    JULY,
    JUNE,
    LIMIT,
    OCTOBER,
    SEPTEMBER,
    TOLD,
    Plant,
    priced_book,
)
from tests.journeys.town import VIEWER, even

from meterledger.billing import LoadCause
from meterledger.entrypoints.wiring import open_book
from meterledger.facts.bills import BillKind
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan, Validity
from meterledger.rulebook.loading import default_book_folder
from meterledger.usecases.change_rate import RateRefused, ask_for_rate
from meterledger.usecases.rate_usage import UsageNotWhole
from meterledger.usecases.rebill import rebill
from meterledger.usecases.small_general_periods import (
    PeriodAsked,
    PeriodMoved,
    small_general_period,
)

LATER = TOLD + timedelta(days=1)
LATEST = TOLD + timedelta(days=2)


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return priced_book(tmp_path_factory.mktemp("books") / "union_electric_mo6")


@pytest.fixture
def plant(book: Any) -> Any:
    town = Plant(book=book)
    with town.store.viewing(VIEWER, []):
        town.begin()
        yield town


def asked(town: Any, **other: Any) -> PeriodMoved:
    at = other.pop("at", TOLD)
    how = {"on": OCTOBER, "dry_run": False} | {
        name: other.pop(name) for name in ("on", "dry_run") if name in other
    }
    request = {
        "account_id": town.account_id(1),
        "schedule": "2M-single-phase",
        "cause": LoadCause.STRIKE,
        "requested": JULY,
        "first_abnormal": JUNE,
        "from_day": JULY,
        **other,
    }
    return small_general_period(
        PeriodAsked(**request),
        learned_at=at,
        view=town.book.as_known(at.date()),
        store=town.store,
        lake=town.lake,
        **how,
    )


def agreements(town: Any, at: datetime = LATEST) -> list[tuple[str, Validity]]:
    found = town.store.services_of_account(town.account_id(1), at)
    return [(one.agreement.schedule, one.agreement.days) for one in found]


def billed(town: Any, at: datetime = LATER, on: date = OCTOBER) -> list[Any]:
    run = town.bill(1, on=on, known_at=at)
    assert not run.held
    return sorted(run.issued, key=lambda one: one.days.from_day)


class TestThePeriod:
    def test_alone_is_on_small_general_service(self, plant: Any) -> None:
        moved = asked(plant)

        assert (moved.period, moved.demand_kw) == (DaySpan(JULY, AUGUST), Fraction("99.9"))
        assert moved.ruling.decision.outcome.riders_not_given == ("B", "C")
        assert agreements(plant) == [
            ("3M", Validity(JUNE, JULY)),
            ("2M-single-phase", Validity(JULY, AUGUST)),
            ("3M", Validity(AUGUST)),
        ]

    def test_alone_is_priced_on_it_and_the_bills_around_it_are_regular(self, plant: Any) -> None:
        asked(plant)

        bills = billed(plant)

        assert [(one.schedule, one.days.from_day) for one in bills] == [
            ("3M", JUNE),
            ("2M-single-phase", JULY),
            ("3M", AUGUST),
            ("3M", SEPTEMBER),
        ]
        assert [one.kind for one in bills] == [BillKind.INITIAL, *[BillKind.REGULAR] * 3]
        assert [line.code for line in bills[1].lines] == [
            *("customer_charge", "energy_summer", "state_sales_tax")
        ]
        assert all(plant.replay(one.bill_id).same_bytes for one in bills)

    def test_at_the_limit_stays(self, plant: Any) -> None:
        slots = {JULY + timedelta(days=9): [LIMIT, *[BELOW] * 95]}
        plant.read("M1", (JULY, AUGUST), lambda day, count: slots.get(day, [BELOW] * count))

        with pytest.raises(RateRefused, match="billing demand < 100 kW is asked for") as refused:
            asked(plant)

        assert "it was 100 kW" in refused.value.sentence
        assert agreements(plant) == [("3M", Validity(JUNE))]

    def test_that_is_back_at_its_demand_goes_on_on_the_normal_rate(self, plant: Any) -> None:
        asked(plant)
        asked(plant, from_day=AUGUST, at=LATER)

        with pytest.raises(RateRefused, match="it was 200 kW"):
            asked(plant, from_day=SEPTEMBER, at=LATEST)

        assert [one for one, _ in agreements(plant)] == [
            "3M", "2M-single-phase", "2M-single-phase", "3M",
        ]  # fmt: skip
        assert agreements(plant)[-1][1] == Validity(SEPTEMBER)

    def test_is_asked_again_where_its_demand_is_known_otherwise(self, plant: Any) -> None:
        asked(plant)
        with pytest.raises(RateRefused, match="is on 2M-single-phase already"):
            asked(plant, at=LATER)
        plant.read("M1", (JULY, AUGUST), even(LIMIT), learned_at=LATER)

        back = asked(plant, at=LATER)

        assert (back.schedule, back.demand_kw) == ("3M", Fraction(100))
        assert {one for one, _ in agreements(plant)} == {"3M"}

    def test_of_small_primary_service_moves_though_none_of_its_prices_is_held(
        self, plant: Any
    ) -> None:
        plant.start(2, schedule="4M", from_day=JUNE, sales_tax_place="none")
        plant.read("M2", (JUNE, AUGUST), even(BELOW))

        moved = asked(plant, account_id=plant.account_id(2))

        assert (moved.schedule, moved.demand_kw) == ("2M-single-phase", Fraction("99.9"))

    def test_half_moved_goes_on_where_it_stopped(
        self, plant: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def lost(*_: object) -> None:
            raise ConnectionError

        with monkeypatch.context() as patch:
            patch.setattr(plant.store, "put_on_schedule", lost)
            with pytest.raises(ConnectionError):
                asked(plant)
        assert [one for one, _ in agreements(plant)] == ["3M"] * 3

        asked(plant, at=LATER)

        assert [one for one, _ in agreements(plant)] == ["3M", "2M-single-phase", "3M"]

    def test_looked_at_first_changes_nothing(self, plant: Any) -> None:
        assert asked(plant, dry_run=True).schedule == "2M-single-phase"

        assert agreements(plant) == [("3M", Validity(JUNE))]


class TestRefused:
    @pytest.mark.parametrize(
        ("other", "sentence"),
        [
            ({"requested": None}, "no written request had come when the period began"),
            ({"requested": JULY + timedelta(days=1)}, "no written request had come"),
            ({"from_day": JUNE, "requested": JUNE}, "the first abnormal period stays as it is"),
            ({"cause": LoadCause.SEASON}, "'season' is not one of the listed causes"),
            ({"schedule": "3M"}, "'3M' is no rate option of Small General Service"),
            ({"from_day": JULY + timedelta(days=1)}, "No billing period begins on 2026-07-02"),
            ({"first_abnormal": JUNE + timedelta(days=1)}, "No billing period begins on"),
            ({"from_day": date(2026, 5, 1)}, "It has no service on 2026-05-01"),
            ({"first_abnormal": AUGUST}, "lies before the first abnormal one"),
        ],
    )
    def test_with_what_speaks_against_it(
        self, plant: Any, other: dict[str, Any], sentence: str
    ) -> None:
        with pytest.raises(Refusal, match=sentence):
            asked(plant, **other)

        assert agreements(plant) == [("3M", Validity(JUNE))]

    def test_of_a_home(self, plant: Any) -> None:
        plant.start(2, from_day=JUNE)

        with pytest.raises(RateRefused, match="Residential service does not move to Small"):
            asked(plant, account_id=plant.account_id(2))

    def test_that_is_billed_among_others(self, plant: Any) -> None:
        billed(plant, at=TOLD - timedelta(hours=1), on=AUGUST)

        with pytest.raises(RateRefused, match="the period was not parted from the others before"):
            asked(plant)

    def test_that_lacks_readings(self, plant: Any) -> None:
        plant.start(2, schedule="3M", from_day=JUNE, sales_tax_place="none")

        with pytest.raises(UsageNotWhole):
            asked(plant, account_id=plant.account_id(2))

    def test_where_the_option_has_a_discount_that_is_not_given(
        self, tmp_path: Path, book: Any, plant: Any
    ) -> None:
        folder = shutil.copytree(default_book_folder(), tmp_path / "book")
        path = folder / "sheet_055" / "schedules" / "2M-single-phase.yaml"
        told = path.read_text(encoding="utf-8").replace("code: FAC,", "code: B,")
        path.write_text(told, encoding="utf-8")
        plant.book = open_book(folder)

        with pytest.raises(RateRefused, match="2M-single-phase has the discount of Rider B"):
            asked(plant)


class TestBeforeItsDemandIsKnown:
    def test_it_is_parted_from_the_others_and_stays_on_its_rate(self, plant: Any) -> None:
        parted = asked(plant, on=AUGUST - timedelta(days=1))

        assert (parted.demand_kw, parted.schedule) == (None, "3M")
        assert agreements(plant) == [
            ("3M", Validity(JUNE, JULY)),
            ("3M", Validity(JULY, AUGUST)),
            ("3M", Validity(AUGUST)),
        ]

    def test_its_bill_is_then_made_anew_and_no_other(self, plant: Any) -> None:
        asked(plant, on=JULY)
        bills = billed(plant, at=TOLD + timedelta(hours=1))

        moved = asked(plant, at=LATER)

        assert moved.bills == (bills[1].bill_id,)
        run = rebill(
            moved.bills,
            author="Ana",
            reason="strike",
            approved_by="Ben",
            on=OCTOBER,
            known_at=LATER,
            store=plant.store,
            lake=plant.lake,
            book=plant.book,
        )
        (made,) = run.corrected
        assert (made.bill.schedule, made.bill.days) == ("2M-single-phase", bills[1].days)
        assert plant.replay(made.bill.bill_id).same_bytes
        assert plant.replay(bills[1].bill_id).same_bytes

    def test_what_cannot_be_granted_is_not_parted(self, plant: Any) -> None:
        with pytest.raises(RateRefused, match="no written request had come"):
            asked(plant, on=JULY, requested=None)

        assert agreements(plant) == [("3M", Validity(JUNE))]


class TestTheTermOfTheRate:
    def test_does_not_begin_again_with_the_return(self, plant: Any) -> None:
        asked(plant)
        asked(plant, from_day=AUGUST, at=LATER)
        services = plant.store.services_of_account(plant.account_id(1), LATEST)
        view = plant.book.as_known(LATEST.date())

        ruling = ask_for_rate(services[-1], asked=OCTOBER, before=services, view=view)

        outcome = ruling.decision.outcome
        assert outcome.may_be_asked_again_from == date(2027, 6, 1)
        after = ask_for_rate(services[-1], asked=date(2027, 6, 1), before=services, view=view)
        assert after.decision.outcome.takes_effect == date(2027, 7, 1)
