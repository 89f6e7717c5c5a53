"""Planted faults, end to end: each is found by its named check, and what it spoils waits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.journeys import planted
from tests.journeys.planted import HOLDING, NOVEMBER, OCTOBER, SPAN, UNBILLED, Plant, evening, on
from tests.journeys.town import FIRST, VIEWER
from tests.journeys.usage_town import AFTER, DAY, NEXT, UsageTown, usage_town, weekly, with_value

from meterledger.facts.findings import Weight
from meterledger.facts.readings import Flow
from meterledger.facts.sources import UNSIGNED, Source
from meterledger.kernel.local_days import day_start_utc
from meterledger.kernel.span import DaySpan
from meterledger.usage import Storm
from meterledger.usecases.review_usage import accept_day, day_to_review


@pytest.fixture
def town(tmp_path: Path, first_book: Any) -> Iterator[UsageTown]:
    made = usage_town(tmp_path, book=first_book)
    with made.store.viewing(VIEWER, []):
        yield made


def findings(town: UsageTown, meter_id: str, day: date = DAY) -> dict[str, Any]:
    found = town.store.findings_of_meter(meter_id)
    return {one.logged.finding.code: one.logged.finding for one in found if one.logged.day == day}


@pytest.mark.parametrize("plant", HOLDING, ids=lambda plant: plant.__name__)
def test_a_planted_fault_is_found_by_its_check_and_the_bill_waits(
    town: UsageTown, plant: Plant
) -> None:
    meters, code = plant(town)

    town.validate()

    for meter_id in meters:
        assert findings(town, meter_id)[code].weight is Weight.HOLD, meter_id
    run = town.bill(1, on=NOVEMBER, known_at=NEXT)
    assert run.issued == []
    (held,) = run.held
    assert "is held for review" in held.sentence
    assert str(DAY) in held.sentence
    assert code in held.sentence


@pytest.mark.parametrize("plant", UNBILLED, ids=lambda plant: plant.__name__)
def test_use_that_nobody_is_billed_for_waits_for_a_person(town: UsageTown, plant: Plant) -> None:
    (meter_id,), code = plant(town)
    town.validate()
    held = {one.logged.finding.code for one in town.store.review_queue()}
    assert held == {code}
    assert findings(town, meter_id)[code].weight is Weight.HOLD


class TestMetersOfDifferentBatches:
    """A utility has more meters than a batch: what is found does not depend on the cut."""

    @pytest.mark.parametrize("plant", HOLDING, ids=lambda plant: plant.__name__)
    @pytest.mark.parametrize("batch_meters", [1, 4])
    def test_the_same_is_found_in_batches_of_any_size(
        self, town: UsageTown, tmp_path: Path, first_book: Any, plant: Plant, batch_meters: int
    ) -> None:
        other = usage_town(tmp_path / "other", book=first_book)
        plant(town)
        town.start(8, from_day=OCTOBER, address="100 Elm Street")
        town.arrive("M8", SPAN, with_value(DAY, 3, 77))
        whole = town.validate()
        with other.store.viewing(VIEWER, []):
            plant(other)
            other.start(8, from_day=OCTOBER, address="100 Elm Street")
            other.arrive("M8", SPAN, with_value(DAY, 3, 77))
            parts = other.validate(batch_meters=batch_meters)
            assert parts.counts == whole.counts
            assert parts.by_code == whole.by_code
            for meter_id in ("M1", "M1B", "M2", "M8"):
                assert findings(other, meter_id) == findings(town, meter_id)

    def test_a_decision_about_a_crossed_pair_stands_in_the_next_night(
        self, town: UsageTown
    ) -> None:
        planted.crossed_with_its_neighbor(town)
        town.validate(batch_meters=1)
        for meter_id in ("M1", "M2"):
            item = day_to_review(meter_id, DAY, store=town.store, lake=town.lake, view=town.view)
            accept_day(item, author="Dana Cole", reason="They swapped", at=NEXT, store=town.store)
        town.start(3, from_day=OCTOBER)
        town.arrive("M3", SPAN, learned_at=NEXT)
        assert town.validate(known_at=AFTER, batch_meters=1).counts.held == 0
        assert town.bill(1, 2, on=NOVEMBER, known_at=AFTER).held == []

    def test_meters_of_another_interval_length_are_left_to_their_batch(
        self, town: UsageTown
    ) -> None:
        for number in (1, 2):
            town.start(number, from_day=OCTOBER)
        town.arrive("M1", SPAN, on(DAY, evening, planted.times(4)), seconds=3600)
        town.arrive("M2", SPAN, on(DAY, planted.times(4), evening), seconds=3600)
        town.start(3, from_day=OCTOBER, address="100 Elm Street")
        town.arrive("M3", SPAN)
        assert town.validate().by_code["usage.crossed_meter"] == 2


class TestClockChanges:
    """A source that knows none sends 96 quarter-hours on every day."""

    @pytest.mark.parametrize(
        ("day", "count", "due"),
        [(date(2026, 3, 8), 96, 92), (date(2025, 11, 2), 96, 100), (DAY, 97, 96)],
        ids=["spring forward", "fall back", "one too many"],
    )
    def test_a_day_of_a_wrong_length_is_held(
        self, town: UsageTown, day: date, count: int, due: int
    ) -> None:
        town.start(1, from_day=OCTOBER)
        planted.sent(town, "M1", day, weekly(day, count))
        town.validate(day)
        found = findings(town, "M1", day)["usage.wrong_length"]
        assert found.weight is Weight.HOLD
        assert found.sentence == (f"{count} readings were sent for a local day of {due} intervals.")

    @pytest.mark.parametrize(
        ("day", "count"), [(date(2026, 3, 8), 92), (date(2025, 11, 2), 100), (DAY, 96), (DAY, 16)]
    )
    def test_a_day_of_its_length_or_a_part_of_one_is_not(
        self, town: UsageTown, day: date, count: int
    ) -> None:
        town.start(1, from_day=OCTOBER)
        planted.sent(town, "M1", day, weekly(day, count))
        town.validate(day)
        assert "usage.wrong_length" not in findings(town, "M1", day)


class TestNotedOnly:
    def test_a_clock_that_drifted_is_noted_and_billed(self, town: UsageTown) -> None:
        (meter_id,), code = planted.a_clock_that_drifted(town)
        town.validate()
        assert findings(town, meter_id)[code].weight is Weight.NOTE
        assert town.bill(1, on=NOVEMBER, known_at=NEXT).held == []


class TestWhatIsNoFault:
    """The other side of each fault: the night is silent."""

    def codes(self, town: UsageTown) -> set[str]:
        return set(town.validate().by_code)

    def test_an_exchange_for_a_meter_of_the_same_scale(self, town: UsageTown) -> None:
        planted.times_ten_after_an_exchange(town)
        town.arrive("M1B", planted.ONE_DAY, planted.times(4), learned_at=NEXT)
        assert "usage.multiplier" not in self.codes(town)

    def test_an_exchange_for_a_meter_behind_transformers(self, town: UsageTown) -> None:
        """It reads a tenth of what the one before it read, and its multiplier says so."""

        def tenth(day: date, count: int) -> list[int | None]:
            return [(wh or 0) // 10 for wh in weekly(day, count)]

        planted.exchange(town, 10)
        town.arrive("M1B", (planted.EXCHANGED, NOVEMBER), tenth)
        assert "usage.multiplier" not in self.codes(town)

    def test_panels_that_send_what_they_always_send(self, town: UsageTown) -> None:
        town.start(1, from_day=OCTOBER)
        planted.set_up(town, "M1", Flow.DELIVERED, Flow.RECEIVED)
        town.arrive("M1", SPAN)
        town.arrive("M1", SPAN, planted.times(3), flow=Flow.RECEIVED)
        assert self.codes(town) == set()

    def test_two_homes_in_streets_of_their_own(self, town: UsageTown) -> None:
        planted.crossed_with_its_neighbor(town)
        town.start(3, from_day=OCTOBER, address="1 Oak Street")
        town.start(4, from_day=OCTOBER, address="40 Oak Street")
        town.arrive("M3", SPAN, on(DAY, evening, planted.times(4)))
        town.arrive("M4", SPAN, on(DAY, planted.times(4), evening))
        town.validate()
        assert "usage.crossed_meter" in findings(town, "M1")
        assert "usage.crossed_meter" not in findings(town, "M3")

    def test_four_meters_of_one_total_and_a_fifth_elsewhere(self, town: UsageTown) -> None:
        for number in range(1, 6):
            elsewhere = {"postal_code": "63105"} if number == 5 else {}
            town.start(number, from_day=OCTOBER, **elsewhere)
            town.arrive(f"M{number}", SPAN)
        assert "usage.identical_totals" not in self.codes(town)

    def test_what_was_loaded_when_the_system_began(self, town: UsageTown) -> None:
        """All days of 2025 came in November 2026, and none is late."""
        town.start(1, from_day=OCTOBER)
        town.arrive("M1", SPAN)
        assert self.codes(town) == set()

    def test_a_day_that_came_in_time_and_was_corrected_a_year_later(self, town: UsageTown) -> None:
        town.start(1, from_day=OCTOBER)
        in_time = datetime(2025, 11, 1, 9, tzinfo=UTC)
        town.arrive("M1", SPAN, learned_at=in_time)
        town.arrive("M1", planted.ONE_DAY, with_value(DAY, 40, 222), learned_at=NEXT)
        assert town.values_of("M1")[40] == 222
        assert self.codes(town) == set()

    def test_three_readings_of_one_time(self, town: UsageTown) -> None:
        town.start(1, from_day=OCTOBER)
        start = day_start_utc(DAY, "America/Chicago")
        rows = [
            f"M1,{start + timedelta(minutes=15 * min(slot, 93)):%Y-%m-%dT%H:%MZ},{wh},Wh,900"
            for slot, wh in enumerate(weekly(DAY, 96))
        ]
        planted.deliver(town, "\n".join(["meter,start,value,unit,interval_seconds", *rows]) + "\n")
        assert "usage.frozen_clock" not in self.codes(town)


class TestWhoSentIt:
    """A flat day is asked about where a machine or a reader sent it, not where a customer did."""

    @pytest.mark.parametrize(
        ("source", "group", "codes"),
        [
            ("head-end-1", "head_end", {"usage.high", "usage.flat_run"}),
            ("manual", "manual", {"usage.high", "usage.flat_run"}),
            ("customer", "customer", {"usage.high"}),
        ],
    )
    def test_the_group_of_a_day_is_that_of_its_source(
        self, town: UsageTown, source: str, group: str, codes: set[str]
    ) -> None:
        town.start(1, from_day=OCTOBER)
        town.store.add_source(Source(source, UNSIGNED, "", False, FIRST))
        town.arrive("M1", (SPAN[0], DAY))
        start = day_start_utc(DAY, "America/Chicago")
        rows = [
            f"M1,{start + timedelta(minutes=15 * slot):%Y-%m-%dT%H:%MZ},4000,Wh,900"
            for slot in range(96)
        ]
        text = "\n".join(["meter,start,value,unit,interval_seconds", *rows]) + "\n"
        planted.deliver(town, text, source)
        town.validate()
        found = findings(town, "M1")
        assert found.keys() == codes
        assert {one.evidence["source"] for one in found.values()} == {group}


class TestStormsByArea:
    def test_a_storm_puts_off_checks_of_its_own_area_only(self, town: UsageTown) -> None:
        def dark(day: date, count: int) -> list[int | None]:
            return [*weekly(day, count)[:20], *([0] * (count - 20))]

        town.start(1, from_day=OCTOBER)
        town.start(2, from_day=OCTOBER, postal_code="63105")
        for meter_id in ("M1", "M2"):
            town.arrive(meter_id, SPAN, on(DAY, dark))
        days = DaySpan(DAY, DAY + timedelta(days=1))
        town.validate(storms=[Storm(days, frozenset({63130}), "ops", "ice")])
        assert "usage.zero_run" not in findings(town, "M1")
        assert "usage.zero_run" in findings(town, "M2")
