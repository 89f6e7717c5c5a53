"""Determinants kept beside the lake: a Parquet file for each window and schedule.

A file says in its metadata how its window was cut and at which commit sequence of the lake it was
summed; whoever asks decides whether that is still good. A newer file takes the place of an older
one at once. It is a copy of what the lake says: losing it loses nothing.

Lives here      names, columns, reading and writing.
Lives elsewhere summing and when sums are stale (``usecases/stored_determinants``).
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from meterledger.facts.determinants import Determinants
from meterledger.facts.stored_sums import StoredSums, SumsKey, SumsShape
from meterledger.facts.usage import Int64Array
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake.names import read_name

METADATA_KEY = b"meterledger"
FORM = "1"
THREADS = 2
READ_AHEAD = 4
"""Files that are read before they are asked for: more would only lie in memory."""
LARGEST_INT32 = 2**31 - 1


class DeterminantFiles:
    """Stored sums in a folder."""

    def __init__(
        self, folder: Path, *, files_at: Callable[[int], list[str]], threads: int = THREADS
    ) -> None:
        """The folder need not be there. ``files_at`` gives the lake's files up to a sequence."""
        self.folder = folder
        self.files_at = files_at
        self.threads = threads

    def touched(self, days: DaySpan, since: int, until: int) -> bool:
        """Whether something was published of the days after one commit sequence, up to another."""
        if since >= until:
            return since > until
        before = set(self.files_at(since))
        fresh = [name for name in self.files_at(until) if name not in before]
        return any(read_name(name).days.overlap(days) is not None for name in fresh)

    def keep(self, sums: StoredSums) -> None:
        """Keep sums in place of those that were kept of the same window and schedule."""
        path = self._path(sums.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
        table = _table(sums)
        try:
            pq.write_table(
                table,
                unfinished,
                compression="zstd",
                compression_level=1,
                use_dictionary=False,
                write_statistics=False,
                column_encoding={
                    name: "BYTE_STREAM_SPLIT"
                    for name in table.column_names
                    if name not in ("complete", "multiplier")
                },
            )
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)

    def told(self, keys: Sequence[SumsKey]) -> dict[SumsKey, tuple[int, SumsShape, int]]:
        """Commit sequence, shape and number of meters of the sums that are kept."""
        found = {}
        for key in keys:
            path = self._path(key)
            if path.is_file():
                metadata = pq.read_metadata(path)
                body = _body(metadata.metadata)
                if body is not None:
                    found[key] = (int(body["sequence"]), _shape(body), metadata.num_rows)
        return found

    def each(self, keys: Iterable[SumsKey]) -> Iterator[StoredSums]:
        """The sums of the keys that are kept, in the order of the keys.

        The next ones are decoded while the one before them is worked on, a few at a time.
        """
        asked = iter(keys)
        with ThreadPoolExecutor(max_workers=self.threads) as pool:
            ahead = deque(pool.submit(self._read, key) for key in islice(asked, READ_AHEAD))
            while ahead:
                found = ahead.popleft().result()
                ahead.extend(pool.submit(self._read, key) for key in islice(asked, 1))
                if found is not None:
                    yield found

    def _read(self, key: SumsKey) -> StoredSums | None:
        path = self._path(key)
        if not path.is_file():
            return None
        file = pq.ParquetFile(path)
        body = _body(file.schema_arrow.metadata)
        if body is None:
            return None
        table = file.read(use_threads=False)

        def column(name: str) -> npt.NDArray[Any]:
            found: npt.NDArray[Any] = (
                table.column(name).combine_chunks().to_numpy(zero_copy_only=False)
            )
            return found

        shape = _shape(body)
        segments, periods = len(shape.segments), len(shape.periods)
        count = table.num_rows
        # Meters are many: a period's column lies in one piece, as it does in the file.
        energy_wh = np.empty((segments, periods, count), dtype=np.int64)
        peak_wh = np.zeros((segments, count), dtype=np.int64)
        demands = int(body["demands"])
        demand_w = np.zeros((segments, demands, count), dtype=np.int64)
        for segment in range(segments):
            for period in range(periods):
                energy_wh[segment, period] = column(f"energy_{segment}_{period}")
            if body["peaks"]:
                peak_wh[segment] = column(f"peak_{segment}")
            for each in range(demands):
                demand_w[segment, each] = column(f"demand_{segment}_{each}")
        return StoredSums(
            key=key,
            shape=shape,
            at_sequence=int(body["sequence"]),
            numbers=column("meter"),
            multipliers=column("multiplier").astype(np.int64),
            complete=column("complete"),
            determinants=Determinants(
                energy_wh=np.moveaxis(energy_wh, 2, 0),
                peak_wh=peak_wh.T,
                by_days=False,
                demand_w=np.moveaxis(demand_w, 2, 0) if demands else None,
            ),
        )

    def _path(self, key: SumsKey) -> Path:
        schedule = sha256_hex(key.schedule.encode())[:8]
        days = f"{key.window.from_day:%Y%m%d}-{key.window.until_day:%Y%m%d}"
        return self.folder / f"cycle-{key.cycle:02d}" / f"{days}-{schedule}.parquet"


def _table(sums: StoredSums) -> pa.Table:
    segments, periods = len(sums.shape.segments), len(sums.shape.periods)
    peaks = bool(sums.determinants.peak_wh.any())
    named = sums.determinants.demand_w
    demands = 0 if named is None else named.shape[2]
    columns: dict[str, Any] = {
        "meter": sums.numbers,
        "multiplier": sums.multipliers.astype(np.int32),
        "complete": sums.complete,
    }
    for segment in range(segments):
        for period in range(periods):
            energy = sums.determinants.energy_wh[:, segment, period]
            columns[f"energy_{segment}_{period}"] = _narrow(energy)
        if peaks:
            columns[f"peak_{segment}"] = _narrow(sums.determinants.peak_wh[:, segment])
        if named is not None:
            for each in range(demands):
                columns[f"demand_{segment}_{each}"] = _narrow(named[:, segment, each])
    body = {
        "form": FORM,
        "schedule": sums.key.schedule,
        "sequence": sums.at_sequence,
        "segments": [[day.isoformat(), season] for day, season in sums.shape.segments],
        "periods": list(sums.shape.periods),
        "hours": sums.shape.hours,
        "peaks": peaks,
        "demands": demands,
    }
    return pa.table(columns).replace_schema_metadata({METADATA_KEY: json.dumps(body).encode()})


def _narrow(column: Int64Array) -> npt.NDArray[Any]:
    """The column in 32 bits where each value fits."""
    column = np.ascontiguousarray(column)
    if len(column) and max(abs(int(column.min())), abs(int(column.max()))) > LARGEST_INT32:
        return column
    return column.astype(np.int32)


def _body(metadata: dict[bytes, bytes] | None) -> dict[str, Any] | None:
    """What a file says of itself; None of a form that is not known any more."""
    text = (metadata or {}).get(METADATA_KEY)
    body: dict[str, Any] | None = json.loads(text) if text else None
    return body if body is not None and body.get("form") == FORM else None


def _shape(body: dict[str, Any]) -> SumsShape:
    return SumsShape(
        segments=tuple((date.fromisoformat(day), season) for day, season in body["segments"]),
        periods=tuple(body["periods"]),
        hours=body["hours"],
    )
