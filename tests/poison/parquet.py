"""Numeric columns of Parquet tables: words as in a CSV, and numbers of every type.

Unpacking has a process of its own, so all poisons of a column go into one table, each with a meter
of its own among sound rows: what became of a meter is what became of its poison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import cache
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from tests.poison.fields import MEASURED, NumericField, Refused, plain
from tests.poison.numbers import Poison, poison_numbers
from tests.poison.readings import AT, GAPS, NOTHING

from meterledger.stores.gateways import FileRefused, read_bytes

SOUND_ROWS = 6
"""For each poison: a table with too many rows that cannot be used is refused whole."""
LONGEST = 4_000
"""A longer row is refused for its length."""
COLUMNS = ("value", "interval_seconds")

TYPED: tuple[tuple[str, Any, dict[Any, object]], ...] = (
    (
        "doubles",
        pa.float64(),
        {
            0.1: "0.1", -12.5: "-12.5", 9e18: "9E+18", 1e-18: "1E-18",
            float("nan"): None, float("inf"): Refused, float("-inf"): Refused, -0.0: Refused,
            1e19: Refused, 1e308: Refused, 1e-19: Refused, 5e-324: Refused,
        },
    ),
    ("floats", pa.float32(), {0.5: "0.5", float("nan"): None, float("inf"): Refused,
                              -0.0: Refused, 3e38: Refused}),
    ("half floats", pa.float16(), {0.5: "0.5", float("inf"): Refused, -0.0: Refused}),
    ("bytes", pa.int8(), {-128: "-128", 127: "127"}),
    ("long integers", pa.int64(), {2**63 - 1: str(2**63 - 1), -(2**63) + 1: str(-(2**63) + 1),
                                   -(2**63): Refused, 0: "0"}),
    ("unsigned integers", pa.uint64(), {2**63 - 1: str(2**63 - 1), 2**63: Refused,
                                        2**64 - 1: Refused}),
    ("decimals", pa.decimal128(38, 3), {
        Decimal("0.125"): "0.125", Decimal("-0.000"): "0", Decimal(10**15): "1E+15",
        Decimal(10**34): Refused, Decimal(-(10**34)): Refused,
    }),
    ("wide decimals", pa.decimal256(76, 20), {
        Decimal("1e-20"): Refused, Decimal("1e-18"): "1E-18", Decimal(10**55): Refused,
    }),
)  # fmt: skip
"""Numbers of a column of a type, and what is read: the number, a gap, or the row set aside.
A decimal of Parquet has no signed zero: what was written is zero."""

NO_NUMBERS: tuple[Any, ...] = (
    pa.array([True]), pa.array([[1.0]]), pa.array([{"a": 1}]), pa.array([1], pa.date32()),
    pa.array([1], pa.time64("us")), pa.array([1], pa.duration("s")),
    pa.array([1], pa.timestamp("s")),
)  # fmt: skip
"""Columns of a type that is no number: the table is refused, naming the column and its type."""


def fields() -> Iterator[NumericField]:
    """Columns of words: they take what a CSV takes."""
    for column in COLUMNS:
        for kind in ("text", "dictionary"):
            yield NumericField(
                f"Parquet, {column} as {kind}",
                _asked(column, kind),
                low=-(10**30) if column == "value" else 1,
                high=10**30,
                places=60 if column == "value" else 0,
                forms=MEASURED,
                also=NOTHING | GAPS if column == "value" else NOTHING,
            )


def _asked(column: str, kind: str) -> Callable[[str], object]:
    return lambda text: told_of_words(column, kind).get(
        text, Refused("A longer row than any is refused, as tables of words tell.")
    )


@cache
def told_of_words(column: str, kind: str) -> dict[str, object]:
    """What became of every poison in a column of words."""
    asked = [one.text for one in poison_numbers()]
    asked += [plain(one) for one in poison_numbers() if one.means is not None and _is_short(one)]
    texts = [one for one in dict.fromkeys(asked) if len(one) <= LONGEST and one.isprintable()]
    texts += [one for one in dict.fromkeys(asked) if not one.isprintable() and "\ud800" not in one]
    sound = "900" if column == "interval_seconds" else "7"
    cells = pa.array([*texts, *[sound] * SOUND_ROWS * len(texts)])
    found = read_column(column, cells.dictionary_encode() if kind == "dictionary" else cells)
    return dict(zip(texts, found, strict=False))


def _is_short(one: Poison) -> bool:
    """Whether its number can be written out: Python writes 4,300 digits."""
    assert one.means is not None
    return abs(one.means) < 10**LONGEST and len(one.text) <= LONGEST


def read_column(column: str, cells: Any) -> Sequence[object]:
    """What became of each row of a table with these cells: a number and its seconds, or Refused.

    :raises FileRefused: if the table is refused whole
    """
    count = len(cells)
    table = {
        "meter": [f"M{number}" for number in range(count)],
        "start": ["2026-06-01T00:00:00Z"] * count,
        "value": [1] * count,
        "unit": ["Wh"] * count,
        "interval_seconds": [900] * count,
    } | {column: cells}
    out = BytesIO()
    pq.write_table(pa.table(table), out)
    file = read_bytes("poison.parquet", out.getvalue(), received_at=AT)
    found: dict[str, object] = {
        f"M{one.line - 1}": Refused(f"This row was set aside: {one.reason}")
        for one in file.quarantined
    }
    for each in file.channels:
        (reading,) = each.readings
        value = None if reading.value is None else Decimal(reading.value)
        exact = None if value is None else value.scaleb(each.channel.scale).normalize()
        found[each.channel.meter_id] = (exact, reading.seconds)
    return [found[f"M{number}"] for number in range(count)]


def read_typed(kind: Any, numbers: Sequence[Any]) -> list[object]:
    """What became of numbers of a type among sound rows: text of a number, None, or Refused."""
    sound = [type(numbers[0])(1)] * SOUND_ROWS * len(numbers)
    made = [*numbers, *sound]
    if kind == pa.float16():
        import numpy as np

        made = [np.float16(one) for one in made]
    try:
        told = read_column("value", pa.array(made, kind))
    except FileRefused as refusal:
        return [Refused(refusal.sentence)] * len(numbers)
    read = [one[0] if isinstance(one, tuple) else Refused for one in told[: len(numbers)]]
    return [one if one in (None, Refused) else str(one) for one in read]
