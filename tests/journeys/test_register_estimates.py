"""A register that was not read: by which rung, what is told and kept, and the bill after it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.journeys.register_town import AFTER, NEXT, NIGHT, RegisterTown, months
from tests.journeys.town import CHICAGO, FIRST, VIEWER

from meterledger.facts.estimates import EstimateCause, Method
from meterledger.facts.meters import MeterKind
from meterledger.facts.usage_log import ReadingEffort
from meterledger.stores.lake import IntervalLake
from meterledger.usecases.start_service import stop_service
from meterledger.usecases.usage_replaced import usage_replaced
from meterledger.usecases.validate_usage import validate_usage

FIRSTS = months(date(2025, 6, 1), 17)
JUNE, JULY, AUGUST, SEPTEMBER, OCTOBER = FIRSTS[:5]
YEAR_LATER = FIRSTS[12]


@pytest.fixture
def town(first_book: Any) -> Iterator[RegisterTown]:
    made = RegisterTown(book=first_book)
    with made.store.viewing(VIEWER, []):
        yield made


def only(run: Any) -> Any:
    assert [held.sentence for held in run.held] == []
    (bill,) = run.issued
    return bill


def steady(day: date) -> int:
    """Ten kilowatt-hours a day, twenty on Saturdays and Sundays."""
    days = (day - JUNE).days
    weekends = sum((JUNE + timedelta(days=n)).weekday() >= 5 for n in range(days))
    return 1_000 + 10 * days + 10 * weekends


def on_firsts(town: RegisterTown, firsts: list[date], meter: str = "M1") -> None:
    town.reads(meter, *((day, steady(day)) for day in firsts))


def used(first: date, until: date) -> int:
    return 1_000 * (steady(until) - steady(first))


def estimate_of(town: RegisterTown, meter: str = "M1") -> Any:
    (logged,) = town.store.estimates_of_meter(meter)
    return logged.estimate


class TestInItsFirstYear:
    def test_a_young_meter_takes_the_preceding_periods_daily_use(self, town: RegisterTown) -> None:
        town.meter(1, came=JUNE)
        on_firsts(town, [JUNE, JULY])
        only(town.bill_month(1, JUNE))

        bill = only(town.bill_month(1, JULY))

        expected = (used(JUNE, JULY) * 31 + 15) // 30  # 390 kWh of 30 days, over 31
        assert bill.usage.energy_wh == expected == 403_000
        record = json.loads(bill.record())
        assert record["usage"]["estimated"] == {
            "interval_count": 0,
            "energy_wh": expected,
            "percent": "100.0",
            "counts_toward_cap": True,
            "by": [
                {
                    "method": "preceding_period_daily_use",
                    "provision": "estimation.basic.preceding_period_adu",
                    "interval_count": 0,
                    "energy_wh": expected,
                    "day_count": 31,
                }
            ],
        }
        assert record["usage"]["registers"][0]["closing"] == {
            "figures": "01793",
            "basis": "estimated",
            "shown": steady(JULY),
            "shown_at": "2025-07-01T05:00:00Z",
            "ahead_wh": expected,
        }
        findings = [reason.finding for reason in bill.reasons]
        assert (
            "this bill is based on estimated usage: 31 of 31 days, 100.0 percent of its energy"
            in findings
        )
        assert "31 days estimated by daily use in the immediately preceding billing period" in (
            findings
        )

    def test_what_was_read_of_the_period_stays_and_the_rest_is_estimated(
        self, town: RegisterTown
    ) -> None:
        town.meter(1, MeterKind.MANUAL, came=JUNE)
        on_firsts(town, [JUNE, JULY, date(2025, 7, 21)])
        only(town.bill_month(1, JUNE))
        bill = only(town.bill_month(1, JULY))
        tail = used(JUNE, JULY) * 11 // 30
        assert bill.usage.estimated.energy_wh == tail
        assert bill.usage.energy_wh == used(JULY, date(2025, 7, 21)) + tail

    def test_the_first_bill_of_a_meter_has_no_history_and_waits_for_a_person(
        self, town: RegisterTown
    ) -> None:
        town.meter(1, came=JUNE)
        on_firsts(town, [JUNE])
        (held,) = town.bill_month(1, JUNE).held
        assert held.code == "usage.estimate_by_hand"
        assert "There is no read of 2025-07-01, and no method estimates it by itself" in (
            held.sentence
        )
        assert "step 1" in held.sentence
        assert "Obtain a read and ingest it" in held.sentence

    def test_the_twelfth_period_ends_the_youth_and_not_the_eleventh(
        self, town: RegisterTown
    ) -> None:
        for number, missing in ((1, FIRSTS[11]), (2, FIRSTS[12])):
            town.meter(number, came=JUNE)
            on_firsts(town, FIRSTS[: FIRSTS.index(missing) + 1], f"M{number}")
            town.bill(number, on=missing, known_at=NEXT)
            assert town.bill_month(number, missing).issued_count == 1
        assert estimate_of(town, "M1").method is Method.PRECEDING_PERIOD_DAILY_USE
        assert estimate_of(town, "M2").method is Method.AMI_REGISTER_01


def grown(town: RegisterTown, number: int = 1, **how: Any) -> None:
    """A home with twelve months of actual bills."""
    town.meter(number, how.pop("kind", MeterKind.AMI), came=JUNE, **how)
    on_firsts(town, FIRSTS[:13], f"M{number}")
    town.bill(number, on=YEAR_LATER, known_at=NEXT)


class TestTheLadder:
    def test_only_the_tail_after_the_last_valid_read_is_estimated(self, town: RegisterTown) -> None:
        grown(town)
        last = date(2026, 6, 25)
        on_firsts(town, [last])

        bill = only(town.bill_month(1, YEAR_LATER))

        tail = used(JUNE, JULY) * 6 // 30  # step 1: the same month of the prior year
        assert bill.usage.estimated.by[0].day_count == 6
        assert bill.usage.estimated.by[0].provision == "estimation.ami_register.step01"
        assert bill.usage.energy_wh == used(YEAR_LATER, last) + tail
        assert bill.usage.registers[0].measured_wh == used(YEAR_LATER, last)
        kept = estimate_of(town)
        assert kept.start == town.at(last)
        assert kept.until == town.at(FIRSTS[13])
        assert kept.cause is EstimateCause.REMOTE_DEVICE_FAILED
        assert ("days estimated", "6") in kept.inputs
        assert not kept.former_occupant

    def test_a_read_on_the_last_day_leaves_nothing_to_estimate(self, town: RegisterTown) -> None:
        grown(town)
        on_firsts(town, [FIRSTS[13]])
        bill = only(town.bill_month(1, YEAR_LATER))
        assert bill.usage.estimated is None
        assert bill.usage.energy_wh == used(YEAR_LATER, FIRSTS[13])

    def test_without_a_read_in_the_period_the_ladder_runs_over_it(self, town: RegisterTown) -> None:
        """C-EST-AMI-NO-READ, as chosen: the steps that need the period's own data are skipped."""
        grown(town)
        bill = only(town.bill_month(1, YEAR_LATER))
        assert bill.usage.estimated.by[0].day_count == 30
        assert bill.usage.energy_wh == used(JUNE, JULY)

    def test_a_read_of_the_opening_day_alone_is_none_of_the_period(
        self, town: RegisterTown
    ) -> None:
        grown(town)
        town.reads("M1", (YEAR_LATER, steady(YEAR_LATER) + 3), hour=20)
        bill = only(town.bill_month(1, YEAR_LATER))
        assert bill.usage.estimated.by[0].day_count == 30

    def test_a_read_that_steps_back_is_not_valid_and_the_one_before_it_is(
        self, town: RegisterTown
    ) -> None:
        grown(town)
        good = date(2026, 6, 20)
        on_firsts(town, [good])
        town.reads("M1", (date(2026, 6, 25), 5))
        bill = only(town.bill_month(1, YEAR_LATER))
        assert bill.usage.registers[0].measured_wh == used(YEAR_LATER, good)
        assert bill.usage.estimated.by[0].day_count == 11

    def test_an_amr_meter_of_any_age_takes_daily_use(self, town: RegisterTown) -> None:
        grown(town, kind=MeterKind.AMR)
        only(town.bill_month(1, YEAR_LATER))
        assert estimate_of(town).method is Method.PRIOR_YEAR_DAILY_USE

    def test_nightly_reads_of_a_new_customer_give_like_days(self, town: RegisterTown) -> None:
        """The meter is grown and the customer new: a good read seven days before is step 5."""
        grown(town)
        agreement = town.services(1, known_at=NEXT)[0].agreement.agreement_id
        stop_service(
            agreement_id=agreement, last_day_out=YEAR_LATER, learned_at=NEXT, store=town.store
        )
        moved_in(town, 7, YEAR_LATER)
        nights = (YEAR_LATER, date(2026, 6, 28))
        town.every_night("M1", nights, steady, learned_at=NEXT)

        bill = only(town.bill_month(7, YEAR_LATER, known_at=AFTER))

        kept = estimate_of(town)
        assert kept.method in (Method.AMI_REGISTER_03, Method.AMI_REGISTER_05)
        assert bill.usage.registers[0].measured_wh == used(*nights)


def moved_in(town: RegisterTown, number: int, day: date, *, at: int = 1) -> None:
    """Somebody else takes service at the place of the ``at``-th home."""
    town.start(
        number,
        from_day=day,
        premise_id=f"PR{at}",
        address=f"{at} Elm Street",
        service_point_id=f"SP{at}",
        meter_id=f"M{at}",
        learned_at=NEXT,
    )


class TestAFormerOccupant:
    def test_their_use_is_used_and_recorded_and_never_shown(self, town: RegisterTown) -> None:
        grown(town)
        agreement = town.services(1, known_at=NEXT)[0].agreement.agreement_id
        stop_service(
            agreement_id=agreement, last_day_out=YEAR_LATER, learned_at=NEXT, store=town.store
        )
        moved_in(town, 7, YEAR_LATER)

        bill = only(town.bill_month(7, YEAR_LATER, known_at=AFTER))

        kept = estimate_of(town)
        assert kept.former_occupant
        assert kept.method is Method.AMI_REGISTER_10
        figure = str(used(JUNE, JULY))
        assert any(figure in text for _, text in kept.inputs)
        told = " ".join(reason.finding for reason in bill.reasons)
        assert "estimated by location history" in told
        assert "Wh a day" not in told
        assert town.account_id(1) not in bill.record().decode()
        assert all(text not in bill.record().decode() for _, text in kept.inputs if "Wh" in text)
        assert town.replay(bill.bill_id).same_bytes

    def test_a_manual_meter_never_takes_it(self, town: RegisterTown) -> None:
        grown(town, kind=MeterKind.MANUAL)
        agreement = town.services(1, known_at=NEXT)[0].agreement.agreement_id
        stop_service(
            agreement_id=agreement, last_day_out=YEAR_LATER, learned_at=NEXT, store=town.store
        )
        moved_in(town, 7, YEAR_LATER)
        (held,) = town.bill_month(7, YEAR_LATER, known_at=AFTER).held
        assert held.code == "usage.estimate_by_hand"
        assert str(used(JUNE, JULY)) not in held.sentence


class TestASimilarCustomer:
    """No use of the place is known: a home nearby on the same rate, of the nearest yearly use."""

    def newcomer(self, town: RegisterTown, kind: MeterKind = MeterKind.AMI) -> Any:
        """Homes 1 to 3 were billed a year; home 4 comes, is read once, and never again."""
        for number, daily in ((1, 4), (2, 9), (3, 30)):
            town.meter(number, came=JUNE)
            told = [(day, 100 + daily * (day - JUNE).days) for day in FIRSTS[:13]]
            town.reads(f"M{number}", *told)
            town.bill(number, on=YEAR_LATER, known_at=NIGHT)
        town.meter(4, kind, came=YEAR_LATER)
        town.reads("M4", (YEAR_LATER, 55))
        return town.bill_month(4, YEAR_LATER)

    @pytest.mark.parametrize("kind", [MeterKind.MANUAL, MeterKind.AMI])
    def test_one_of_the_middle_use_stands_in_for_somebody_new(
        self, town: RegisterTown, kind: MeterKind
    ) -> None:
        bill = only(self.newcomer(town, kind))
        assert bill.usage.energy_wh == 9_000 * 30
        kept = estimate_of(town, "M4")
        assert kept.method is Method.SIMILAR_CUSTOMER_OR_OTHER
        assert kept.cause in (
            EstimateCause.HUMAN_OR_BILLING_ERROR,
            EstimateCause.REMOTE_DEVICE_FAILED,
        )
        told = " ".join(reason.finding for reason in bill.reasons)
        assert "30 days estimated by the use of similar customers" in told
        assert town.replay(bill.bill_id).same_bytes

    def test_a_neighbor_billed_later_changes_no_replay(self, town: RegisterTown) -> None:
        bill = only(self.newcomer(town))
        town.meter(5, came=JUNE)
        town.reads("M5", *((day, 100 + 10 * (day - JUNE).days) for day in FIRSTS[:13]))
        town.bill(5, on=YEAR_LATER, known_at=AFTER)
        assert town.replay(bill.bill_id).same_bytes
        assert town.replay(bill.bill_id, as_known=AFTER).bill.usage.energy_wh == 9_000 * 30

    @pytest.mark.parametrize("apart", [{"postal_code": "63131"}, {"schedule": "1M-smart"}])
    def test_of_another_postal_code_or_rate_nobody_is_similar(
        self, town: RegisterTown, apart: dict[str, str]
    ) -> None:
        town.meter(1, came=JUNE, **apart)
        if "postal_code" in apart:
            on_firsts(town, FIRSTS[:13])
            town.bill(1, on=YEAR_LATER, known_at=NIGHT)
        town.meter(4, came=YEAR_LATER)
        town.reads("M4", (YEAR_LATER, 55))
        (held,) = town.bill_month(4, YEAR_LATER).held
        assert held.code == "usage.estimate_by_hand"
        assert "no similar customer's use is known" in held.sentence

    def test_in_the_ladder_it_is_the_last_step_but_one(self, town: RegisterTown) -> None:
        """A grown meter at a place where nobody was ever billed."""
        town.start(4, from_day=JUNE)
        self.newcomer_at_a_grown_meter(town)
        services = [
            one
            for one in town.services(4, known_at=NEXT)
            if one.agreement.days.from_day == YEAR_LATER
        ]
        bill = only(town.bill(services=services, on=FIRSTS[13], known_at=NEXT))
        assert estimate_of(town, "M4").method is Method.AMI_REGISTER_14
        assert bill.usage.energy_wh == used(JUNE, JULY)

    def newcomer_at_a_grown_meter(self, town: RegisterTown) -> None:
        (service,) = town.services(4, known_at=NIGHT)
        stop_service(
            agreement_id=service.agreement.agreement_id,
            last_day_out=date(2025, 6, 2),
            learned_at=FIRST,
            store=town.store,
        )
        town.start(
            8, from_day=YEAR_LATER, premise_id="PR4", address="4 Elm Street",
            service_point_id="SP4", meter_id="M4", account_id=town.account_id(4),
            people=(("P4", "Person 4"),),
        )  # fmt: skip
        town.set_up("M4", came=JUNE)
        town.reads("M4", (YEAR_LATER, 55))
        town.meter(1, came=JUNE)
        on_firsts(town, FIRSTS[:13])
        town.bill(1, on=YEAR_LATER, known_at=NIGHT)


class TestInARow:
    def test_three_may_go_out_and_the_fourth_waits_for_a_reading(self, town: RegisterTown) -> None:
        grown(town)
        runs = [town.bill_month(1, first) for first in FIRSTS[12:16]]
        assert [run.issued_count for run in runs] == [1, 1, 1, 0]
        (held,) = runs[3].held
        assert held.code == "usage.estimate_cap"
        assert "3 estimated in a row before it, at most 3 may be" in held.sentence

        town.reads("M1", (FIRSTS[16], steady(FIRSTS[16])))
        assert town.bill_month(1, FIRSTS[15]).issued_count == 1

    def test_a_cause_that_is_told_and_not_capped_lets_the_fourth_go(
        self, town: RegisterTown
    ) -> None:
        grown(town)
        cause = EstimateCause.NO_ACCESS
        runs = [town.bill_month(1, first, cause=cause) for first in FIRSTS[12:16]]
        assert [run.issued_count for run in runs] == [1, 1, 1, 1]
        assert {one.estimate.cause for one in town.store.estimates_of_meter("M1")} == {cause}


class TestTheCause:
    @pytest.mark.parametrize(
        ("outcome", "day", "cause"),
        [
            ("no access", date(2026, 6, 30), EstimateCause.NO_ACCESS),
            ("weather_emergency", date(2026, 7, 8), EstimateCause.WEATHER_EMERGENCY),
            ("no access", date(2026, 7, 9), EstimateCause.HUMAN_OR_BILLING_ERROR),
            ("no access", date(2026, 5, 31), EstimateCause.HUMAN_OR_BILLING_ERROR),
            ("dog in the yard", date(2026, 6, 30), EstimateCause.HUMAN_OR_BILLING_ERROR),
        ],
    )
    def test_is_what_the_effort_of_the_window_found(
        self, town: RegisterTown, outcome: str, day: date, cause: EstimateCause
    ) -> None:
        grown(town, kind=MeterKind.MANUAL)
        at = datetime(day.year, day.month, day.day, 17, tzinfo=UTC)
        effort = ReadingEffort(town.pseudonym("M1"), "M1", day, "field_visit", outcome, "Ana", at)
        town.store.record_effort(effort)
        only(town.bill_month(1, YEAR_LATER))
        assert estimate_of(town).cause is cause


class TestADryRun:
    def test_over_several_windows_shows_what_the_run_then_does(self, town: RegisterTown) -> None:
        """One month estimated, one read, and three estimated in a row."""
        grown(town)
        on_firsts(town, [FIRSTS[14]])
        until = FIRSTS[16] + timedelta(days=31)

        dry = town.bill(1, on=until, known_at=NEXT, dry_run=True)
        assert town.store.estimates_of_meter("M1") == []
        real = town.bill(1, on=until, known_at=NEXT)

        assert dry.issued == real.issued
        assert dry.held == real.held
        assert len(real.issued) == 5

    def test_holds_the_fourth_in_a_row_as_the_run_does(self, town: RegisterTown) -> None:
        grown(town)
        dry = town.bill(1, on=FIRSTS[16], known_at=NEXT, dry_run=True)
        real = town.bill(1, on=FIRSTS[16], known_at=NEXT)
        assert [held.code for held in dry.held] == ["usage.estimate_cap"]
        assert dry.held == real.held
        assert dry.issued == real.issued


class TestTheBillAfterIt:
    def test_opens_where_the_estimate_closed_so_that_energy_is_billed_once(
        self, town: RegisterTown
    ) -> None:
        grown(town)
        estimated = only(town.bill_month(1, YEAR_LATER))
        town.reads("M1", (FIRSTS[14], steady(FIRSTS[14])))
        after = only(town.bill_month(1, FIRSTS[13]))

        (share,) = after.usage.registers
        assert share.opening == estimated.usage.registers[0].closing
        both = estimated.usage.energy_wh + after.usage.energy_wh
        assert both == used(YEAR_LATER, FIRSTS[14])
        assert town.replay(after.bill_id).same_bytes

    def test_a_real_read_that_came_later_is_reported_and_changes_no_opening(
        self, town: RegisterTown
    ) -> None:
        grown(town)
        estimated = only(town.bill_month(1, YEAR_LATER))
        boundary = FIRSTS[13]
        town.reads("M1", (boundary, steady(boundary) + 50), (FIRSTS[14], steady(FIRSTS[14]) + 50))
        after = only(town.bill_month(1, boundary))

        assert after.usage.registers[0].opening == estimated.usage.registers[0].closing
        real = used(YEAR_LATER, boundary) + 50_000
        apart = real - estimated.usage.energy_wh
        told = [reason.finding for reason in after.reasons]
        (report,) = [one for one in told if "where the last one closed (estimated)" in one]
        assert report.endswith(f"{abs(apart)} Wh {'more' if apart > 0 else 'less'}")
        looked_at, replaced = usage_replaced(store=town.store, lake=town.lake, view=town.view)
        (one,) = replaced
        assert looked_at == 14
        assert (one.bill_id, one.now_wh) == (estimated.bill_id, real)
        assert one.estimated_wh == estimated.usage.energy_wh

    def test_a_misread_register_is_held_though_it_trues_up(self, town: RegisterTown) -> None:
        """An estimate before it is no shelter: 5,000 kWh too many are seen over both periods."""
        grown(town)
        only(town.bill_month(1, YEAR_LATER))
        town.reads("M1", (FIRSTS[14], steady(FIRSTS[14]) + 5_000))

        (held,) = town.bill_month(1, FIRSTS[13]).held

        assert held.code == "gate.band"
        assert (
            "94.6 kWh a day since the register was last read is 751 percent of the same season "
            "last year (12.6 kWh a day)" in held.sentence
        )

    def test_the_same_real_read_says_nothing(self, town: RegisterTown) -> None:
        grown(town)
        on_firsts(town, [FIRSTS[13], FIRSTS[14]])
        only(town.bill_month(1, YEAR_LATER))
        after = only(town.bill_month(1, FIRSTS[13]))
        assert not any("where the last one closed" in one.finding for one in after.reasons)

    def test_more_billed_than_the_register_shows_is_held(self, town: RegisterTown) -> None:
        grown(town)
        only(town.bill_month(1, YEAR_LATER))
        town.reads("M1", (FIRSTS[14], steady(YEAR_LATER) + 5))
        (held,) = town.bill_month(1, FIRSTS[13]).held
        assert held.code == "usage.billed_beyond_register"
        assert f"{used(JUNE, JULY) - 5_000} Wh too much" in held.sentence

    def test_to_the_watt_hour_it_is_not(self, town: RegisterTown) -> None:
        grown(town)
        bill = only(town.bill_month(1, YEAR_LATER))
        shown = steady(YEAR_LATER) + bill.usage.energy_wh // 1_000
        assert bill.usage.energy_wh % 1_000 == 0
        town.reads("M1", (FIRSTS[14], shown))
        assert only(town.bill_month(1, FIRSTS[13])).usage.energy_wh == 0


def leaving(town: RegisterTown, leaves: date, learned: datetime) -> Any:
    """Service ends, and we learn of it then; July is known to the day before it ended."""
    town.start(1, from_day=JUNE, learned_at=datetime(2025, 5, 20, tzinfo=UTC))
    town.set_up("M1", came=JUNE)
    on_firsts(town, [JUNE, JULY, date(2025, 7, 10)])
    (service,) = town.services(1, known_at=NEXT)
    stop_service(
        agreement_id=service.agreement.agreement_id,
        last_day_out=leaves,
        learned_at=learned,
        store=town.store,
    )
    only(town.bill(1, on=JULY, known_at=NEXT))
    return town.bill(1, on=date(2025, 8, 1), known_at=NEXT)


class TestFirstAndLast:
    def test_a_read_within_three_days_is_moved_to_the_last_day(self, town: RegisterTown) -> None:
        town.meter(1, came=JUNE)
        on_firsts(town, [JUNE, JULY])
        only(town.bill_month(1, JUNE))
        leaves, read_on = date(2025, 7, 21), date(2025, 7, 23)
        on_firsts(town, [read_on])
        agreement = town.services(1, known_at=NEXT)[0].agreement.agreement_id
        stop_service(
            agreement_id=agreement, last_day_out=leaves, learned_at=NIGHT, store=town.store
        )

        bill = only(town.bill(1, on=date(2025, 8, 1), known_at=AFTER))

        moved = used(JULY, read_on)
        assert bill.usage.energy_wh == moved - (moved * 2 * 2 + 22) // (22 * 2)
        closing = bill.usage.registers[0].closing
        assert closing.basis.value == "adjusted"
        assert closing.shown == steady(read_on)
        assert bill.usage.estimated is None
        assert any("it is adjusted to the responsible date" in one.finding for one in bill.reasons)

    @pytest.mark.parametrize(("apart", "adjusted"), [(3, True), (4, False)])
    def test_three_days_are_near_and_four_are_not(
        self, town: RegisterTown, apart: int, adjusted: bool
    ) -> None:
        town.meter(1, came=JUNE)
        leaves = date(2025, 7, 21)
        on_firsts(town, [JUNE, JULY, leaves + timedelta(days=apart)])
        only(town.bill_month(1, JUNE))
        agreement = town.services(1, known_at=NEXT)[0].agreement.agreement_id
        stop_service(
            agreement_id=agreement, last_day_out=leaves, learned_at=NIGHT, store=town.store
        )
        bill = only(town.bill(1, on=date(2025, 8, 1), known_at=AFTER))
        assert (bill.usage.estimated is None) is adjusted
        if not adjusted:  # notice came more than a year late: no attempt is owed
            assert estimate_of(town).cause is EstimateCause.LATE_NOTIFICATION

    @pytest.mark.parametrize(
        ("learned", "code"),
        [
            (datetime(2025, 7, 21, 17, tzinfo=UTC), None),  # in time: a failed read is V.E.1
            (datetime(2025, 7, 22, 17, tzinfo=UTC), "usage.read_owed"),
            (datetime(2025, 7, 23, 17, tzinfo=UTC), "usage.read_owed"),
            (datetime(2025, 7, 24, 17, tzinfo=UTC), None),  # too late for an attempt
        ],
    )
    def test_late_notice_owes_an_attempt_for_some_workdays(
        self, town: RegisterTown, learned: datetime, code: str | None
    ) -> None:
        leaves = date(2025, 7, 21)  # a Monday
        run = leaving(town, leaves, learned)
        assert [held.code for held in run.held] == ([code] if code else [])
        if code:
            (held,) = run.held
            assert "A read of 2025-07-21 is to be attempted by 2025-07-2" in held.sentence
            assert "write the failed attempt down" in held.sentence
        else:
            late = learned.day > 21
            expected = (
                EstimateCause.LATE_NOTIFICATION if late else (EstimateCause.REMOTE_DEVICE_FAILED)
            )
            assert estimate_of(town).cause is expected

    def test_an_attempt_that_failed_lets_it_be_estimated(self, town: RegisterTown) -> None:
        leaves, learned = date(2025, 7, 21), datetime(2025, 7, 22, 17, tzinfo=UTC)
        effort = ReadingEffort(
            town.pseudonym("M1"), "M1", date(2025, 7, 23), "field_visit", "dog in the yard", "Ana",
            datetime(2025, 7, 23, 17, tzinfo=UTC),
        )  # fmt: skip
        town.store.record_effort(effort)
        run = leaving(town, leaves, learned)
        assert run.held == []
        assert estimate_of(town).cause is EstimateCause.LATE_NOTIFICATION

    def test_a_first_read_some_days_late_is_moved_back(self, town: RegisterTown) -> None:
        town.meter(1, came=JUNE)
        on_firsts(town, [date(2025, 6, 3), JULY])
        bill = only(town.bill_month(1, JUNE))
        measured = used(date(2025, 6, 3), JULY)
        assert bill.usage.energy_wh == measured + (measured * 2 * 2 + 28) // (28 * 2)
        assert bill.usage.registers[0].opening.basis.value == "adjusted"

    def test_who_comes_next_opens_on_the_same_read(self, town: RegisterTown) -> None:
        town.meter(1, came=JUNE)
        leaves = date(2025, 6, 21)
        on_firsts(town, [JUNE, date(2025, 6, 23), JULY])
        agreement = town.services(1, known_at=NEXT)[0].agreement.agreement_id
        stop_service(
            agreement_id=agreement, last_day_out=leaves, learned_at=NIGHT, store=town.store
        )
        last = only(town.bill(1, on=JULY, known_at=NEXT))
        moved_in(town, 7, leaves)
        first = only(town.bill(7, on=JULY, known_at=AFTER))
        assert first.usage.registers[0].opening == last.usage.registers[0].closing
        assert last.usage.energy_wh + first.usage.energy_wh == used(JUNE, JULY)


@settings(max_examples=15, deadline=None)
@given(
    read=st.lists(st.booleans(), min_size=6, max_size=6),
    use=st.lists(st.integers(20, 900), min_size=18, max_size=18),
    multiplier=st.sampled_from([1, 2, 7]),
)
def test_whatever_was_estimated_energy_is_billed_once(
    first_book: Any, read: list[bool], use: list[int], multiplier: int
) -> None:
    """In any row of months, what was billed is what the register moved and is ahead at the end."""
    town = RegisterTown(book=first_book)
    shown = [sum(use[:n]) + 99_000 for n in range(len(FIRSTS))]
    known = [*range(10), *(10 + n for n, told in enumerate(read) if told)]
    with town.store.viewing(VIEWER, []):
        town.meter(1, came=JUNE, multiplier=multiplier)
        town.reads("M1", *((FIRSTS[n], shown[n] % 100_000) for n in known))
        run = town.bill(1, on=FIRSTS[16], known_at=NEXT, cause=EstimateCause.WEATHER_EMERGENCY)
        billed = sum(bill.usage.energy_wh for bill in run.issued)
        closing = run.issued[-1].usage.registers[0].closing
        last = max(n for n in known if town.at(FIRSTS[n]) <= closing.shown_at)
        moved = (shown[last] - shown[0]) * 1_000 * multiplier
        assert billed == moved + closing.ahead_wh
        assert all(bill.usage.energy_wh >= 0 for bill in run.issued)
        codes = {held.code for held in run.held if not held.code.startswith("gate.")}
        assert codes <= {"usage.billed_beyond_register"}  # the gate looks at months that jump


class TestTheNight:
    @pytest.mark.parametrize("kind", list(MeterKind))
    def test_a_meter_on_its_register_misses_no_interval_and_is_billed(
        self, town: RegisterTown, tmp_path: Path, kind: MeterKind
    ) -> None:
        town.lake = IntervalLake(tmp_path / "lake", zone=CHICAGO, files_at=town.store.lake_files)
        town.meter(1, kind, came=JUNE)
        on_firsts(town, [JUNE, JULY])

        night = validate_usage(
            day=date(2025, 6, 10),
            known_at=NIGHT,
            store=town.store,
            lake=town.lake,
            view=town.view,
        )

        assert (night.counts.complete, night.counts.held, night.counts.findings) == (1, 0, 0)
        assert only(town.bill_month(1, JUNE)).usage.energy_wh == used(JUNE, JULY)
