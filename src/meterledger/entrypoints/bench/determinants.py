"""The bench ``determinants``: a day and a month of a generated population, disk to determinants.

Every figure is of one run: candidates take turns, both sides are warm, on the same cores. The month
lies as a finished month does, a file for each bucket; it is generated in parts and really read.

Lives here      what is timed against what, and the figures.
Lives elsewhere the population (``metered``, ``metered_lake``), the peers (``determinants_peers``),
                the journey that is measured (``usecases/population_determinants``), unchanged.
"""

from __future__ import annotations

import gc
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from meterledger.entrypoints.bench import determinants_peers as peers
from meterledger.entrypoints.bench.bars import Figure
from meterledger.entrypoints.bench.machine import peak_memory
from meterledger.entrypoints.bench.metered import DEFAULT_SEED
from meterledger.entrypoints.bench.metered_lake import THREADS, MeteredLake
from meterledger.entrypoints.progress import progress_bar
from meterledger.entrypoints.wiring import open_book
from meterledger.kernel.ensure import ensure
from meterledger.kernel.ids import BUCKET_COUNT
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.stores.lake.names import read_name
from meterledger.usecases.population_determinants import (
    PopulationDeterminants,
    population_determinants,
)

SCHEDULE = "1M-ultimate"
"""The option with times of use and a demand charge: everything that a determinant can be."""

DAY = DaySpan(date(2025, 6, 3), date(2025, 6, 4))
MONTH = DaySpan(date(2025, 6, 1), date(2025, 7, 1))
CORRECTED_SHARE = 0.02
LEAST_ROUNDS = 5
QUICK_ROUNDS = 3
"""What takes a fraction of a second takes so many times more turns, by itself."""
LEAST_MONTHS = 3
TRIAL_BUCKETS = 4
"""So many buckets of the month are read by both peers, to find the better."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Medians of one candidate, in seconds: by the wall's clock and of all its threads."""

    wall: float
    processor: float


def measure_determinants(
    *, accounts: int, repeat: int, peer_buckets: int = BUCKET_COUNT
) -> list[Figure]:
    """Run the bench on that many meters; a day at least five times, a month at least three.

    The peer reads the whole month ``repeat`` times.

    ``peer_buckets`` lets the peers read so many buckets of the month only; the figure then says so.

    :raises PeersMissing: if DuckDB or Polars is not installed
    :raises InvariantBroken: if two sides of a comparison do not give the same answer
    """
    duckdb, polars = peers.load_peers()
    view = open_book().as_known(date.max)
    root = Path("/var/tmp") if Path("/var/tmp").is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="meterledger-bench-", dir=root))
    gc.freeze()  # what is older than the bench need not be searched before each turn of it
    try:
        bench = _Bench(folder, view, accounts, duckdb, polars)
        figures = bench.day(max(LEAST_ROUNDS, repeat))
        return figures + bench.month(repeat, peer_buckets)
    finally:
        gc.unfreeze()
        shutil.rmtree(folder, ignore_errors=True)


class _Bench:
    """One run of the bench in a folder of its own."""

    def __init__(
        self, folder: Path, view: BookView, accounts: int, duckdb: Any, polars: Any
    ) -> None:
        self.folder = folder
        self.view = view
        self.accounts = accounts
        self.duckdb = duckdb
        self.polars = polars
        self.population = f"{accounts} meters, seed {DEFAULT_SEED}, {SCHEDULE}"

    # ----------------------------------------------------------------------------------- the day

    def day(self, rounds: int) -> list[Figure]:
        """A day over its decode, over DuckDB's time, and over that of a tenth of the meters."""
        whole = self._written("day", DAY, self.accounts)
        tenth = self._written("tenth", DAY, max(1, self.accounts // 10))
        files = [whole.folder / name for name in whole.files_at(1)]
        memory = np.zeros(self.accounts * peers.SLOTS, dtype=np.int32)
        ours = self._ours(whole)
        question = peers.Question.of(ours.plan)
        expected = _answer(ours)
        ensure(int(ours.sums.present.sum()) == _present(files, memory), "both read the same values")
        candidates = self._long_layouts(files, question, expected)
        tried = _timed(candidates, 1)
        best = min(tried, key=lambda name: tried[name].wall)
        quick = _timed(
            {
                "ours": lambda: self._ours(whole),
                "decode": lambda: _decode(files, memory),
                "tenth": lambda: self._ours(tenth),
            },
            QUICK_ROUNDS * rounds,
        )
        slow = _timed({"ours": lambda: self._ours(whole), "duckdb": candidates[best]}, rounds)
        told = f"{self.population}, the day {DAY.from_day}, medians of {rounds} rounds or more"
        layouts = ", ".join(f"{name} {tried[name].wall:.2f} s" for name in tried)
        shutil.rmtree(whole.folder)
        shutil.rmtree(tenth.folder)
        return [
            _ratio("day_over_decode", quick, "ours", "decode", told),
            _ratio("day_vs_duckdb", slow, "duckdb", "ours", f"{told}; layouts tried: {layouts}"),
            _ratio("growth_10x", quick, "ours", "tenth", told),
        ]

    def _long_layouts(
        self, files: list[Path], question: peers.Question, expected: peers.Answer
    ) -> dict[str, Callable[[], None]]:
        """Long rows in the ways that suit DuckDB: a plain file, its own format, the lake's rows."""
        long = self.folder / "long.parquet"
        peers.write_long(files, long)
        con = peers.connect(self.duckdb)
        own = self.folder / "long.duckdb"
        con.execute(f"ATTACH '{own}' AS kept")
        con.execute(f"CREATE TABLE kept.readings AS SELECT * FROM read_parquet('{long}')")
        names = [str(path) for path in files]

        def asked(query: Callable[[], Any]) -> Callable[[], None]:
            def run() -> None:
                same = peers.answer_of(query()) == expected
                ensure(same, "DuckDB and we give the same determinants")

            return run

        plain = f"read_parquet('{long}')"
        return {
            "plain Parquet": asked(lambda: peers.duckdb_long(con, plain, question)),
            "its own table": asked(lambda: peers.duckdb_long(con, "kept.readings", question)),
            "the lake's rows": asked(lambda: peers.duckdb_table(con, names, question)),
        }

    # --------------------------------------------------------------------------------- the month

    def month(self, rounds: int, peer_buckets: int) -> list[Figure]:
        """A month over the better peer on its Delta table, and over itself with corrections."""
        whole = self._written("month", MONTH, self.accounts)
        with peak_memory(self.folder, every_seconds=0.2) as memory:
            ours = self._ours(whole)
        whole.lake.sync_delta(1)
        vs_peers = self._month_peers(whole, ours, rounds, peer_buckets)
        size = f"{whole.bytes_on_disk / 1e9:.2f} GB"
        with progress_bar("Correcting the month", total=3) as advance:
            whole.correct(CORRECTED_SHARE, advance)
        self._check_corrected(whole)
        times = _timed(
            {"clean": lambda: self._ours(whole), "corrected": lambda: self._ours(whole, 4)},
            max(LEAST_MONTHS, rounds),
        )
        told = f"{self.population}, {MONTH}, {size}"
        corrected = (
            f"{told}; {CORRECTED_SHARE:.0%} of the meter-days corrected, half of them twice, a "
            "quarter three times"
        )
        return [
            vs_peers,
            _ratio("corrected_over_clean", times, "corrected", "clean", corrected),
            Figure("month_peak_gb", f"{memory.peak_bytes / 1e9:.3f}", {}, told),
        ]

    def _month_peers(
        self, whole: MeteredLake, ours: PopulationDeterminants, rounds: int, buckets: int
    ) -> Figure:
        """Both peers on a few buckets, then the better of them on all (or on ``buckets``)."""
        by_bucket = self._delta_files(whole)
        chosen = sorted(by_bucket)[:buckets]
        months = self._month_queries(by_bucket, peers.Question.of(ours.plan))
        numbers = (ours.numbers >> np.uint64(32)) % np.uint64(BUCKET_COUNT)

        def asked(name: str, some: Sequence[int]) -> Callable[[], None]:
            def run() -> None:
                answer = _sum_of([months[name](one) for one in some])
                ensure(
                    answer == _answer(ours, np.isin(numbers, some)),
                    f"{name} and we give the same determinants of the month",
                )

            return run

        few = chosen[:TRIAL_BUCKETS]
        tried = _timed({name: asked(name, few) for name in months}, 1)
        best, other = sorted(tried, key=lambda name: tried[name].wall)
        times = _timed({"ours": lambda: self._ours(whole), best: asked(best, chosen)}, rounds)
        told = (
            f"{self.population}, {MONTH}, {rounds} rounds, the peer bucket by bucket; of the peers "
            f"{best} is the better: on {len(few)} buckets {other} took "
            f"{tried[other].wall / tried[best].wall:.2f} times as long"
        )
        if len(chosen) < len(by_bucket):
            share = len(numbers) / int(np.isin(numbers, chosen).sum())
            times[best] = Timing(times[best].wall * share, times[best].processor * share)
            told += f"; it read {len(chosen)} of {len(by_bucket)} buckets, times {share:.2f}"
        return _ratio("month_vs_best_peer", times, best, "ours", told)

    def _delta_files(self, whole: MeteredLake) -> dict[int, list[str]]:
        """The files of the Delta table, as it lists them, by bucket."""
        import deltalake

        by_bucket: dict[int, list[str]] = {}
        for path in deltalake.DeltaTable(whole.folder).file_uris():
            name = str(path).removeprefix("file://").removeprefix(f"{whole.folder}/")
            by_bucket.setdefault(read_name(name).bucket, []).append(str(whole.folder / name))
        return by_bucket

    def _month_queries(
        self, by_bucket: Mapping[int, list[str]], question: peers.Question
    ) -> dict[str, Callable[[int], peers.Answer]]:
        con = peers.connect(self.duckdb)

        def by_duckdb(bucket: int) -> peers.Answer:
            return peers.answer_of(peers.duckdb_table(con, by_bucket[bucket], question))

        def by_polars(bucket: int) -> peers.Answer:
            rows = self.polars.scan_parquet(by_bucket[bucket])
            return peers.answer_of(peers.polars_table(self.polars, rows, question))

        return {"duckdb": by_duckdb, "polars": by_polars}

    def _check_corrected(self, whole: MeteredLake) -> None:
        """What corrected days sum to is what a bill of the same meters would stand on."""
        found = self._ours(whole, 4)
        before = self._ours(whole)
        ensure(
            len(found.numbers) == self.accounts and not found.refused, "no meter needs another way"
        )
        changed = (found.sums.energy_wh != before.sums.energy_wh).any(axis=(1, 2))
        rows = np.concatenate([np.flatnonzero(changed)[:200], np.flatnonzero(~changed)[:50]])
        names = [found.names()[row] for row in rows.tolist()]
        for batch in whole.lake.usage(names, MONTH, at_sequence=4):
            places = [rows[names.index(meter)] for meter in batch.meters]
            ensure(
                batch.total_wh.tolist() == found.sums.energy_wh[places].sum(axis=(1, 2)).tolist(),
                "a scan of corrected days is what usage is",
            )

    # ----------------------------------------------------------------------------------- in both

    def _written(self, name: str, days: DaySpan, count: int) -> MeteredLake:
        lake = MeteredLake(self.folder / name, self.view.time_zone, days, count)
        with progress_bar(f"Writing the {name}", total=count) as advance:
            lake.write(advance)
        return lake

    def _ours(self, lake: MeteredLake, sequence: int = 1) -> PopulationDeterminants:
        return population_determinants(
            schedule=SCHEDULE,
            window=lake.days,
            view=self.view,
            lake=lake.lake,
            at_sequence=sequence,
        )


def _answer(
    found: PopulationDeterminants, rows: npt.NDArray[np.bool_] | None = None
) -> peers.Answer:
    chosen = np.ones(len(found.numbers), dtype=bool) if rows is None else rows
    on, off = (found.plan.periods.index(name) for name in ("on_peak", "off_peak"))
    energy = found.sums.energy_wh[chosen].sum(axis=(0, 1))
    return peers.Answer(
        meters=int(chosen.sum()),
        on_peak_wh=int(energy[on]),
        off_peak_wh=int(energy[off]),
        highest_hours_wh=int(found.sums.peak_wh[chosen].max(axis=1).sum()),
        missing=int(found.missing[chosen].sum()),
    )


def _sum_of(answers: list[peers.Answer]) -> peers.Answer:
    total = answers[0]
    for answer in answers[1:]:
        total = total.plus(answer)
    return total


def _decode(files: list[Path], memory: npt.NDArray[np.int32]) -> None:
    """Every value of the files into memory that is there already, as plain as it can be."""
    metadata = [pq.read_metadata(path) for path in files]
    starts = np.concatenate([[0], np.cumsum([one.num_rows for one in metadata])]).tolist()

    def one(number: int) -> None:
        at = starts[number]
        file = pq.ParquetFile(files[number], metadata=metadata[number], memory_map=True)
        for group in range(metadata[number].num_row_groups):
            column = file.read_row_group(group, columns=["value"], use_threads=False).column(0)
            for chunk in column.chunks:
                memory[at : at + len(chunk)] = chunk.to_numpy()
                at += len(chunk)

    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        list(pool.map(one, range(len(files))))


def _present(files: list[Path], memory: npt.NDArray[np.int32]) -> int:
    _decode(files, memory)
    return int(np.count_nonzero(memory != np.iinfo(np.int32).min))


def _timed(candidates: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Timing]:
    """Medians of candidates that take turns; each has run once before."""
    walls: dict[str, list[float]] = {name: [] for name in candidates}
    processors: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, run in candidates.items():
            gc.collect()
            processor, wall = time.process_time(), time.perf_counter()
            run()
            walls[name].append(time.perf_counter() - wall)
            processors[name].append(time.process_time() - processor)
    return {
        name: Timing(statistics.median(walls[name]), statistics.median(processors[name]))
        for name in candidates
    }


def _ratio(bar: str, times: Mapping[str, Timing], over: str, under: str, told: str) -> Figure:
    by_processor = times[over].processor / times[under].processor
    return Figure(
        bar,
        f"{times[over].wall / times[under].wall:.2f}",
        {"by_processor_time": f"{by_processor:.2f}"}
        | {f"{name}_seconds": f"{one.wall:.3f}" for name, one in times.items()},
        told,
    )
