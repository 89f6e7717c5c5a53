"""A wrong multiplier is put right once, whoever else does the very same at the same moment."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from meterledger.usecases.correct_multiplier import MultiplierRight, correct_multiplier
from meterledger.usecases.meter_checks import MeterWorkRefused
from meterledger.usecases.ports import Conflict

JULY = date(2025, 7, 1)
ANA, BEN = datetime(2026, 12, 1, 9, tzinfo=UTC), datetime(2026, 12, 1, 9, 1, tzinfo=UTC)


class Overtaken:
    """A store in which Ana puts a multiplier right just before the next change is kept."""

    def __init__(self, store: Any, hers: int) -> None:
        self._store, self._hers = store, hers

    def change_meters(self, change: Any) -> bool:
        """Refuses what Ana has overtaken."""
        correct_multiplier("M1", self._hers, reason="seen", learned_at=ANA, store=self._store)
        return bool(self._store.change_meters(change))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def ben(store: Any, **how: Any) -> MultiplierRight:
    return correct_multiplier("M1", 40, reason="seen", learned_at=BEN, store=store, **how)


@pytest.fixture
def metered(town: Any) -> Any:
    town.start(1)
    return town


def test_who_makes_its_bills_with_it_goes_on_from_what_another_has_put_right(metered: Any) -> None:
    made = ben(Overtaken(metered.store, 40), with_bills=True)

    assert (made.was.multiplier, made.right.multiplier) == (1, 40)
    assert made.work.learned_at == ANA


def test_who_makes_none_is_told_that_it_is_done(metered: Any) -> None:
    with pytest.raises(MeterWorkRefused, match="Its multiplier is 40 already"):
        ben(Overtaken(metered.store, 40))


@pytest.mark.parametrize("with_bills", [True, False])
def test_another_multiplier_of_another_person_is_no_word_for_ours(
    metered: Any, with_bills: bool
) -> None:
    with pytest.raises(Conflict):
        ben(Overtaken(metered.store, 60), with_bills=with_bills)
    (stay,) = metered.store.meter_file("M1").installations
    assert stay.multiplier == 60


def test_what_it_always_was_was_never_put_right(metered: Any) -> None:
    with pytest.raises(MeterWorkRefused, match="Its multiplier is 1 already"):
        correct_multiplier(
            "M1", 1, reason="seen", learned_at=ANA, store=metered.store, with_bills=True
        )
