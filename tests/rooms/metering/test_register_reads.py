"""Values of files as figures of a register, and energy between two of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.facts.meters import Register
from meterledger.facts.readings import Flow, Quality
from meterledger.facts.registers import KnownRegisterValue
from meterledger.kernel.local_days import day_start_utc
from meterledger.metering import (
    MeteredRegister,
    RegisterReadImpossible,
    RegisterValue,
    actual_reads,
    first_on,
    shown_from_text,
)

CHICAGO = "America/Chicago"
KWH = Register("kWh", Flow.DELIVERED, "kWh", 5, 1)
FINE = Register("Wh", Flow.DELIVERED, "Wh", 9, 2)


def told(at: int, value: int, power: int = 3, **changed: object) -> KnownRegisterValue:
    one = KnownRegisterValue(at, value, power, "1", Quality.VALID, Flow.DELIVERED, 1)
    return replace(one, **changed)  # type: ignore[arg-type]


class TestActualReads:
    @pytest.mark.parametrize(
        ("value", "power", "shown"), [(4_321, 3, 43_210), (43_215, 2, 43_215), (12, 4, 1_200)]
    )
    def test_are_in_units_of_the_last_decimal_whatever_the_file_s_scale(
        self, value: int, power: int, shown: int
    ) -> None:
        assert actual_reads(KWH, [told(7, value, power)]).reads == (RegisterValue(7, shown),)

    @pytest.mark.parametrize(
        ("value", "power"), [(432_155, 1), (100_000, 3), (-1, 3)],
        ids=["finer", "more figures", "below zero"],
    )  # fmt: skip
    def test_what_the_register_cannot_show_is_refused(self, value: int, power: int) -> None:
        with pytest.raises(RegisterReadImpossible, match="of 5 figures and 1 decimals cannot show"):
            actual_reads(KWH, [told(7, value, power)])

    def test_the_last_figure_can_be_shown(self) -> None:
        assert actual_reads(KWH, [told(7, 999_999, 2)]).reads == (RegisterValue(7, 999_999),)

    def test_another_direction_is_another_register(self) -> None:
        received = replace(KWH, flow=Flow.RECEIVED)
        assert actual_reads(received, [told(7, 1)]).reads == ()
        assert len(actual_reads(KWH, [told(7, 1, flow=Flow.UNKNOWN)]).reads) == 1

    def test_of_two_that_differ_neither_is_a_read(self) -> None:
        found = actual_reads(KWH, [told(7, 1), told(7, 2), told(9, 3), told(9, 30, 2)])
        assert found.reads == (RegisterValue(9, 30),)
        assert found.disagree == (7,)

    def test_a_constant_of_the_file_is_taken_off_and_kept(self) -> None:
        found = actual_reads(KWH, [told(7, 80, constant="40"), told(9, 120, constant="40")])
        assert [one.shown for one in found.reads] == [20, 30]
        assert found.constant == 40
        metered = MeteredRegister(KWH, found.constant, 1, 10**9)
        assert metered.energy_wh(metered.between(*found.reads)) == 40_000

    @pytest.mark.parametrize("constants", [("40", "20"), ("0.5", "0.5"), ("x", "x"), ("0", "0")])
    def test_constants_that_tell_no_figures_are_refused(self, constants: tuple[str, str]) -> None:
        values = [told(at, 0, constant=one) for at, one in enumerate(constants)]
        with pytest.raises(RegisterReadImpossible, match="by one whole constant alone"):
            actual_reads(KWH, values)


class TestTheReadOfADay:
    @pytest.mark.parametrize("day", [date(2025, 3, 9), date(2025, 11, 2), date(2025, 7, 1)])
    def test_is_its_first_on_days_of_any_length(self, day: date) -> None:
        begin = int(day_start_utc(day, CHICAGO).timestamp())
        until = int(day_start_utc(date.fromordinal(day.toordinal() + 1), CHICAGO).timestamp())
        at = [begin - 1, begin, until - 1, until]
        reads = [RegisterValue(one, number) for number, one in enumerate(at)]
        found = [first_on(reads[n:], day, CHICAGO) for n in range(4)]
        assert [None if one is None else one.shown for one in found] == [1, 1, 2, None]


class TestFigures:
    def test_are_written_as_they_stand_there(self) -> None:
        metered = MeteredRegister(KWH, 1, 80, 10**9)
        assert metered.figures(43_215) == "04321.5"
        assert metered.figures(43_215, 80 * 99) == "04321.5"
        assert metered.figures(43_215, 80 * 100) == "04321.6"
        assert metered.figures(999_999, 80 * 100) == "00000.0"
        assert metered.figures(10, -80 * 100) == "00000.9"

    @pytest.mark.parametrize(("text", "shown"), [("4321", 43_210), ("04321.5", 43_215)])
    def test_of_a_person_are_read(self, text: str, shown: int) -> None:
        assert shown_from_text(KWH, text) == shown

    @pytest.mark.parametrize("text", ["123456", "1.55", "", "-1", "1,5", "٣"])
    def test_of_a_person_that_cannot_be_are_refused(self, text: str) -> None:
        with pytest.raises(RegisterReadImpossible, match="cannot show"):
            shown_from_text(KWH, text)


@given(
    steps=st.lists(st.integers(0, 5_000), min_size=1, max_size=12),
    start=st.integers(0, 10**11 - 1),
    multiplier=st.integers(1, 400),
)
def test_whatever_is_between_two_reads_parts_sum_to_the_whole(
    steps: list[int], start: int, multiplier: int
) -> None:
    """A register of hundredths of a watt-hour: what is cut from one part is in the next."""
    metered = MeteredRegister(FINE, 1, multiplier, 10**9)
    shown = [start]
    for step in steps:
        shown.append(shown[-1] + step)
    reads = [RegisterValue(3_600 * n, one % FINE.rolls_over_at) for n, one in enumerate(shown)]
    parts = [metered.energy_wh(metered.between(one, other)) for one, other in pairwise(reads)]
    whole = metered.energy_wh(metered.between(reads[0], reads[-1]))
    assert whole is not None
    assert sum(one or 0 for one in parts) == whole
    assert abs(whole - sum(steps) * Fraction(multiplier, 100)) < multiplier
