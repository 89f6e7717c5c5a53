"""The gate before a bill leaves: both sides of every threshold of the book's file."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.rooms.billing.gate_builders import (
    JULY_BEFORE,
    NOW,
    ON,
    TERMS,
    VIEW,
    bill,
    days_of,
    facts,
    past,
)

from meterledger.billing import (
    ClockIsOff,
    Degrees,
    RunTally,
    WayOut,
    decide_collection,
    decide_gate,
    enough_for_breaker,
    gate_findings,
    gate_terms,
    hold_kind,
    refuse_clock_off,
    run_findings,
)
from meterledger.billing.gate_facts import year_before
from meterledger.entrypoints.wiring import open_book
from meterledger.facts.bills import BillKind
from meterledger.facts.held import GateOutcome, StoreClock
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.loading import default_book_folder


def codes(*given: object) -> list[str]:
    return [one.code for one in gate_findings(facts(*given), TERMS)]  # type: ignore[arg-type]


class TestWindowLength:
    """20 CSR 4240-13.015: a regular bill is of 26 to 35 days."""

    @pytest.mark.parametrize(
        ("days", "held"), [(25, True), (26, False), (35, False), (36, True)], ids=str
    )
    def test_binds_regular_bills(self, days: int, held: bool) -> None:
        assert ("gate.window_length" in codes(bill(days=days_of(days)))) is held

    @pytest.mark.parametrize("kind", [one for one in BillKind if one is not BillKind.REGULAR])
    def test_does_not_bind_initial_final_and_corrected_ones(self, kind: BillKind) -> None:
        assert codes(bill(days=days_of(9), kind=kind)) == []

    def test_says_how_many_days_and_which_bounds(self) -> None:
        decision = decide_gate(facts(bill(days=days_of(36))), TERMS)

        assert decision.outcome is GateOutcome.HOLD
        assert decision.reasons[0].finding == (
            "A regular bill of 36 days, 2025-07-01 to 2025-08-06, is outside 26 to 35 days"
        )
        assert "longest" in decision.reasons[0].citation.paragraph


class TestOverlap:
    def test_holds_a_bill_whose_days_are_on_another(self) -> None:
        assert codes(bill(), past(900, days_of(5)))[0] == "gate.overlap"

    def test_lets_a_bill_pass_that_follows_another(self) -> None:
        assert codes(bill(), past(900)) == []

    def test_is_not_the_very_same_bill_that_another_run_made(self) -> None:
        assert codes(bill(), past(900, days_of(31), "B-now")) == []

    def test_holds_two_bills_of_one_batch(self) -> None:
        one, other = bill(), bill(bill_id="B-other")
        found = gate_findings(facts(one), TERMS, [one, other])
        assert [each.sentence for each in found] == [
            "Days of 2025-07-01 to 2025-08-01 are on bill B-other already"
        ]


class TestBand:
    """July of 30 kWh a day in the year before is 930 kWh; most is 350 percent, least 10."""

    @pytest.mark.parametrize(
        ("kwh", "held"), [(3255, False), (3256, True)], ids=["at 350 percent", "above"]
    )
    def test_ends_at_the_share_of_the_same_season(self, kwh: int, held: bool) -> None:
        found = codes(bill(kwh, 500_00), past(930, JULY_BEFORE))
        assert ("gate.band" in found) is held

    @pytest.mark.parametrize(("kwh", "held"), [(93, False), (92, True)], ids=str)
    def test_begins_at_the_least_share(self, kwh: int, held: bool) -> None:
        assert ("gate.band" in codes(bill(kwh, 25_00), past(930, JULY_BEFORE))) is held

    def test_is_wide_enough_for_a_heat_wave(self) -> None:
        assert codes(bill(2800, 420_00), past(930, JULY_BEFORE), past(600)) == []

    def test_passes_what_is_usual_by_the_bill_before(self) -> None:
        """A customer who has changed for good is held once, not every month of a year."""
        assert codes(bill(5000, 800_00), past(930, JULY_BEFORE), past(4500)) == []

    def test_says_so_when_there_is_only_the_bill_before(self) -> None:
        (found,) = gate_findings(facts(bill(7000, 1000_00), past(900)), TERMS)
        assert found.code == "gate.band"
        assert found.sentence == (
            "225.8 kWh a day is 752 percent of the bill before (30.0 kWh a day), beyond 600 percent"
        )
        assert ("weather", "not known: compared with history alone") in found.evidence
        assert ("gate_band_previous_most_percent", "600") in found.evidence

    def test_says_on_which_side_it_is(self) -> None:
        less = gate_findings(facts(bill(30, 14_00), past(900)), TERMS)[0].sentence
        more = gate_findings(facts(bill(900, 140_00), past(0)), TERMS)[0].sentence
        assert less == (
            "1.0 kWh a day is 3 percent of the bill before (30.0 kWh a day), below 5 percent"
        )
        assert more == "29.0 kWh a day where the bill before had 0.0 kWh a day"

    def test_says_nothing_of_small_differences(self) -> None:
        assert codes(bill(460, 80_00), past(10, JULY_BEFORE)) == []

    def test_says_nothing_without_a_history(self) -> None:
        assert codes(bill(5000, 800_00)) == []

    def test_takes_a_register_that_trues_up_with_what_was_estimated(self) -> None:
        """900 kWh of June were estimated; June and July together were 1830, or 300 in truth."""
        late = {"trues_up": True, "ahead_wh": 900_000, "ahead_days": 30}
        for kwh in (930, -600):
            assert codes(bill(kwh, 100_00, **late), past(900)) == []

    @pytest.mark.parametrize(
        ("kwh", "held"), [(10_080, False), (10_081, True)], ids=["at 600 percent", "above"]
    )
    def test_holds_a_register_that_trues_up_beyond_belief(self, kwh: int, held: bool) -> None:
        """Six times 30 kWh a day over the 61 days since the register was last read: 10 980 kWh."""
        late = {"trues_up": True, "ahead_wh": 900_000, "ahead_days": 30}
        found = gate_findings(facts(bill(kwh, 1400_00, **late), past(900)), TERMS)
        assert [one.code for one in found] == (["gate.band"] if held else [])
        if held:
            assert found[0].sentence == (
                "180.0 kWh a day since the register was last read is 600 percent of the bill "
                "before (30.0 kWh a day), beyond 600 percent"
            )

    @pytest.mark.parametrize(
        ("degrees", "most_kwh"),
        [(10, 3255), (20, 6510), (40, 9765), (5, 3255)],
        ids=["as warm", "twice the degree days", "four times: at most three", "milder"],
    )
    def test_is_widened_by_the_weather_where_it_is_known(self, degrees: int, most_kwh: int) -> None:
        known = dict.fromkeys(JULY_BEFORE.days(), 650 + 100)
        known |= dict.fromkeys(days_of(31).days(), 650 + 10 * degrees)
        weather = Degrees(650, known)

        def held(kwh: int) -> bool:
            given = facts(bill(kwh, kwh * 15), past(930, JULY_BEFORE))
            found = gate_findings(replace(given, degrees=weather), TERMS)
            return "gate.band" in [one.code for one in found]

        assert (held(most_kwh), held(most_kwh + 1)) == (False, True)

    def test_goes_by_history_alone_where_a_day_of_the_weather_is_missing(self) -> None:
        weather = Degrees(650, dict.fromkeys(days_of(31).days(), 1050))
        given = facts(bill(3256, 500_00), past(930, JULY_BEFORE))
        (found,) = gate_findings(replace(given, degrees=weather), TERMS)
        assert ("weather", "not known: compared with history alone") in found.evidence

    def test_finds_the_day_of_last_year_of_a_leap_day(self) -> None:
        assert year_before(date(2024, 2, 29)) == date(2023, 2, 28)


class TestJump:
    @pytest.mark.parametrize(
        ("kwh", "was", "factor"),
        [(9000, 900, "10"), (36_000, 900, "40"), (900_000, 900, "1000"), (900, 36_000, "40")],
        ids=["ten", "a multiplier", "a unit", "a multiplier forgotten"],
    )
    def test_names_the_factor(self, kwh: int, was: int, factor: str) -> None:
        found = gate_findings(facts(bill(kwh, kwh * 15), past(was)), TERMS)
        assert found[0].code == "gate.jump"
        assert ("factor", factor) in found[0].evidence

    @pytest.mark.parametrize(("kwh", "held"), [(10_401, True), (10_500, False)], ids=str)
    def test_is_near_the_factor(self, kwh: int, held: bool) -> None:
        """930 kWh times ten, and twelve percent more, is 10,416."""
        days = replace(past(930), days=JULY_BEFORE)
        assert ("gate.jump" in codes(bill(kwh, 1400_00), days)) is held

    def test_says_nothing_of_little_energy(self) -> None:
        assert codes(bill(90, 30_00), past(9)) == []


class TestZero:
    @pytest.mark.parametrize(("was", "held"), [(30, True), (29, False)], ids=str)
    def test_holds_where_there_was_use_before(self, was: int, held: bool) -> None:
        nothing = bill(0, 10_00, line_codes=frozenset({"customer_charge"}))
        assert codes(nothing, past(was)) == (["gate.zero"] if held else [])

    @pytest.mark.parametrize(("ended", "held"), [(44, True), (45, False)], ids=str)
    def test_looks_for_the_bill_before_no_farther_than_the_book_says(
        self, ended: int, held: bool
    ) -> None:
        nothing = bill(0, 10_00, line_codes=frozenset({"customer_charge"}))
        until = nothing.days.from_day - timedelta(days=ended)
        before = past(930, DaySpan(until - timedelta(days=30), until))
        assert ("gate.zero" in codes(nothing, before)) is held

    def test_comes_before_the_band_so_that_those_who_look_after_meters_own_it(self) -> None:
        nothing = bill(0, 10_00, line_codes=frozenset({"customer_charge"}))
        assert codes(nothing, past(930)) == ["gate.zero", "gate.band"]

    def test_passes_where_there_was_none_before(self) -> None:
        nothing = bill(0, 10_00, line_codes=frozenset({"customer_charge"}))
        assert codes(nothing, past(0)) == codes(nothing) == []


class TestEstimated:
    @pytest.mark.parametrize(("intervals", "held"), [(1488, False), (1489, True)], ids=str)
    def test_holds_above_half_the_intervals(self, intervals: int, held: bool) -> None:
        made = bill(estimated_intervals=intervals, estimated_wh=100)
        assert codes(made) == (["gate.estimated"] if held else [])

    def test_holds_above_half_the_energy(self) -> None:
        assert codes(bill(estimated_intervals=9, estimated_wh=450_001)) == ["gate.estimated"]
        assert codes(bill(estimated_intervals=9, estimated_wh=450_000)) == []

    def test_leaves_what_the_sheets_cap_counts_to_the_cap(self) -> None:
        made = bill(estimated_intervals=2976, estimated_wh=900_000, counts_toward_cap=True)
        assert codes(made) == []


class TestLines:
    def test_holds_a_bill_without_its_customer_charge(self) -> None:
        (found,) = gate_findings(facts(bill(line_codes=frozenset({"energy_summer"}))), TERMS)
        assert found.sentence == "The bill has no line for customer_charge of 1M-anytime"

    def test_holds_energy_that_nothing_is_charged_for(self) -> None:
        assert codes(bill(line_codes=frozenset({"customer_charge"}))) == ["gate.lines"]


class TestAmounts:
    @pytest.mark.parametrize(
        ("cents", "found"),
        [
            (1500_00, []),
            (1500_01, ["gate.amount"]),
            (5000_00, ["gate.amount"]),
            (5000_01, ["gate.amount", "gate.ceiling"]),
        ],
        ids=str,
    )
    def test_are_by_class_of_service(self, cents: int, found: list[str]) -> None:
        made = bill(20_000, cents)
        assert codes(made) == found
        assert gate_findings(facts(made, service_class="small_general"), TERMS) == []

    @pytest.mark.parametrize(("cents", "held"), [(-250_00, False), (-250_01, True)], ids=str)
    def test_hold_a_large_credit(self, cents: int, held: bool) -> None:
        assert codes(bill(50, cents)) == (["gate.amount"] if held else [])

    @pytest.mark.parametrize(
        ("cents", "held"),
        [(26_99, True), (27_00, False), (540_00, False), (540_01, True)],
        ids=str,
    )
    def test_hold_a_price_that_cannot_be(self, cents: int, held: bool) -> None:
        """900 kWh at 3 cents is 27.00 USD, at 60 cents 540.00."""
        assert codes(bill(900, cents)) == (["gate.price"] if held else [])

    def test_say_nothing_of_the_price_of_little_energy(self) -> None:
        assert codes(bill(99, 99_00)) == []


class TestTheGate:
    def test_passes_an_ordinary_bill_with_a_reason(self) -> None:
        decision = decide_gate(facts(bill(), past(900)), TERMS)
        assert decision.outcome is GateOutcome.PASS
        assert decision.reasons[0].finding == "every check of the gate was passed"

    def test_is_not_there_in_a_book_that_knew_none(self) -> None:
        book = open_book(default_book_folder())
        assert gate_terms(book.as_known(date(2026, 11, 28)), ON) is None
        assert gate_terms(VIEW, ON) is not None


class TestAutopay:
    def test_collects_what_lies_in_the_band(self) -> None:
        assert decide_collection([], TERMS).outcome is True

    def test_does_not_collect_what_does_not(self) -> None:
        found = gate_findings(facts(bill(7000, 1000_00), past(900)), TERMS)
        decision = decide_collection(found, TERMS)
        assert (decision.outcome, decision.reasons[0].finding[:17]) == (False, "225.8 kWh a day i")

    def test_does_not_collect_what_a_person_let_out(self) -> None:
        found = gate_findings(facts(bill(7000, 1000_00), past(900)), TERMS)
        assert decide_collection([], TERMS, was_held=found).outcome is False

    def test_collects_a_bill_of_unusual_length(self) -> None:
        found = gate_findings(facts(bill(days=days_of(36))), TERMS)
        assert decide_collection(found, TERMS).outcome is True


class TestTheBreaker:
    """Speaks from 50 windows on; more than a quarter held stop the run."""

    @pytest.mark.parametrize(
        ("looked_at", "held", "stops"),
        [(49, 49, False), (52, 13, False), (52, 14, True)],
        ids=["too few to say", "a quarter", "more than a quarter"],
    )
    def test_stops_at_the_share_held(self, looked_at: int, held: int, stops: bool) -> None:
        tally = RunTally(looked_at=looked_at, held=held)
        assert [one.code for one in run_findings(tally, TERMS)] == (["run.held"] if stops else [])
        assert enough_for_breaker(tally, TERMS) is (looked_at >= 50)

    @pytest.mark.parametrize(("estimated", "stops"), [(40, False), (41, True)], ids=str)
    def test_stops_at_the_share_estimated(self, estimated: int, stops: bool) -> None:
        tally = RunTally(looked_at=100, made=100, estimated=estimated)
        found = [one.sentence for one in run_findings(tally, TERMS)]
        told = "41 of 100 bills have estimated usage, more than 40 percent"
        assert found == ([told] if stops else [])

    @pytest.mark.parametrize(("zero", "stops"), [(10, False), (11, True)], ids=str)
    def test_stops_at_the_share_of_no_energy(self, zero: int, stops: bool) -> None:
        tally = RunTally(looked_at=100, made=100, zero=zero)
        assert [one.code for one in run_findings(tally, TERMS)] == (["run.zero"] if stops else [])

    @pytest.mark.parametrize(
        ("now", "stops"), [(34_99, True), (35_00, False), (300_00, False), (300_01, True)], ids=str
    )
    def test_stops_at_a_median_that_moved(self, now: int, stops: bool) -> None:
        tally = RunTally(looked_at=60, made=60, now_cents=[now] * 60, before_cents=[100_00] * 60)
        assert [one.code for one in run_findings(tally, TERMS)] == (["run.median"] if stops else [])


class TestTheClock:
    def test_that_agrees_lets_bills_be_issued(self) -> None:
        kept = StoreClock(NOW + timedelta(seconds=300), NOW, ON)
        refuse_clock_off(NOW, date(2026, 11, 29), kept, TERMS)

    def test_that_is_off_the_databases_stops_issue(self) -> None:
        kept = StoreClock(NOW + timedelta(seconds=301), None, None)
        with pytest.raises(ClockIsOff, match=r"301 seconds apart\. More than 300 seconds apart no"):
            refuse_clock_off(NOW, date(2026, 11, 29), kept, TERMS)

    def test_that_went_back_stops_issue(self) -> None:
        kept = StoreClock(None, datetime(2026, 11, 29, 12, 5, 1, tzinfo=UTC), None)
        with pytest.raises(ClockIsOff, match="something was learned at 2026-11-29T12:05:01Z"):
            refuse_clock_off(NOW, date(2026, 11, 29), kept, TERMS)

    def test_of_a_day_before_the_newest_bill_stops_issue(self) -> None:
        kept = StoreClock(None, None, date(2026, 11, 30))
        with pytest.raises(ClockIsOff, match="a bill was issued on 2026-11-30 already"):
            refuse_clock_off(NOW, date(2026, 11, 29), kept, TERMS)


class TestOwners:
    @pytest.mark.parametrize(
        ("code", "owner"),
        [
            ("gate.band", "billing analysts"),
            ("gate.jump", "meter data"),
            ("usage.gap", "meter data"),
            ("usage.read_owed", "meter data"),
            ("premise.tax_place", "customer service"),
            ("book.silent", "rate analysts"),
            ("something.else", "billing analysts"),
        ],
    )
    def test_every_code_has_one(self, code: str, owner: str) -> None:
        assert hold_kind(code).owner == owner

    def test_only_a_bill_that_was_calculated_can_be_released(self) -> None:
        assert WayOut.RELEASE in hold_kind("gate.band").ways
        assert WayOut.RELEASE not in hold_kind("usage.gap").ways
        assert WayOut.RELEASE not in hold_kind("usage.estimate_cap").ways
