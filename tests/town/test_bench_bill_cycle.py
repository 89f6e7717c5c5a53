"""The bench of a cycle: every size is billed whole, and a large one begins as its tenth does."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from meterledger.entrypoints.bench import bill_cycle, machine
from meterledger.entrypoints.bench.bill_cycle import bill, measure_bill_cycle
from meterledger.entrypoints.bench.billed_population import (
    bench_folder,
    build,
    one_cycle,
    open_bench,
)
from meterledger.entrypoints.bench.machine import memory_in_use
from meterledger.stores.postgres.at_rest import LOADED, put_to_rest
from meterledger.stores.postgres.initialize import DATABASE
from meterledger.stores.postgres.private_server import SUPERUSER, private_server

MEBIBYTES = 1 << 20


def test_memory_is_in_use_as_long_as_a_run_lasts_and_the_disk_holds_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "_unused_bytes", lambda: 20 * MEBIBYTES)

    with memory_in_use(tmp_path) as filled:
        (file,) = tmp_path.iterdir()
        assert filled == file.stat().st_size == 20 * MEBIBYTES
        assert file.stat().st_blocks * 512 < MEBIBYTES

    assert not list(tmp_path.iterdir())


def test_memory_that_a_system_does_not_tell_of_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "MEMORY", tmp_path / "no such file")

    with memory_in_use(tmp_path) as filled:
        assert filled == 0


def test_the_memory_of_this_machine_is_read_in_bytes() -> None:
    unused = machine._unused_bytes()

    assert not machine.MEMORY.exists() or unused > MEBIBYTES


def test_a_database_rests_before_a_run_but_for_what_the_run_begins_to_write() -> None:
    """Sweeping an empty table would have it taken for one that stays so."""
    swept = "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= 0"
    with bench_folder() as folder, open_bench(folder) as system:
        cycle = one_cycle(8)
        build(system, [cycle])

        assert put_to_rest(folder) > 0

        with private_server(folder / "postgres") as server:
            database = {**server.connection(SUPERUSER), "dbname": DATABASE}
            with psycopg.connect(**database) as asked:  # type: ignore[arg-type] # names as of libpq
                loaded = {name for _, name in asked.execute(LOADED).fetchall()}
                at_rest = {name for (name,) in asked.execute(swept).fetchall()}
        assert {"account", "agreement", "meter_installation"} <= loaded <= at_rest
        assert not at_rest & {"service_period_claim", "entry_key", "receivable_balance"}
        assert bill(system, cycle) > 0


@pytest.fixture
def filled(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often memory was filled, a mebibyte each; sizes are told in tens of accounts."""
    times: list[int] = []

    def unused() -> int:
        times.append(MEBIBYTES)
        return MEBIBYTES

    monkeypatch.setattr(machine, "_unused_bytes", unused)
    monkeypatch.setattr(bill_cycle, "COPIED_AT_MOST", 40)
    return times


def test_a_large_run_and_its_tenth_begin_alike(filled: list[int]) -> None:
    figures = measure_bill_cycle(accounts=80, repeat=1)

    assert len(filled) == 3  # the tenth, the whole, and the tenth once more
    names = ["bills_per_second", "over_copy", "growth_10x", "peak_gb"]
    assert [figure.bar for figure in figures] == names
    assert figures[1].notes.startswith("8 accounts")
    assert figures[2].notes.startswith("80 over 8 accounts")


def test_the_tenth_is_taken_on_both_sides_of_a_large_run(
    filled: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that became slower by half tells the same growth."""
    seconds = iter([8.0, 100.0, 12.0])
    monkeypatch.setattr(bill_cycle, "_seconds", lambda _folder, _accounts: next(seconds))
    monkeypatch.setattr(bill_cycle, "_copy_seconds", lambda _folder: 10.0)
    monkeypatch.setattr(bill_cycle, "_peak_bytes", lambda _accounts: 1)

    growth = measure_bill_cycle(accounts=400, repeat=1)[2]

    assert (growth.value, growth.peers["tenth_seconds"]) == ("10.00", "10.00")
    assert len(filled) == 3


def test_a_cycle_of_a_night_begins_on_the_machine_as_it_is(
    filled: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def run(_folder: Path, accounts: int) -> float:
        sizes.append(accounts)
        return float(accounts)

    monkeypatch.setattr(bill_cycle, "_seconds", run)
    monkeypatch.setattr(bill_cycle, "_copy_seconds", lambda _folder: 10.0)
    monkeypatch.setattr(bill_cycle, "_peak_bytes", lambda _accounts: 1)

    _, over_copy, growth, _ = measure_bill_cycle(accounts=40, repeat=3)

    assert (filled, sizes) == ([], [4, 40] * 3)
    assert (over_copy.value, growth.value) == ("4.00", "10.00")
