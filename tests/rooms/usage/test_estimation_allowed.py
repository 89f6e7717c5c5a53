"""When a bill may be estimated, and what it says: GRR V.E.1 by the real book."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on, terms_on

from meterledger.facts.estimates import EstimateCause
from meterledger.rulebook.series import NoRuleInForce
from meterledger.usage.estimation_allowed import (
    CAPPED_WORDS,
    MAY_ESTIMATE,
    OUTSIDE_WORDS,
    BilledPeriod,
    MayEstimate,
    MayEstimateFacts,
    count_estimated_periods,
    decide_may_estimate,
)
from meterledger.usage.estimation_facts import EstimationFactsContradict
from meterledger.usage.estimation_told import (
    BillFlag,
    Effort,
    FlagFacts,
    RecordFacts,
    decide_bill_flag,
    decide_record,
)

TODAY = date(2021, 4, 15)
CAPPED = frozenset(CAPPED_WORDS)
TENTH = Fraction(10)
HUMAN, DEVICE = EstimateCause.HUMAN_OR_BILLING_ERROR, EstimateCause.REMOTE_DEVICE_FAILED
WEATHER = EstimateCause.WEATHER_EMERGENCY
ACTUAL = BilledPeriod(None)
CAUSES = [*CAPPED_WORDS, *OUTSIDE_WORDS, EstimateCause.UNDETECTABLE_EQUIPMENT_FAILURE]
PERIODS = st.builds(
    BilledPeriod,
    st.none() | st.sampled_from(CAUSES),
    st.integers(0, 1000).map(lambda tenths: Fraction(tenths, 10)),
)


def estimated(cause: EstimateCause, percent: str = "100") -> BilledPeriod:
    return BilledPeriod(cause, Fraction(percent))


def asked(
    cause: EstimateCause, *earlier: BilledPeriod, readings: dict[str, str] | None = None
) -> MayEstimate:
    facts = MayEstimateFacts(cause, earlier)
    outcome = ruling_on(MAY_ESTIMATE, facts, TODAY, readings=readings).decision.outcome
    assert isinstance(outcome, MayEstimate)
    return outcome


class TestTheRowOfEstimatedPeriods:
    @pytest.mark.parametrize(
        ("earlier", "count"),
        [
            ((), 0),
            ((ACTUAL,), 0),
            ((estimated(DEVICE),), 1),
            ((estimated(DEVICE), ACTUAL), 0),
            ((ACTUAL, estimated(DEVICE), estimated(HUMAN)), 2),
            ((estimated(DEVICE), estimated(WEATHER), estimated(HUMAN)), 2),  # weather: neither
            ((estimated(WEATHER), estimated(WEATHER)), 0),
            ((estimated(DEVICE), estimated(DEVICE, "10")), 0),  # a tenth is an actual reading
            ((estimated(DEVICE), estimated(DEVICE, "10.1")), 2),
            ((estimated(DEVICE), estimated(WEATHER, "10")), 0),
        ],
    )
    def test_is_counted_back_to_the_last_actual_reading(
        self, earlier: tuple[BilledPeriod, ...], count: int
    ) -> None:
        assert count_estimated_periods(earlier, capped=CAPPED, above_percent=TENTH) == count

    @given(st.lists(PERIODS, max_size=10), st.lists(PERIODS, max_size=10))
    def test_does_not_depend_on_what_lies_before_an_actual_reading(
        self, before: list[BilledPeriod], after: list[BilledPeriod]
    ) -> None:
        whole = count_estimated_periods(
            [*before, ACTUAL, *after], capped=CAPPED, above_percent=TENTH
        )

        assert whole == count_estimated_periods(after, capped=CAPPED, above_percent=TENTH)

    @given(st.lists(PERIODS, max_size=10))
    def test_is_no_shorter_where_smaller_shares_count(self, earlier: list[BilledPeriod]) -> None:
        tenth = count_estimated_periods(earlier, capped=CAPPED, above_percent=TENTH)
        any_share = count_estimated_periods(earlier, capped=CAPPED, above_percent=Fraction(0))

        assert tenth <= any_share <= len(earlier)


class TestTheCap:
    @given(st.sampled_from(list(CAPPED_WORDS)), st.lists(PERIODS, max_size=6))
    def test_is_reached_by_three_and_never_by_two(
        self, cause: EstimateCause, earlier: list[BilledPeriod]
    ) -> None:
        outcome = asked(cause, *earlier)

        assert outcome.allowed == (outcome.in_a_row < 3)
        assert outcome.actual_reading_needed == (not outcome.allowed)

    @given(st.sampled_from(list(OUTSIDE_WORDS)), st.lists(PERIODS, max_size=6))
    def test_is_none_for_causes_outside_of_the_companys_control(
        self, cause: EstimateCause, earlier: list[BilledPeriod]
    ) -> None:
        assert asked(cause, *earlier) == MayEstimate(True, False, 0, False)

    @given(st.sampled_from(list(CAPPED_WORDS)), st.lists(PERIODS, max_size=6))
    def test_is_never_reached_sooner_where_each_cause_is_counted_alone(
        self, cause: EstimateCause, earlier: list[BilledPeriod]
    ) -> None:
        alone = asked(cause, *earlier, readings={"estimation.cap_counting": "each_cause_alone"})

        assert alone.in_a_row <= asked(cause, *earlier).in_a_row

    def test_is_not_asked_about_late_notice(self) -> None:
        with pytest.raises(EstimationFactsContradict, match=r"GRR V\.E\.2.*estimation\.first_last"):
            asked(EstimateCause.LATE_NOTIFICATION)

    @pytest.mark.parametrize("percent", ["-0.1", "100.1"])
    def test_refuses_a_share_beyond_all(self, percent: str) -> None:
        with pytest.raises(EstimationFactsContradict, match=r"cannot be estimated.*from 0 to 100"):
            asked(DEVICE, estimated(DEVICE, percent))

    def test_is_not_guessed_before_the_first_text(self) -> None:
        with pytest.raises(NoRuleInForce):
            decide_may_estimate(MayEstimateFacts(DEVICE, ()), terms_on(date(2013, 6, 29)))


def flag(billed_wh: int, estimated_wh: int) -> BillFlag:
    facts = FlagFacts(billed_wh, estimated_wh, any_estimated=True)
    return decide_bill_flag(facts, terms_on(TODAY)).outcome


class TestTheMark:
    @given(st.integers(1, 10**9), st.data())
    def test_is_on_every_estimated_bill_with_its_share(
        self, billed: int, data: st.DataObject
    ) -> None:
        part = data.draw(st.integers(0, billed))
        told = flag(billed, part)

        assert told.flagged
        assert told.estimated_percent == Fraction(100 * part, billed)
        assert abs(told.printed_percent - told.estimated_percent) <= Fraction(1, 20)
        assert told.counts_toward_cap == (10 * part > billed)

    @pytest.mark.parametrize(
        ("estimated_wh", "printed"), [(499, "0"), (500, "0.1"), (999_499, "99.9"), (999_500, "100")]
    )
    def test_prints_one_decimal_half_up(self, estimated_wh: int, printed: str) -> None:
        assert flag(1_000_000, estimated_wh).printed_percent == Fraction(printed)


def test_a_record_needs_cause_and_effort() -> None:
    tried = (Effort(TODAY, "read on demand, no answer"),)
    terms = terms_on(TODAY)

    assert decide_record(RecordFacts(DEVICE, tried), terms).outcome.complete
    assert not decide_record(RecordFacts(None, tried), terms).outcome.complete
    assert not decide_record(RecordFacts(DEVICE, ()), terms).outcome.complete
