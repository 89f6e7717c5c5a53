"""Determinants of one meter and of all: as a bill would have them, with gaps and refusals said."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.rooms.rulebook_on import the_book
from tests.stores.lake.lake_world import (
    ADA,
    BEN,
    CAM,
    LakeWorld,
    day_of,
    slots,
    span,
)

from meterledger.facts.places import MeterInstallation
from meterledger.facts.readings import Flow
from meterledger.kernel.span import DaySpan, Validity
from meterledger.rating import Proration, determine, plan_window
from meterledger.rulebook.series import NoRuleInForce
from meterledger.usecases.population_determinants import (
    DaysNotKnown,
    PopulationDeterminants,
    population_determinants,
)

JULY_3 = date(2025, 7, 3)  # a Thursday; the day after is a holiday
LEARNED = datetime(2025, 8, 1, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> LakeWorld:
    return LakeWorld(tmp_path / "lake")


def ask(
    world: LakeWorld, window: DaySpan, schedule: str = "1M-ultimate", **more: Any
) -> PopulationDeterminants:
    return population_determinants(
        schedule=schedule,
        window=window,
        view=the_book(),
        lake=world.lake,
        at_sequence=world.sequence,
        **more,
    )


def energy(found: PopulationDeterminants, meter: str) -> dict[str, int]:
    seasons, energy_wh, _ = found.by_season()
    row = found.names().index(meter)
    return {
        f"{season} {period}": int(energy_wh[row, number, place])
        for number, season in enumerate(seasons)
        for place, period in enumerate(found.plan.periods)
    }


def installed(meter: str, multiplier: int, *, first: date, until: date | None = None) -> Any:
    return MeterInstallation(f"SP-{meter}", meter, multiplier, Validity(first, until), LEARNED)


class TestDeterminants:
    def test_are_watt_hours_by_period_and_the_highest_hour(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_3, 10)), (BEN, day_of(JULY_3, 1)))
        world.ingest((ADA, slots(JULY_3, {60: 500})))  # 15:00, on-peak

        found = ask(world, span(JULY_3))

        assert energy(found, ADA) == {"summer on_peak": 15 * 10 + 500, "summer off_peak": 80 * 10}
        assert found.by_season()[2][found.names().index(ADA)].tolist() == [530]
        assert found.complete.tolist() == [True, True]

    def test_join_seasons_that_a_price_cuts(self, world: LakeWorld) -> None:
        days = DaySpan(date(2025, 9, 29), date(2025, 10, 3))
        for day in days.days():
            world.ingest((ADA, day_of(day, 1)))

        found = ask(world, days, "1M-anytime")

        assert energy(found, ADA) == {"summer all": 2 * 96, "winter all": 2 * 96}

    def test_are_those_that_a_bill_is_made_of(self, world: LakeWorld) -> None:
        days = DaySpan(date(2025, 10, 31), date(2025, 11, 4))
        chance = np.random.default_rng(3)
        for day in days.days():
            for meter in (ADA, BEN):
                values = chance.integers(0, 900, 100).tolist()
                world.ingest((meter, day_of(day, *values[:92])))
        world.ingest((ADA, slots(date(2025, 11, 2), {5: 77})))

        for code in ("1M-anytime", "1M-evening-morning", "1M-overnight", "1M-smart", "1M-ultimate"):
            found = ask(world, days, code)
            plan = plan_window(
                view=the_book(), schedule_code=code, window=days, proration=Proration(1)  # type: ignore[arg-type]
            )  # fmt: skip
            (batch,) = world.lake.usage(found.names(), days, at_sequence=world.sequence)
            expected = determine(batch, plan)
            assert found.sums.energy_wh.tolist() == expected.energy_wh.tolist()
            assert found.sums.peak_wh.tolist() == expected.peak_wh.tolist()

    def test_count_what_is_missing_and_never_fill_it(self, world: LakeWorld) -> None:
        days = span(JULY_3, 2)
        world.ingest((ADA, day_of(JULY_3, None, None, 4)))
        world.ingest((BEN, day_of(JULY_3, 1)), (BEN, day_of(JULY_3 + timedelta(days=1), 1)))

        found = ask(world, days)

        row = found.names().index(ADA)
        assert int(found.missing[row]) == 2 + 96
        assert sum(energy(found, ADA).values()) == 94 * 4
        assert found.complete.tolist() == [name == BEN for name in found.names()]

    def test_are_as_known_at_the_sequence(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_3, 10)))
        world.ingest((ADA, slots(JULY_3, {0: 0})))

        before = population_determinants(
            schedule="1M-anytime", window=span(JULY_3), view=the_book(), lake=world.lake,
            at_sequence=1,
        )  # fmt: skip

        assert energy(before, ADA) == {"summer all": 960}
        assert energy(ask(world, span(JULY_3), "1M-anytime"), ADA) == {"summer all": 950}

    def test_of_two_writers_at_once_hold_what_both_brought(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_3, 10)))
        world.publish(world.write((ADA, slots(JULY_3, {0: 110})), at_sequence=1))
        world.publish(world.write((ADA, slots(JULY_3, {1: 210})), at_sequence=1))

        found = ask(world, span(JULY_3))

        assert sum(energy(found, ADA).values()) == 94 * 10 + 110 + 210
        assert found.complete.tolist() == [True]

    def test_of_finer_energy_are_cut_once_over_the_window(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_3, 15, scale=-1)), (BEN, day_of(JULY_3, 2)))

        found = ask(world, span(JULY_3), "1M-anytime")

        assert energy(found, ADA) == {"summer all": 144}
        assert energy(found, BEN) == {"summer all": 192}
        assert found.missing.tolist() == [0, 0]

    def test_have_multipliers_applied(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_3, 10)), (BEN, day_of(JULY_3, 10)))

        found = ask(
            world,
            span(JULY_3),
            installations=[
                installed(ADA, 40, first=date(2025, 1, 1)),
                installed(BEN, 1, first=date(2025, 1, 1)),
                installed(BEN, 7, first=date(2024, 1, 1), until=JULY_3),  # over before the window
                installed(CAM, 9, first=date(2025, 1, 1)),  # no meter of the lake
            ],
        )

        assert sum(energy(found, ADA).values()) == 960 * 40
        assert found.by_season()[2][found.names().index(ADA)].tolist() == [40 * 40]
        assert sum(energy(found, BEN).values()) == 960


class TestWhatCannotBeGiven:
    def test_a_meter_is_left_out_with_its_sentence(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_3, 10)), (BEN, day_of(JULY_3, 30)))
        world.publish(world.write((ADA, day_of(JULY_3, 9, flow=Flow.UNKNOWN)), at_sequence=0))

        found = ask(world, span(JULY_3))

        (row,) = found.refused
        assert found.names()[row] == ADA
        assert "has energy on both" in found.refused[row].sentence
        assert found.complete.tolist() == [name == BEN for name in found.names()]
        assert found.sums.energy_wh[row].tolist() == [[0, 0]]

    def test_intervals_longer_than_a_price_holds_leave_out_their_meters_only(
        self, world: LakeWorld
    ) -> None:
        world.ingest(
            (ADA, day_of(JULY_3, 10, seconds=7200)),
            (BEN, day_of(JULY_3, 30)),
            (CAM, day_of(JULY_3, 900, seconds=86_400)),
        )

        found = ask(world, span(JULY_3))
        told = {found.names()[row]: refusal.sentence for row, refusal in found.refused.items()}

        assert set(told) == {ADA, CAM}
        assert "do not tile one" in told[ADA] or "where the price changes" in told[ADA]
        anytime = ask(world, span(JULY_3), "1M-anytime")
        assert energy(anytime, ADA) == {"summer all": 120}
        assert energy(anytime, CAM) == {"summer all": 900}
        assert anytime.missing.tolist() == [0, 0, 0]

    def test_lengths_that_do_not_fill_a_day_leave_out_their_meters_only(
        self, world: LakeWorld
    ) -> None:
        days = DaySpan(date(2026, 3, 7), date(2026, 3, 9))  # the second has 23 hours
        for day in days.days():
            world.ingest((BEN, day_of(day, 30)))
        world.ingest((ADA, day_of(days.from_day, 10, seconds=7200)))
        world.ingest((CAM, day_of(days.from_day, 900, seconds=86_400)))

        found = ask(world, days, "1M-anytime")
        told = {found.names()[row]: refusal.sentence for row, refusal in found.refused.items()}

        assert set(told) == {ADA, CAM}
        assert "do not fill 2026-03-08 without remainder" in told[ADA]
        assert energy(found, BEN) == {"winter all": 30 * (96 + 92)}

    def test_a_multiplier_that_changes_leaves_the_meter_out(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_3, 10)))

        found = ask(
            world,
            span(JULY_3),
            installations=[
                installed(ADA, 1, first=date(2025, 1, 1), until=date(2025, 7, 4)),
                installed(ADA, 40, first=date(2025, 7, 3)),
            ],
        )

        assert found.refused[0].sentence == (
            "A meter has the multipliers 1 and 40 from 2025-07-03 to 2025-07-04. "
            "Ask for the days before and after the change apart."
        )
        assert found.sums.energy_wh.sum() == 0

    def test_days_that_nobody_has_are_refused(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_3, 10)))

        with pytest.raises(DaysNotKnown) as refused:
            ask(world, span(JULY_3, 3))

        assert "No interval of any meter is known of 2025-07-04, and of 1 more days" in str(
            refused.value
        )
        assert "Ingest the readings of these days" in str(refused.value)

    def test_a_meter_that_nobody_knows_is_refused(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_3, 10)))

        with pytest.raises(DaysNotKnown, match="Nothing is known of meter M-77 from 2025-07-03"):
            ask(world, span(JULY_3), meters={ADA: "METER-ADA-1", BEN: "M-77"})

    def test_a_schedule_that_the_book_does_not_have_on_a_day_is_refused(
        self, world: LakeWorld
    ) -> None:
        day = date(2019, 7, 3)
        world.ingest((ADA, day_of(day, 10)))

        with pytest.raises(NoRuleInForce):
            ask(world, span(day), "1M-ultimate")


def test_only_meters_that_are_named_are_summed(world: LakeWorld) -> None:
    world.ingest((ADA, day_of(JULY_3, 10)), (BEN, day_of(JULY_3, 30)))

    found = ask(world, span(JULY_3), meters={BEN: "METER-BEN-2"})

    assert found.names() == [BEN]
    assert sum(energy(found, BEN).values()) == 30 * 96
