"""What the bench ``intake`` measures: all the energy of a file, in the lake, at any size."""

from __future__ import annotations

from meterledger.entrypoints.bench.bars import judge
from meterledger.entrypoints.bench.intake import measure_intake


def test_every_watt_hour_of_the_day_file_is_stored_and_set_against_the_csv_module() -> None:
    (figure,) = measure_intake(accounts=300, repeat=1)  # refuses to run if energy were lost

    assert figure.bar == "cmep_vs_csv_module"
    assert judge("intake", figure)["limit_text"] == "at least 1.5"
    assert figure.peers.keys() == {
        "csv_module_seconds",
        "seconds",
        "cpu_seconds",
        "seconds_in_64_files",
    }
    assert figure.notes.startswith("300 meters, the quarter-hours of one day")
