"""What opting out costs on which day, and the statute's limit over the sheet's charges."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on, the_book

from meterledger.field.opt_out_fees import (
    CAP_START,
    FIRST_CHARGE,
    MONTHLY_CHARGE,
    OTHER_METER,
    SETUP_CHARGE,
    MeterInPlace,
    MonthlyFacts,
    RequestAhead,
    SetupFacts,
)
from meterledger.rulebook.series import NoRuleInForce
from meterledger.usecases.decide import Ruling

LIMIT_STARTS = date(2026, 7, 1)
STATUTE = "RSMo"


def setup(today: date, readings: dict[str, str] | None = None) -> Ruling:
    return ruling_on(SETUP_CHARGE, SetupFacts(already_billed=False), today, readings=readings)


def monthly(
    today: date,
    requested: date = date(2018, 2, 20),
    meter: MeterInPlace = MeterInPlace.TRADITIONAL,
    readings: dict[str, str] | None = None,
) -> Ruling:
    return ruling_on(MONTHLY_CHARGE, MonthlyFacts(requested, meter), today, readings=readings)


def instruments(ruling: Ruling) -> set[str]:
    return {reason.citation.instrument for reason in ruling.decision.reasons}


class TestTheFirstChargeableRequest:
    @pytest.mark.parametrize(
        ("option", "first"),
        [
            (None, date(2017, 4, 2)),
            ("2017-04-02", date(2017, 4, 2)),
            ("2017-04-01", date(2017, 4, 1)),
            ("2017-04-07", date(2017, 4, 7)),
        ],
    )
    def test_is_the_day_of_the_reading(self, option: str | None, first: date) -> None:
        readings = {FIRST_CHARGE: option} if option else None
        bill = date(2018, 3, 9)
        for day in (date(2017, 4, 1) + timedelta(days=number) for number in range(9)):
            charged = day >= first
            once = setup(day, readings).decision.outcome.setup_charge_cents
            month = monthly(bill, day, readings=readings).decision.outcome.monthly_charge_cents
            assert once == (15_000 if charged else 0), day
            assert month == (4_500 if charged else 0), day

    def test_is_asked_for_only_on_the_days_on_which_readings_differ(self) -> None:
        last = max(date.fromisoformat(one) for one in the_book().reading(FIRST_CHARGE).options)

        assert setup(last - timedelta(days=1)).reading_keys == (FIRST_CHARGE,)
        assert setup(last).reading_keys == ()
        assert monthly(date(2018, 3, 9), last - timedelta(days=1)).reading_keys == (FIRST_CHARGE,)
        assert monthly(date(2018, 3, 9), last).reading_keys == ()

    def test_is_unknown_before_the_sheet(self) -> None:
        with pytest.raises(NoRuleInForce, match="2017-03-31"):
            setup(date(2017, 3, 31))
        with pytest.raises(NoRuleInForce, match="2017-03-31"):
            monthly(date(2018, 3, 9), date(2017, 3, 31))


class TestTheLimitOfTheStatute:
    @pytest.mark.parametrize("starts", [None, "2026-07-01", "2025-08-28"])
    def test_begins_on_the_day_of_the_reading(self, starts: str | None) -> None:
        readings = {CAP_START: starts} if starts else None
        first = date.fromisoformat(starts) if starts else LIMIT_STARTS
        eve = first - timedelta(days=1)

        assert setup(eve, readings).decision.outcome.setup_charge_cents == 15_000
        assert setup(first, readings).decision.outcome.setup_charge_cents == 12_500
        assert monthly(eve, readings=readings).decision.outcome.monthly_charge_cents == 4_500
        assert monthly(first, readings=readings).decision.outcome.monthly_charge_cents == 1_500

    def test_is_cited_beside_the_sheet_whenever_it_applies(self) -> None:
        for ruling in (setup(LIMIT_STARTS), monthly(LIMIT_STARTS)):
            assert STATUTE in instruments(ruling)
            assert len(instruments(ruling)) == 2
        for ruling in (setup(date(2026, 6, 30)), monthly(date(2026, 6, 30))):
            assert STATUTE not in instruments(ruling)

    def test_makes_the_set_up_charge_all_inclusive(self) -> None:
        assert not setup(date(2026, 6, 30)).decision.outcome.all_inclusive
        assert setup(LIMIT_STARTS).decision.outcome.all_inclusive

    @given(st.dates(min_value=date(2017, 4, 2), max_value=date(2026, 7, 1)))
    def test_counts_for_old_and_new_requests_alike(self, requested: date) -> None:
        outcome = monthly(LIMIT_STARTS, requested).decision.outcome

        assert outcome.monthly_charge_cents == 1_500

    def test_is_for_a_traditional_meter_only(self) -> None:
        eve = monthly(date(2026, 6, 30), meter=MeterInPlace.NON_STANDARD)
        other = monthly(LIMIT_STARTS, meter=MeterInPlace.NON_STANDARD)

        assert eve.decision.outcome.monthly_charge_cents == 4_500
        assert other.decision.outcome.monthly_charge_cents == 4_500
        assert other.reading_keys == (OTHER_METER,)
        assert "without a second set-up charge" in other.decision.reasons[1].finding

    def test_is_for_a_meter_switched_off_if_that_is_read_as_traditional(self) -> None:
        readings = {OTHER_METER: "deactivated_meter_suffices"}
        ruling = monthly(LIMIT_STARTS, meter=MeterInPlace.NON_STANDARD, readings=readings)

        assert ruling.decision.outcome.monthly_charge_cents == 1_500
        assert ruling.reading_keys == (OTHER_METER,)
        traditional = monthly(LIMIT_STARTS, readings=readings)
        assert traditional.decision.outcome.monthly_charge_cents == 1_500
        assert traditional.reading_keys == ()

    def test_leaves_one_charge_of_the_sheet_for_every_meter_read_by_hand(self) -> None:
        limited = the_book().number("opt_out_tariff_monthly_charge_monthly_usd")
        other = the_book().number("opt_out_tariff_monthly_charge_other_meter_usd")

        assert [(one.days, one.value, one.citation) for one in limited.values] == [
            (one.days, one.value, one.citation) for one in other.values
        ]


class TestNothingToPay:
    def test_a_set_up_charge_is_billed_once(self) -> None:
        ruling = ruling_on(SETUP_CHARGE, SetupFacts(already_billed=True), LIMIT_STARTS)

        assert ruling.decision.outcome.setup_charge_cents == 0
        assert "billed once" in ruling.decision.reasons[-1].finding

    def test_a_remotely_read_meter_in_place_costs_nothing_by_hand(self) -> None:
        ruling = monthly(LIMIT_STARTS, meter=MeterInPlace.REMOTELY_READ)

        assert ruling.decision.outcome.monthly_charge_cents == 0
        assert ruling.reading_keys == ()

    def test_nobody_pays_before_asking(self) -> None:
        with pytest.raises(RequestAhead, match="after the bill of 2018-02-19"):
            monthly(date(2018, 2, 19))
