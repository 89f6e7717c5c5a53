"""NREL's UtilityRate5 beside ours on what it can model: every month within its rounding."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from meterledger.entrypoints.bench import rating_pysam
from meterledger.entrypoints.bench.rating_pysam import measure_pysam
from meterledger.kernel.ensure import InvariantBroken

INSTALLED = pytest.mark.skipif(find_spec("PySAM") is None, reason="PySAM is not installed")


@INSTALLED
def test_months_of_blocks_of_times_and_of_demand_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rating_pysam, "HOMES_OF_PYSAM", 10)
    monkeypatch.setattr(rating_pysam, "HOMES_OF_OURS", 10)
    (figure,) = measure_pysam(repeat=1)
    assert figure.bar == "vs_pysam"
    assert f"{2 * 3 * 10 * 12} months compared" in figure.notes


@INSTALLED
def test_a_month_that_differs_stops_the_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rating_pysam, "HOMES_OF_PYSAM", 1)
    monkeypatch.setattr(rating_pysam, "HOMES_OF_OURS", 1)
    whole = rating_pysam.pysam_months
    monkeypatch.setattr(
        rating_pysam,
        "pysam_months",
        lambda model, home: [usd + 0.06 for usd in whole(model, home)],
    )
    with pytest.raises(InvariantBroken, match="within half a cent a line"):
        measure_pysam(repeat=1)


def test_a_machine_without_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rating_pysam, "find_spec", lambda name: None)
    (figure,) = measure_pysam(repeat=1)
    assert figure.bar == "peers_not_installed"
    assert "measured without this peer" in figure.notes
