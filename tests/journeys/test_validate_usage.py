"""A local day is validated and estimated: everybody is accounted for, once, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.journeys.town import VIEWER
from tests.journeys.usage_town import (
    BELOW_ZERO,
    DAY,
    MONTH_BEFORE,
    NEXT,
    NIGHT,
    UsageTown,
    usage_town,
    weekly,
    with_gap,
    with_value,
)

from meterledger.facts.estimates import EstimateCause, Method
from meterledger.facts.findings import Weight
from meterledger.facts.meters import Meter, MeterKind
from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    Quality,
    Reading,
)
from meterledger.facts.usage import window_seconds
from meterledger.facts.usage_log import FindingState, UsageCounts
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.series import NoRuleInForce
from meterledger.usage import Storm
from meterledger.usecases.ports import Conflict

SPAN = (MONTH_BEFORE, DAY + timedelta(days=1))


@pytest.fixture
def town(tmp_path: Path, first_book: Any) -> Iterator[UsageTown]:
    made = usage_town(tmp_path, book=first_book)
    with made.store.viewing(VIEWER, []):
        yield made


def homes(town: UsageTown, count: int) -> None:
    for number in range(1, count + 1):
        town.start(number)


def with_week_before(day: date, count: int) -> list[int | None]:
    return weekly(day - timedelta(days=7), count)


class TestAnOrdinaryNight:
    def test_everybody_is_in_one_of_four(self, town: UsageTown) -> None:
        homes(town, 4)
        town.arrive("M1", SPAN)
        town.arrive("M2", SPAN, with_gap(DAY, 10, 14))
        town.arrive("M3", SPAN, with_value(DAY, 40, BELOW_ZERO))
        # of the fourth nothing has ever arrived

        report = town.validate()

        assert report.counts.meter_days == 4
        assert (report.counts.complete, report.counts.estimated, report.counts.held) == (1, 1, 2)
        assert report.counts.estimated_intervals == 4
        assert report.by_code["usage.negative"] == 1
        assert report.by_code["usage.gap"] == 1

    def test_a_gap_is_filled_from_the_same_day_of_last_week(self, town: UsageTown) -> None:
        homes(town, 1)
        town.arrive("M1", SPAN, with_gap(DAY, 10, 14))

        town.validate()

        week_before = weekly(DAY - timedelta(days=7), 96)
        expected = weekly(DAY, 96)
        expected[10:14] = week_before[10:14]
        assert town.values_of("M1") == expected
        assert town.methods_of("M1") == [0] * 10 + [Method.SAME_DAY] * 4 + [0] * 82
        (estimate,) = town.store.estimates_of_meter("M1")
        assert estimate.estimate.energy_wh == sum(expected[10:14])
        assert estimate.estimate.cause is EstimateCause.REMOTE_DEVICE_FAILED
        assert estimate.estimate.provision == "estimation.ami_interval.ladder"
        assert "Sheet 131.2" in estimate.estimate.citation
        assert ("source_day", "2025-10-01") in estimate.estimate.inputs
        assert estimate.interval_count == 4
        assert estimate.sequence == town.store.lake_sequence()
        assert town.store.review_queue() == []

    def test_the_cause_that_is_told_is_the_one_on_record(self, town: UsageTown) -> None:
        homes(town, 1)
        town.arrive("M1", SPAN, with_gap(DAY, 10, 14))
        town.validate(cause=EstimateCause.WEATHER_EMERGENCY)
        (estimate,) = town.store.estimates_of_meter("M1")
        assert estimate.estimate.cause is EstimateCause.WEATHER_EMERGENCY

    def test_two_gaps_of_a_day_are_two_estimates(self, town: UsageTown) -> None:
        homes(town, 1)
        both = with_gap(DAY, 40, 41, with_gap(DAY, 10, 14))
        town.arrive("M1", SPAN, both)
        report = town.validate()
        first, second = town.store.estimates_of_meter("M1")
        assert (first.interval_count, second.interval_count) == (4, 1)
        assert first.estimate.until < second.estimate.start
        assert report.counts.estimated_wh == sum(one.estimate.energy_wh for one in (first, second))

    def test_a_whole_day_that_never_came_is_filled_from_last_week(self, town: UsageTown) -> None:
        homes(town, 1)
        town.arrive("M1", (MONTH_BEFORE, DAY), seconds=3600)

        report = town.validate()

        assert report.counts.estimated == 1
        assert town.values_of("M1") == weekly(DAY - timedelta(days=7), 24)

    def test_a_day_copied_by_the_ladder_was_not_sent_twice(self, town: UsageTown) -> None:
        homes(town, 2)
        town.arrive("M1", (MONTH_BEFORE, DAY))
        town.arrive("M2", (MONTH_BEFORE, DAY))
        town.validate()
        town.arrive("M2", (DAY, DAY + timedelta(days=1)), with_week_before, learned_at=NEXT)

        report = town.validate(known_at=NEXT)

        assert town.store.findings_of_meter("M1") == []  # estimated, and looked at again
        assert (report.counts.estimated, report.counts.held) == (1, 1)
        assert report.by_code == {"usage.day_sent_twice": 1}  # received as last week

    @pytest.mark.parametrize(
        ("day", "width"),
        [(date(2026, 3, 8), 92), (date(2025, 11, 2), 100)],
        ids=["spring forward", "fall back"],
    )
    def test_short_and_long_days_are_filled_by_the_clock(
        self, town: UsageTown, day: date, width: int
    ) -> None:
        homes(town, 1)
        span = (day - timedelta(days=35), day + timedelta(days=1))
        town.arrive("M1", span, with_gap(day, 30, 40))
        town.validate(day)
        values = town.values_of("M1", day)
        shift = width - 96
        before = weekly(day - timedelta(days=7), 96)
        assert len(values) == width
        assert values[30:40] == before[30 - shift : 40 - shift]

    def test_energy_that_was_received_is_never_touched(self, town: UsageTown) -> None:
        homes(town, 1)
        sequence = town.arrive("M1", SPAN, with_gap(DAY, 0, 96 // 2))
        before = town.values_of("M1", sequence=sequence)
        town.validate()
        after = town.values_of("M1")
        assert [wh for wh in before if wh >= 0] == after[48:]


class TestWhatIsHeld:
    def test_a_value_below_zero_waits_for_a_person(self, town: UsageTown) -> None:
        homes(town, 1)
        town.arrive("M1", SPAN, with_value(DAY, 40, BELOW_ZERO))

        report = town.validate()

        (held,) = town.store.review_queue()
        assert held.logged.finding.code == "usage.negative"
        assert held.logged.finding.weight is Weight.HOLD
        assert held.logged.meter_id == "M1"
        assert (report.counts.complete, report.counts.held) == (0, 1)

    def test_a_spike_is_held_with_the_thresholds_it_was_measured_by(self, town: UsageTown) -> None:
        homes(town, 1)
        town.arrive("M1", SPAN, with_value(DAY, 40, 90_000))

        report = town.validate()

        found = {one.logged.finding.code: one for one in town.store.findings_of_meter("M1")}
        spike = found["usage.spike"]
        assert spike.state is FindingState.OPEN
        assert spike.logged.finding.evidence["highest_wh"] == 90_000
        assert "90000 Wh" in spike.logged.finding.sentence
        assert dict(spike.logged.thresholds).keys() >= {"validation_spike_percent"}
        assert (report.counts.complete, report.counts.held) == (0, 1)
        assert "usage.spike" in {one.logged.finding.code for one in town.store.review_queue()}

    def test_a_day_ten_times_too_high_waits_for_a_person(self, town: UsageTown) -> None:
        homes(town, 1)
        town.arrive("M1", SPAN)
        usual = weekly(DAY, 96)
        town.arrive(
            "M1", (DAY, DAY + timedelta(days=1)), lambda day, count: [10 * one for one in usual]
        )

        town.validate()

        codes = {one.logged.finding.code for one in town.store.review_queue()}
        assert "usage.high" in codes

    def test_a_long_run_of_one_value_is_noted(self, town: UsageTown) -> None:
        homes(town, 1)
        town.arrive("M1", SPAN)
        town.arrive("M1", (DAY, DAY + timedelta(days=1)), lambda day, count: [300] * count)

        report = town.validate()

        found = {one.logged.finding.code: one for one in town.store.findings_of_meter("M1")}
        assert found["usage.flat_run"].state is FindingState.NOTED
        assert (report.counts.complete, report.counts.held) == (1, 0)
        assert town.store.review_queue() == []

    def test_what_no_rung_can_fill_is_held_and_says_why(self, town: UsageTown) -> None:
        homes(town, 1)
        town.validate()
        (held,) = town.store.review_queue()
        assert held.logged.finding.code == "usage.gap"
        assert "It cannot be estimated: no measured day of the ladder" in (
            held.logged.finding.sentence
        )

    def test_before_the_ladder_was_filed_there_is_no_night(self, town: UsageTown) -> None:
        with pytest.raises(NoRuleInForce, match=r"'validation_history_days_min' is in force on 20"):
            town.validate(date(2020, 7, 8))

    def test_intervals_beside_the_lake_are_no_gap(self, town: UsageTown) -> None:
        """A month that was read once is not missing on its days."""
        homes(town, 1)
        keep_month(town, "M1")
        report = town.validate()
        assert (report.counts.complete, report.counts.held) == (1, 0)


class TestWhoMayBeEstimated:
    @pytest.mark.parametrize(
        ("kind", "estimated", "code"),
        [
            (MeterKind.AMI, 1, None),
            (MeterKind.AMR, 0, "usage.by_hand"),
            (MeterKind.MANUAL, 0, "usage.by_hand"),
        ],
    )
    def test_a_person_estimates_what_the_sheet_leaves_to_persons(
        self, town: UsageTown, kind: MeterKind, estimated: int, code: str | None
    ) -> None:
        homes(town, 1)
        town.arrive("M1", SPAN, with_gap(DAY, 10, 14))

        report = town.validate(store=OfKind(town, kind))

        assert report.counts.estimated == estimated
        assert [one.logged.finding.code for one in town.store.review_queue()] == (
            [code] if code else []
        )
        if code:
            (held,) = town.store.review_queue()
            assert "estimation.amr_interval.manual" in held.logged.finding.sentence


class TestWithTheRegister:
    def test_what_is_estimated_sums_to_the_register_to_the_watt_hour(self, town: UsageTown) -> None:
        homes(town, 1)
        town.arrive("M1", SPAN, with_gap(DAY, 10, 14))
        real_wh = sum(wh or 0 for wh in weekly(DAY, 96))
        keep_registers(town, "M1", real_wh)

        report = town.validate()

        assert report.counts.estimated == 1
        assert sum(town.values_of("M1")) == real_wh
        assert town.methods_of("M1")[10:14] == [Method.ADJUSTED_TO_REGISTER] * 4
        (estimate,) = town.store.estimates_of_meter("M1")
        assert estimate.estimate.method is Method.SAME_DAY  # the rung that gave its shape
        inputs = dict(estimate.estimate.inputs)
        assert inputs["made_to_agree_with_register_wh"] == str(real_wh)
        assert estimate.estimate.energy_wh == sum(wh or 0 for wh in weekly(DAY, 96)[10:14])

    def test_a_register_that_cannot_be_right_moves_nothing(self, town: UsageTown) -> None:
        homes(town, 1)
        town.arrive("M1", SPAN, with_gap(DAY, 10, 14))
        keep_registers(town, "M1", 5)
        town.validate()
        assert town.methods_of("M1")[10:14] == [Method.SAME_DAY] * 4


def keep_registers(town: UsageTown, meter_id: str, moved_wh: int) -> None:
    """The register at both ends of the day."""
    begin, until = window_seconds(DaySpan(DAY, DAY + timedelta(days=1)), "America/Chicago")
    channel = Channel(
        meter_id, Commodity.ELECTRICITY, "Wh", ChannelKind.REGISTER, Flow.DELIVERED, None, 0
    )
    readings = tuple(
        Reading(instant, 0, value, Quality.VALID, line)
        for line, (instant, value) in enumerate(((begin, 7_000), (until, 7_000 + moved_wh)))
    )
    town.store.record_file(
        sha256="e" * 64,
        name="registers.csv",
        format="csv",
        channels=[ChannelReadings(channel, readings)],
        quarantined=(),
        lake_files=(),
        learned_at=NIGHT,
    )


class TestFormerOccupants:
    """The ladder takes the location's use, whoever lived there, and says so to us alone."""

    @pytest.mark.parametrize(
        ("moved_in", "former"),
        [
            (DAY - timedelta(days=7), False),  # the source day is the first day of the stay
            (DAY - timedelta(days=6), True),
        ],
    )
    def test_an_estimate_says_whether_it_rests_on_one(
        self, town: UsageTown, moved_in: date, former: bool
    ) -> None:
        town.start(1, from_day=moved_in)
        town.arrive("M1", SPAN, with_gap(DAY, 10, 14))
        town.validate()
        (estimate,) = town.store.estimates_of_meter("M1")
        assert estimate.estimate.former_occupant is former


class TestStorms:
    def test_a_storm_puts_off_what_it_explains(self, town: UsageTown) -> None:
        """The lights were out from five in the morning on: a long run of zeros."""
        homes(town, 1)
        town.arrive("M1", SPAN, lambda day, count: dark(day, count))
        storm = Storm(DaySpan(DAY, DAY + timedelta(days=1)), frozenset({-1}), "ops", "ice")

        calm = set(town.validate().by_code)
        town.arrive("M1", (SPAN[1], SPAN[1] + timedelta(days=1)), learned_at=NEXT)
        stormy = set(town.validate(known_at=NEXT, storms=[storm]).by_code)

        assert "usage.zero_run" in calm
        assert calm - stormy == calm & {"usage.zero_run", "usage.flat_run", "usage.low"}

    def test_in_a_storm_a_gap_is_missing_for_the_weather(self, town: UsageTown) -> None:
        homes(town, 1)
        town.arrive("M1", SPAN, with_gap(DAY, 10, 14))
        storm = Storm(DaySpan(DAY, DAY + timedelta(days=1)), frozenset({-1}), "ops", "ice")
        report = town.validate(storms=[storm], cause=EstimateCause.WEATHER_EMERGENCY)
        assert report.counts.estimated == 1


def dark(day: date, count: int) -> list[int | None]:
    values = weekly(day, count)
    if day == DAY:
        values[20:] = [0] * (count - 20)
    return values


class TestTwiceAndAgain:
    def test_a_day_that_is_done_is_only_answered_for(self, town: UsageTown) -> None:
        homes(town, 2)
        town.arrive("M1", SPAN, with_gap(DAY, 10, 14))
        town.arrive("M2", SPAN, with_value(DAY, 40, BELOW_ZERO))
        first = town.validate()
        sequence = town.store.lake_sequence()

        again = town.validate(known_at=NEXT)

        assert again.known
        assert again.counts == first.counts
        assert town.store.lake_sequence() == sequence
        assert {one.logged.finding.code for one in town.store.review_queue()} == {"usage.negative"}

    def test_after_new_readings_the_same_findings_are_not_doubled(self, town: UsageTown) -> None:
        homes(town, 2)
        town.arrive("M1", SPAN, with_value(DAY, 40, BELOW_ZERO))
        town.validate()
        before = town.store.findings_of_meter("M1")
        town.arrive("M2", SPAN, learned_at=NEXT)

        again = town.validate(known_at=NEXT)

        assert not again.known
        assert town.store.findings_of_meter("M1") == before
        assert again.counts.complete == 1

    def test_a_finding_goes_when_its_readings_are_corrected(self, town: UsageTown) -> None:
        homes(town, 1)
        town.arrive("M1", SPAN, with_value(DAY, 40, BELOW_ZERO))
        town.validate()
        town.arrive("M1", (DAY, DAY + timedelta(days=1)), learned_at=NEXT)

        report = town.validate(known_at=NEXT)

        assert report.counts == UsageCounts(complete=1)
        assert town.store.review_queue() == []
        assert {one.state for one in town.store.findings_of_meter("M1")} == {FindingState.CLEARED}

    def test_a_late_reading_takes_the_place_of_the_estimate(self, town: UsageTown) -> None:
        homes(town, 1)
        town.arrive("M1", SPAN, with_gap(DAY, 10, 14))
        town.validate()
        town.arrive("M1", (DAY, DAY + timedelta(days=1)), lambda day, count: [7] * count,
                    learned_at=NEXT)  # fmt: skip

        town.validate(known_at=NEXT)

        assert town.values_of("M1") == [7] * 96
        assert town.methods_of("M1") == [0] * 96
        assert len(town.store.estimates_of_meter("M1")) == 1  # what was estimated stays on record

    def test_an_interrupted_run_goes_on_where_it_stopped(self, town: UsageTown) -> None:
        homes(town, 3)
        for number in (1, 2, 3):
            town.arrive(f"M{number}", SPAN, with_gap(DAY, 10, 14))
        seen: list[int] = []

        def stop_after_two(steps: int) -> None:
            seen.append(steps)
            if len(seen) == 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            town.validate(batch_meters=1, progress=stop_after_two)
        sequence = town.store.lake_sequence()
        report = town.validate(batch_meters=1)

        assert sequence == 5
        assert report.resumed == 2
        assert report.counts.estimated == 3
        assert town.store.lake_sequence() == 6
        assert [len(town.store.estimates_of_meter(f"M{number}")) for number in (1, 2, 3)] == [1] * 3

    def test_a_batch_that_saw_an_older_lake_looks_again(self, town: UsageTown) -> None:
        homes(town, 1)
        town.arrive("M1", SPAN, with_gap(DAY, 10, 14))
        racing = Racing(town)

        report = town.validate(store=racing)

        assert racing.raced
        assert report.counts.complete == 1  # the reading came while the night was on
        assert town.methods_of("M1") == [0] * 96
        assert town.store.estimates_of_meter("M1") == []


class TestHowReadingsAreKept:
    def test_an_estimate_lies_on_the_channel_of_its_meter(self, town: UsageTown) -> None:
        homes(town, 1)
        town.arrive("M1", SPAN, with_gap(DAY, 10, 14), flow=Flow.UNKNOWN)
        report = town.validate()
        assert report.counts.estimated == 1
        assert town.values_of("M1")[10:14] == weekly(DAY - timedelta(days=7), 96)[10:14]

    def test_a_meter_set_inside_the_day_has_no_gap_before(self, town: UsageTown) -> None:
        town.start(1, from_day=DAY)
        places = town.store.meters_on_day(DAY, NIGHT)
        town.arrive("M1", (DAY, DAY + timedelta(days=1)), with_gap(DAY, 0, 40))
        store = SetAt(town, [replace(one, began_second=36_000) for one in places])

        report = town.validate(store=store)

        assert report.counts.estimated == 0
        assert town.values_of("M1")[:40] == [-1] * 40

    def test_what_is_missing_since_it_was_set_is_no_zero(self, town: UsageTown) -> None:
        """It has no earlier day: the level is that of the interval after the gap."""
        town.start(1, from_day=DAY)
        places = town.store.meters_on_day(DAY, NIGHT)
        town.arrive("M1", (DAY, DAY + timedelta(days=1)), with_gap(DAY, 0, 44))

        town.validate(store=SetAt(town, [replace(one, began_second=36_000) for one in places]))

        assert town.values_of("M1")[40:44] == [weekly(DAY, 96)[44]] * 4
        assert town.values_of("M1")[:40] == [-1] * 40


class OfKind:
    """The town's store, whose meters are devices of a kind."""

    def __init__(self, town: UsageTown, kind: MeterKind) -> None:
        self._town, self._kind = town, kind

    def __getattr__(self, name: str) -> Any:
        return getattr(self._town.store, name)

    def meter_file(self, meter_id: str, known_at: datetime) -> Any:
        return SimpleNamespace(meter=Meter(meter_id, self._kind, NIGHT))


class Racing:
    """The town's store, to which a late file comes just before the first batch is recorded."""

    def __init__(self, town: UsageTown) -> None:
        self._town = town
        self.raced = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._town.store, name)

    def record_usage_batch(self, batch: Any, publish: Any) -> int:
        if publish is not None and not self.raced:
            self.raced = True
            self._town.arrive("M1", (DAY, DAY + timedelta(days=1)), learned_at=NIGHT)
            with pytest.raises(Conflict):
                self._town.store.record_usage_batch(batch, publish)
        return int(self._town.store.record_usage_batch(batch, publish))


class SetAt:
    """The town's store, whose meters were set inside the day."""

    def __init__(self, town: UsageTown, places: list[Any]) -> None:
        self._town, self._places = town, places

    def __getattr__(self, name: str) -> Any:
        return getattr(self._town.store, name)

    def meters_on_day(self, day: date, known_at: datetime, meter_ids: Any = None) -> list[Any]:
        return self._places


def keep_month(town: UsageTown, meter_id: str) -> None:
    """A month of energy in one interval, which is kept beside the lake."""
    begin, until = window_seconds(DaySpan(date(2025, 10, 1), date(2025, 11, 1)), "America/Chicago")
    channel = Channel(
        meter_id, Commodity.ELECTRICITY, "Wh", ChannelKind.INTERVAL, Flow.DELIVERED, None, 0
    )
    told = ChannelReadings(channel, (Reading(begin, until - begin, 900_000, Quality.VALID, 1),))
    town.store.record_file(
        sha256="f" * 64,
        name="month.csv",
        format="csv",
        channels=[told],
        quarantined=(),
        lake_files=(),
        learned_at=NIGHT,
        beside=[told],
    )
