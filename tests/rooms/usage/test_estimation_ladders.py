"""The ladders of estimates: order, exactness, flaws, and that nobody's figures are shown."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on, terms_on, the_book

from meterledger.facts.estimates import EstimateCause, Method
from meterledger.kernel.decision import Decision
from meterledger.rulebook.errors import TariffFileBroken
from meterledger.rulebook.series import DatedValue
from meterledger.usage.estimation_daily_use import DailyUseFacts
from meterledger.usage.estimation_facts import (
    BilledOn,
    BillingPeriod,
    EstimationFactsContradict,
    MeterTechnology,
    Occupant,
    PastPeriod,
)
from meterledger.usage.estimation_intervals import (
    INTERVAL_LADDER,
    IntervalGapFacts,
    day_definitions,
)
from meterledger.usage.estimation_method import MeterToEstimate
from meterledger.usage.estimation_record import estimate_record
from meterledger.usage.estimation_register import (
    LadderEstimate,
    RegisterLadderFacts,
    ValidRead,
    decide_register_ladder,
)
from meterledger.usage.estimation_rules import (
    ESTIMATION_RULES,
    choose_interval_fill,
    choose_method,
    run_daily_use_ladder,
    run_register_ladder,
)
from meterledger.usage.estimation_rungs import (
    STEPS,
    ElapsedPart,
    GoodDay,
    RungInputs,
    read_step,
    try_step,
)
from meterledger.usage.estimation_similar import Candidate, Likeness, SimilarSearch
from meterledger.usage.filling_plan import FillingPlan

OPENING, CLOSING = date(2021, 5, 31), date(2021, 6, 30)
READ = ValidRead(date(2021, 6, 22), 10_440_000)
PERIOD = BillingPeriod(2021, 6, OPENING, CLOSING)
BARE = RegisterLadderFacts(PERIOD, 20, 10_000_000, READ)
OURS = Likeness("1M", "gas", "F12", "63101", 9_000_000)
ENERGY = st.integers(-1_000, 3_000_000)
OCCUPANTS = st.sampled_from(list(Occupant))


def past(
    year: int, number: int, from_day: date, days: int, energy_wh: int, **more: Any
) -> PastPeriod:
    return PastPeriod(year, number, from_day, from_day + timedelta(days=days), energy_wh, **more)


def prior_year(energy_wh: int, **more: Any) -> PastPeriod:
    return past(2020, 6, date(2020, 6, 1), 30, energy_wh, **more)


def prior_month(energy_wh: int, **more: Any) -> PastPeriod:
    return past(2021, 5, date(2021, 5, 1), 30, energy_wh, **more)


def two_years_ago(energy_wh: int, **more: Any) -> PastPeriod:
    return past(2019, 6, date(2019, 6, 1), 30, energy_wh, **more)


HISTORIES = st.tuples(
    st.lists(st.builds(lambda e, o: prior_year(e, occupant=o), ENERGY, OCCUPANTS), max_size=2),
    st.lists(st.builds(lambda e, o: prior_month(e, occupant=o), ENERGY, OCCUPANTS), max_size=1),
    st.lists(st.builds(lambda e, o: two_years_ago(e, occupant=o), ENERGY, OCCUPANTS), max_size=1),
).map(lambda parts: (*parts[0], *parts[1], *parts[2]))
GOOD_DAYS = st.lists(
    st.builds(
        GoodDay, st.dates(date(2021, 5, 1), date(2021, 6, 21)), st.integers(0, 99_000), OCCUPANTS
    ),
    max_size=30,
).map(tuple)
ELAPSED = st.lists(
    st.builds(ElapsedPart, st.just(OPENING), st.just(READ.on), ENERGY, OCCUPANTS), max_size=1
).map(tuple)
SIMILAR = st.none() | st.builds(
    lambda energy, yearly: SimilarSearch(
        OURS, (Candidate("K1", replace(OURS, yearly_wh=yearly), (prior_year(energy),)),)
    ),
    ENERGY,
    st.integers(0, 20_000_000),
)
FACTS = st.builds(
    RegisterLadderFacts,
    st.just(PERIOD),
    st.integers(12, 60),
    st.just(10_000_000),
    st.none() | st.just(READ),
    HISTORIES,
    ELAPSED,
    GOOD_DAYS,
    SIMILAR,
    st.none() | st.integers(1_000, 60_000),
)


def climbed(facts: RegisterLadderFacts) -> Decision[LadderEstimate]:
    return decide_register_ladder(facts, terms_on(CLOSING))


class TestTheLadderOfRegisters:
    @given(FACTS)
    @settings(max_examples=150)
    def test_gives_a_sound_estimate_or_none(self, facts: RegisterLadderFacts) -> None:
        found = climbed(facts).outcome

        if found.energy_wh is None:
            assert (found.rung, found.method, found.closing_wh) == (None, "by_hand", None)
            assert len(found.failed) == len(STEPS)
            return
        start = facts.last_valid_read.register_wh if facts.last_valid_read else facts.opening_wh
        assert found.rung is not None
        assert found.closing_wh == start + found.energy_wh
        assert found.energy_wh >= 0
        if facts.most_daily_wh is not None:
            assert found.energy_wh <= facts.most_daily_wh * found.days
        assert len(found.failed) == STEPS.index(found.rung), "all steps before it were tried"
        assert found.method_code is Method[f"AMI_REGISTER_{len(found.failed) + 1:02d}"]

    @given(FACTS)
    @settings(max_examples=150)
    def test_never_shows_the_use_of_somebody_else(self, facts: RegisterLadderFacts) -> None:
        decision = climbed(facts)
        found = decision.outcome

        if found.former_occupant or found.similar_customer:
            said = [found.shown_as, *(one.finding for one in decision.reasons), *found.failed]
            assert not [one for one in said if re.search(r"[0-9] Wh", one)]
        assert found.former_occupant <= (found.shown_as == "location history")

    @given(FACTS)
    @settings(max_examples=60)
    def test_uses_no_former_customer_where_that_reading_is_chosen(
        self, facts: RegisterLadderFacts
    ) -> None:
        terms = terms_on(CLOSING, readings={"estimation.location_history_display": "not_used"})

        assert not decide_register_ladder(facts, terms).outcome.former_occupant

    @given(st.integers(0, 3_000_000), st.integers(1, 29))
    def test_rounds_once_half_up(self, energy_wh: int, tail: int) -> None:
        read = ValidRead(CLOSING - timedelta(days=tail), 10_440_000)
        found = climbed(replace(BARE, last_valid_read=read, history=(prior_year(energy_wh),)))

        exact = Fraction(energy_wh, 30) * tail
        assert found.outcome.energy_wh is not None
        assert -Fraction(1, 2) < found.outcome.energy_wh - exact <= Fraction(1, 2)

    def test_averages_two_periods_of_a_month_by_their_days(self) -> None:
        first = past(2020, 6, date(2020, 6, 1), 10, 100_000, occupant=Occupant.FORMER)
        second = past(2020, 6, date(2020, 6, 11), 20, 500_000, occupant=Occupant.FORMER)

        found = climbed(replace(BARE, history=(first, second))).outcome

        assert (found.rung, found.energy_wh) == (STEPS[9], 160_000)

    def test_needs_both_years_where_the_book_asks_for_two(self, monkeypatch: Any) -> None:
        terms = terms_on(CLOSING)
        whole = terms.whole
        two = {"estimation_ami_register_two_years_least": 2}
        monkeypatch.setattr(
            type(terms),
            "whole",
            lambda self, name: replace(whole(name), value=two.get(name, whole(name).value)),
        )

        one_year = replace(BARE, history=(two_years_ago(450_000),))
        assert decide_register_ladder(one_year, terms).outcome.rung is None
        inputs = RungInputs(
            PERIOD, READ.on, (prior_year(600_000), two_years_ago(450_000)), (), (), None
        )
        both = try_step(read_step(STEPS[3], terms), inputs, terms)
        assert both.exact == Fraction(1_050_000, 60) * 8

    def test_does_not_know_a_word_that_it_was_not_taught(self) -> None:
        terms = terms_on(CLOSING)
        step = read_step(STEPS[0], terms)
        inputs = RungInputs(PERIOD, READ.on, (), (), (), None)
        strange: DatedValue[str] = replace(step.basis, value="the phase of the moon")

        with pytest.raises(
            TariffFileBroken, match="'the phase of the moon' is nothing that a step"
        ):
            try_step(replace(step, basis=strange), inputs, terms)


class TestAnEstimateOnRecord:
    def kept(self, facts: RegisterLadderFacts) -> Any:
        decision = run_register_ladder(facts, view=the_book(), day=CLOSING)
        return estimate_record(
            decision,
            meter="M1",
            start=0,
            until=900,
            cause=EstimateCause.REMOTE_DEVICE_FAILED,
            made_at=datetime(2021, 6, 30, tzinfo=UTC),
        )

    def test_has_rung_clause_inputs_and_failures(self) -> None:
        one = self.kept(replace(BARE, history=(prior_month(630_000),)))

        assert (one.energy_wh, one.method) == (168_000, Method.AMI_REGISTER_02)
        assert one.provision == "estimation.ami_register.step02"
        assert one.citation == "Sheet 131.2, rev. Original, GRR V.E.3.c.2"
        assert one.inputs[0] == (
            "prior month's billing period",
            "21000 Wh a day, 630000 Wh over 30 days",
        )
        assert one.inputs[-1][0] == "failed"
        assert not one.former_occupant

    def test_says_that_a_former_customers_use_went_in(self) -> None:
        assert self.kept(
            replace(BARE, history=(prior_year(600_000, occupant=Occupant.FORMER),))
        ).former_occupant

    def test_is_none_where_no_step_succeeded(self) -> None:
        with pytest.raises(
            EstimationFactsContradict, match=r"No step.*step 15: no similar.*person"
        ):
            self.kept(BARE)

    def test_of_daily_use_is_kept_the_same_way(self) -> None:
        facts = DailyUseFacts(PERIOD, OPENING, (prior_year(600_000),))
        decision = run_daily_use_ladder(facts, view=the_book(), day=CLOSING)
        one = estimate_record(
            decision,
            meter="M1",
            start=0,
            until=900,
            cause=EstimateCause.NO_ACCESS,
            made_at=datetime(2021, 6, 30, tzinfo=UTC),
        )

        assert (one.energy_wh, one.method) == (600_000, Method.PRIOR_YEAR_DAILY_USE)
        assert one.citation == "Sheet 131.1, rev. 1, GRR V.E.3.a"


class TestTheLadderOfIntervals:
    @given(st.integers(0, 10**7), st.integers(1, 100))
    def test_a_flat_line_loses_no_watt_hour(self, gap_wh: int, missing: int) -> None:
        facts = IntervalGapFacts(CLOSING, missing, (), register_gap_wh=gap_wh)
        fill = choose_interval_fill(facts, view=the_book(), day=CLOSING).outcome

        assert sum(fill.interval_wh) == gap_wh == fill.energy_wh
        assert len(fill.interval_wh) == missing
        assert max(fill.interval_wh) - min(fill.interval_wh) <= 1

    @given(st.lists(st.dates(date(2020, 6, 1), date(2021, 6, 29)), max_size=40, unique=True))
    def test_a_source_is_measured_and_of_the_days_type(self, days: list[date]) -> None:
        facts = IntervalGapFacts(CLOSING, 8, tuple(days), level_wh=100)
        fill = ruling_on(INTERVAL_LADDER, facts, CLOSING).decision.outcome

        if fill.rung == 1:
            assert fill.source_day in days
            assert (CLOSING - fill.source_day).days in (7, 14, 21, 28)
        elif fill.rung == 2:
            assert fill.source_day in days
            assert (CLOSING - fill.source_day).days <= 28
            assert fill.source_day.weekday() < 5
        else:
            assert fill.method == "flat_line"

    def test_its_definitions_are_those_of_the_book(self) -> None:
        told = day_definitions(terms_on(CLOSING))

        assert told.order == (Method.SAME_DAY, Method.LIKE_DAY, Method.FLAT_LINE)
        assert (told.same_day_most_weeks, told.like_day_within_days) == (4, 28)
        assert told.by == "nearest_weeks_by_day_type"


@given(
    st.sampled_from([CLOSING, date(2021, 7, 5), date(2024, 2, 29), date(2025, 11, 3)]),
    st.sampled_from(["nearest_weeks_by_day_type", "last_year_same_date"]),
    st.lists(st.integers(1, 420), max_size=25, unique=True),
)
@settings(max_examples=200)
def test_one_gap_and_many_look_at_the_same_days_in_the_same_order(
    day: date, option: str, ages: list[int]
) -> None:
    """The rule for one gap is the reference of the bulk filling."""
    valid = [day - timedelta(days=age) for age in ages]
    view = the_book().with_readings({"estimation.day_definitions": option})
    plan = FillingPlan.of(view, day)
    facts = IntervalGapFacts(day, 8, tuple(valid), level_wh=100)

    fill = choose_interval_fill(facts, view=view, day=day).outcome

    expected = next(
        (
            (method, one)
            for method in plan.order
            for one in plan.days.get(method, ())
            if one in valid
        ),
        (Method.FLAT_LINE, None),
    )
    assert (Method[fill.method.upper()], fill.source_day) == expected


METERS = st.builds(
    MeterToEstimate,
    st.sampled_from(list(MeterTechnology)),
    st.sampled_from(list(BilledOn)),
    st.integers(0, 40),
    st.just(OPENING),
    st.just(CLOSING),
    st.none() | st.dates(OPENING, CLOSING),
    st.booleans(),
)


@given(METERS, st.sampled_from([date(2013, 12, 1), date(2020, 7, 8), CLOSING]))
def test_nothing_estimates_an_amr_interval_meter_by_itself(
    meter: MeterToEstimate, day: date
) -> None:
    choice = choose_method(meter, view=the_book(), day=day).outcome

    amr_interval = (meter.technology, meter.billed_on) == (
        MeterTechnology.AMR,
        BilledOn.INTERVALS,
    )
    if day == CLOSING:
        assert choice.automatic != amr_interval
    else:
        assert choice.method.value == "general"


@given(st.data())
@settings(max_examples=150)
def test_switching_a_reading_changes_only_decisions_that_cite_it(data: st.DataObject) -> None:
    by_rule: dict[str, st.SearchStrategy[Any]] = {
        "estimation.method": METERS,
        "estimation.register_ladder": FACTS,
    }
    rule = data.draw(
        st.sampled_from([one for one in ESTIMATION_RULES if one.id in by_rule]), label="rule"
    )
    facts = data.draw(by_rule[rule.id], label="facts")
    before = ruling_on(rule, facts, CLOSING)
    for record in the_book().readings():
        if record.key in before.reading_keys or record.key not in rule.readings:
            continue
        for option in record.options:
            after = ruling_on(rule, facts, CLOSING, readings={record.key: option})
            assert after.decision == before.decision
