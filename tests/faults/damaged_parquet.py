"""Parquet tables that are damaged, by number, and a quick way to unpack thousands of them.

Lives here      small sound tables of every type and packing that the profile takes, damages, and a
                process that forks one for each file: it runs the very file that unpacks, and spares
                the start of an interpreter, which takes longer than all else.
Lives elsewhere what must hold of each (``test_parsers_survive_anything``).
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq

from meterledger.stores.gateways import parquet_profile

ROWS = 24
FIRST = datetime(2026, 7, 1, 5, tzinfo=UTC)
_FORKER = """
import json, os, runpy, sys
import pyarrow, pyarrow.parquet
for line in sys.stdin:
    told = json.loads(line)
    child = os.fork()
    if not child:
        for number, name in enumerate(told["files"]):
            os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | (os.O_TRUNC if number else 0)), number)
        sys.stdin, sys.stdout, sys.stderr = (os.fdopen(one, mode) for one, mode in enumerate("rww"))
        sys.argv = ["parquet_child", told["limits"]]
        status = 1
        try:
            runpy.run_path(told["program"], run_name="__main__")
        except SystemExit as ended:
            status = ended.code
        except BaseException as failed:
            print(repr(failed), file=sys.stderr)
        sys.stdout.flush(), sys.stderr.flush()
        os._exit(status)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def _table(**columns: Any) -> pa.Table:
    quarters = [FIRST + timedelta(minutes=15 * number) for number in range(ROWS)]
    return pa.table(
        {
            "meter": ["M1"] * ROWS,
            "start": pa.array(quarters, pa.timestamp("us", "UTC")),
            "value": list(range(ROWS)),
            "unit": ["Wh"] * ROWS,
            "interval_seconds": pa.array([900] * ROWS, pa.int32()),
        }
        | columns
    )


@lru_cache(maxsize=1)
def sound_tables() -> tuple[bytes, ...]:
    """Tables of every type and packing, each a file that is read."""
    words = [f"2026-07-01T{n // 4 + 5:02d}:{n % 4 * 15:02d}:00Z" for n in range(ROWS)]
    decimals = pa.array([Decimal(n) / 4 for n in range(ROWS)], pa.decimal128(9, 3))
    gaps = pa.array([None if n % 5 == 0 else n for n in range(ROWS)], pa.int16())
    made: list[tuple[pa.Table, dict[str, Any]]] = [
        (_table(), {}),
        (_table(start=words), {"compression": "none", "use_dictionary": False}),
        (_table(value=decimals), {"compression": "zstd", "data_page_version": "2.0"}),
        (_table(value=[n / 4 for n in range(ROWS)]), {"compression": "gzip", "row_group_size": 5}),
        (_table(value=gaps, quality=["valid"] * ROWS), {"store_decimal_as_integer": True}),
        (_table(meter=pa.array(["M1"] * ROWS).dictionary_encode()), {"compression": "brotli"}),
        (_table(other=[[n] for n in range(ROWS)]), {"write_page_checksum": True}),
        (
            _table(value=pa.array(range(ROWS), pa.uint64())),
            {"compression": "lz4", "version": "1.0", "use_deprecated_int96_timestamps": True},
        ),
    ]
    found = []
    for table, how in made:
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, **how)
        found.append(sink.getvalue().to_pybytes())
    return tuple(found)


def damaged_table(number: int) -> bytes:
    """The damaged table of that number: the same at every run."""
    dice = random.Random(number)
    tables = sound_tables()
    data = bytearray(tables[number % len(tables)])
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    how = dice.random()
    if how < 0.05:
        return bytes(data[: dice.randrange(len(data))])
    if how < 0.1:
        at, other = dice.randrange(len(data)), tables[dice.randrange(len(tables))]
        return bytes(data[:at]) + other[dice.randrange(len(other)) :]
    if how < 0.15:
        data[-8:-4] = dice.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", dice.randbytes(4)))
        return bytes(data)
    low, high = (footer, len(data) - 8) if how < 0.6 else (4, footer)
    for _ in range(dice.choice((1, 1, 1, 2, 3, 6, 20))):
        at = dice.randrange(low, min(high, len(data)))
        kind = dice.random()
        if kind < 0.5:
            data[at] ^= 1 << dice.randrange(8)
        elif kind < 0.8:
            data[at] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))
        elif kind < 0.9:
            data[at : at + dice.choice((1, 4, 8))] = b"" if how > 0.5 else dice.randbytes(4)
        else:
            run = data[at : at + dice.choice((1, 4, 16))]
            data[at:at] = run
    return bytes(data)


@contextmanager
def quickly_unpacked(folder: Path) -> Iterator[None]:
    """Within, the profile's own process is forked from one that has its library."""
    forker = subprocess.Popen(
        [sys.executable, "-P", "-c", _FORKER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert forker.stdin is not None
    assert forker.stdout is not None
    files = [folder / name for name in ("data", "out", "words")]

    def run(child: list[str], *, input: bytes, **_: Any) -> subprocess.CompletedProcess[bytes]:
        assert forker.stdin is not None
        assert forker.stdout is not None
        files[0].write_bytes(input)
        told = {"files": [str(one) for one in files], "program": child[2], "limits": child[3]}
        print(json.dumps(told), file=forker.stdin, flush=True)
        status = int(forker.stdout.readline())
        return subprocess.CompletedProcess(
            child, status, files[1].read_bytes(), files[2].read_bytes()
        )

    try:
        with patch.object(parquet_profile.subprocess, "run", run):
            yield
    finally:
        forker.stdin.close()
        forker.wait(30)
        forker.stdout.close()
