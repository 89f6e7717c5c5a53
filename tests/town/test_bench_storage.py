"""What the bench ``storage`` measures is small enough, at any number of accounts."""

from __future__ import annotations

from decimal import Decimal

from meterledger.entrypoints.bench.bars import judge
from meterledger.entrypoints.bench.storage import measure_storage


def test_a_quarter_hour_takes_less_than_ten_bits_with_its_keys() -> None:
    figures = {one.bar: one for one in measure_storage(accounts=2000, repeat=1)}

    bits = figures["bits_per_quarter_hour"]

    assert judge("storage", bits)["holds"]
    assert Decimal(bits.value) < Decimal(bits.peers["plain_parquet_bits"])
    assert "0.167% missing, 0.167% estimated" in bits.notes
    assert figures.keys() >= {"write_over_plain", "read_over_plain"}
