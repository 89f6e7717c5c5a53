"""The bench of determinants: a population that can be made again, and peers that agree."""

from __future__ import annotations

import sys
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from meterledger.entrypoints.bench.determinants import MONTH, measure_determinants
from meterledger.entrypoints.bench.determinants_peers import PeersMissing
from meterledger.entrypoints.bench.metered import quarter_hours
from meterledger.entrypoints.bench.metered_lake import MeteredLake, population
from meterledger.facts.stored import meter_names
from meterledger.facts.usage import MISSING_VALUE
from meterledger.kernel.span import DaySpan

CHICAGO = "America/Chicago"


class TestTheGeneratedPopulation:
    def test_has_as_many_meters_as_asked_for_each_once(self) -> None:
        meters = population(5_000)

        assert len(np.unique(meters)) == 5_000
        assert population(5_000).tolist() == meters.tolist()

    def test_is_the_same_in_whatever_parts_it_is_made(self) -> None:
        meters = population(200)
        days = DaySpan(date(2025, 10, 31), date(2025, 11, 4))

        whole = quarter_hours(meters, days, CHICAGO)
        late = quarter_hours(meters[50:60], DaySpan(date(2025, 11, 2), days.until_day), CHICAGO)

        assert whole.shape == (200, 96 + 96 + 100 + 96)
        assert whole[50:60, 192:].tolist() == late.tolist()

    def test_differs_by_seed_and_by_day(self) -> None:
        meters = population(200)
        two = DaySpan(date(2025, 6, 2), date(2025, 6, 4))

        values = quarter_hours(meters, two, CHICAGO)

        assert (values[:, :96] != values[:, 96:]).mean() > 0.9
        assert (values != quarter_hours(meters, two, CHICAGO, seed=1)).mean() > 0.9

    def test_misses_three_intervals_in_a_thousand(self) -> None:
        values = quarter_hours(
            population(20_000), DaySpan(date(2025, 6, 2), date(2025, 6, 3)), CHICAGO
        )
        missing = values == MISSING_VALUE

        assert 0.002 < missing.mean() < 0.004
        assert missing.all(axis=1).sum() > 0
        assert 150 < values[~missing].mean() < 450  # watt-hours of a quarter-hour


class TestCorrectionsOfTheMonth:
    @pytest.fixture
    def lake(self, tmp_path: Path) -> MeteredLake:
        made = MeteredLake(tmp_path / "lake", CHICAGO, MONTH, 150)
        made.write(lambda steps: None)
        made.correct(0.2, lambda steps: None)
        return made

    def test_are_seen_as_later_versions(self, lake: MeteredLake) -> None:
        assert len(lake.commits) == 4
        names = meter_names(population(150))
        states = []
        for sequence in range(1, 5):
            (batch,) = lake.lake.usage(names, MONTH, at_sequence=sequence)
            states.append(np.stack([day.energy_wh for day in batch.days]))
        changed = [float((one != other).any(axis=2).mean()) for one, other in pairwise(states)]

        assert changed == pytest.approx([0.2, 0.1, 0.05], rel=0.25)

    def test_leave_no_meter_to_the_slow_way(self, lake: MeteredLake) -> None:
        assert lake.lake.scan(MONTH, at_sequence=4).others.tolist() == []
        assert lake.lake.verify(4)[1] == []


class TestTheBench:
    def test_gives_every_figure_and_says_what_the_peers_read(self) -> None:
        figures = {
            one.bar: one for one in measure_determinants(accounts=200, repeat=1, peer_buckets=6)
        }

        assert list(figures) == [
            "day_over_decode",
            "day_vs_duckdb",
            "growth_10x",
            "month_vs_best_peer",
            "corrected_over_clean",
            "month_peak_gb",
        ]
        assert "layouts tried: plain Parquet" in figures["day_vs_duckdb"].notes
        month = figures["month_vs_best_peer"].notes
        assert "on 4 buckets" in month
        assert "duckdb" in month
        assert "polars" in month
        assert "; it read 6 of 6" in month

    def test_refuses_without_its_peers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "duckdb", None)

        with pytest.raises(PeersMissing) as refused:
            measure_determinants(accounts=400, repeat=1)

        assert "The bench needs duckdb, which is not installed" in str(refused.value)
        assert "Install the packages of the tests" in str(refused.value)
