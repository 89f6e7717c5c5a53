"""The benches of validation and estimation run, and what they promise holds; nothing is timed here.

Each compares findings with the slow reference's and NumPy's, and filled values with received ones,
before it measures, and stops if one differs.
"""

from __future__ import annotations

import re

import pytest

from meterledger.entrypoints.bench import estimate_error
from meterledger.entrypoints.bench.estimate_error import measure_estimate_error
from meterledger.entrypoints.bench.estimation import measure_estimation
from meterledger.entrypoints.bench.validation import measure_validation


def test_validation_finds_what_the_slow_reference_finds() -> None:
    over_decode, over_numpy = measure_validation(accounts=2200, repeat=1)
    assert (over_decode.bar, over_numpy.bar) == ("day_over_decode", "vs_numpy")
    assert "slow reference's on 1000 meters and to NumPy's on all" in over_decode.notes
    counts = dict(re.findall(r"(\w+) (\d+)(?:,|$)", over_decode.notes))
    planted = ("frozen_clock", "day_sent_twice", "day_of_another_year", "flat_run", "gap")
    planted += ("duplicate_channel", "register", "identical_totals")
    assert all(int(counts[word]) > 0 for word in planted)


def test_estimation_fills_every_gap_of_the_generated_day() -> None:
    (figure,) = measure_estimation(accounts=2200, repeat=1)
    assert figure.bar == "over_validation"
    assert "left 0" in figure.notes


def test_estimate_error_says_whether_the_order_of_the_rungs_is_justified(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(estimate_error, "DRAWS", 3)
    figures = measure_estimate_error(accounts=100, repeat=1)
    by_bar = {figure.bar: figure for figure in figures}
    verdict = by_bar["same_day_before_like_day_by_intervals_percent"]
    assert "the order is" in verdict.notes
    assert verdict.peers["cells"] == "24"
    agreed = by_bar["simulated homes, gas heat: 1 day: ladder_agreed_with_register"]
    assert agreed.peers["gap_energy_percent"] == "0.0"  # the register's energy, to the watt-hour
    assert "simulated homes, gas heat: 1 day: flat_line" not in by_bar  # nothing beside it
