"""The bench of a cycle: every size is billed whole, and a large one begins as its tenth does."""

from __future__ import annotations

from pathlib import Path

import pytest

from meterledger.entrypoints.bench import bill_cycle, machine
from meterledger.entrypoints.bench.bill_cycle import measure_bill_cycle
from meterledger.entrypoints.bench.machine import memory_in_use

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


def test_a_large_run_and_its_tenth_begin_alike_and_a_small_one_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    filled: list[int] = []

    def unused() -> int:
        filled.append(MEBIBYTES)
        return MEBIBYTES

    monkeypatch.setattr(machine, "_unused_bytes", unused)
    monkeypatch.setattr(bill_cycle, "COPIED_AT_MOST", 40)

    small = measure_bill_cycle(accounts=40, repeat=1)
    assert not filled
    large = measure_bill_cycle(accounts=80, repeat=1)
    assert len(filled) == 2

    names = ["bills_per_second", "over_copy", "growth_10x", "peak_gb"]
    assert [figure.bar for figure in small] == [figure.bar for figure in large] == names
    assert small[1].notes.startswith("40 accounts")
    assert large[1].notes.startswith("8 accounts")
    assert large[2].notes.startswith("80 over 8 accounts")
