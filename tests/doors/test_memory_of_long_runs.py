"""What a long run has loaded is passed over by Python's collector, and looked at again after it."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from meterledger.entrypoints.memory import (
    NEW_BEFORE_A_LOOK,
    loaded_for_good,
    nothing_to_collect,
)


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()
    gc.enable()


def test_what_was_loaded_is_passed_over_and_new_records_are_collected() -> None:
    before = gc.get_threshold()
    with nothing_to_collect():
        loaded = [[number] for number in range(1000)]
        assert not gc.isenabled()
        with loaded_for_good():
            assert gc.isenabled()
            assert gc.get_threshold() == (NEW_BEFORE_A_LOOK, *before[1:])
            assert gc.get_freeze_count() >= len(loaded)
            assert not any(one is loaded for one in gc.get_objects())
        assert not gc.isenabled()
        assert any(one is loaded for one in gc.get_objects())
    assert gc.isenabled()
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)


def test_a_run_that_fails_leaves_the_collector_as_it_was() -> None:
    before = gc.get_threshold()
    with pytest.raises(RuntimeError), nothing_to_collect(), loaded_for_good():
        raise RuntimeError("the server went away")
    assert gc.isenabled()
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)


def test_a_run_that_loads_as_it_goes_keeps_the_collector_on() -> None:
    with loaded_for_good():
        assert gc.isenabled()
    assert gc.isenabled()
