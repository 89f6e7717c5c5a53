"""Checks of reactive energy before it is billed: both sides of every threshold."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from meterledger.facts.usage import DayValues, UsageBatch
from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.local_days import intervals_in_day
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.usage import (
    DaysBefore,
    Doubt,
    ReactiveCheck,
    ReactiveTerms,
    UnknownCheck,
    UnusableReactiveThreshold,
    doubts_of,
    without,
)

CHICAGO = "America/Chicago"
PRAIRIE = default_book_folder().parent / "prairie_light_example"
DAY = date(2026, 2, 10)
SHORT, LONG = date(2026, 3, 8), date(2026, 11, 1)
TERMS = ReactiveTerms.of(load_book(PRAIRIE).as_known(date(2026, 12, 1)), date(2026, 3, 2))


def usage(
    value: int,
    changed: dict[int, int] | None = None,
    *,
    days: tuple[date, ...] = (DAY,),
    seconds: int = 900,
) -> UsageBatch:
    """The same value in every interval; ``changed`` are intervals of the first day."""
    made = []
    for number, day in enumerate(days):
        row = np.full((1, intervals_in_day(day, CHICAGO, seconds)), value, dtype=np.int64)
        for slot, one in (changed or {}).items() if number == 0 else ():
            row[0, slot] = one
        made.append(DayValues(day, row, np.zeros(row.shape, dtype=np.bool_)))
    return UsageBatch(("0123456789abcdef",), seconds, CHICAGO, tuple(made))


def found(
    reactive: UsageBatch,
    energy: UsageBatch | None = None,
    before: DaysBefore | None = None,
    terms: ReactiveTerms = TERMS,
) -> list[Doubt]:
    return doubts_of(reactive, energy or usage(50_000), before, terms)


def checks(doubts: list[Doubt]) -> list[ReactiveCheck]:
    return [one.check for one in doubts]


class TestASpike:
    """Above the third highest of its day by more than 180 percent, and above 8 kvar."""

    @pytest.mark.parametrize(("highest", "spikes"), [(2_800, 0), (2_801, 1)])
    def test_is_more_than_its_share_above_the_third_highest(
        self, highest: int, spikes: int
    ) -> None:
        assert checks(found(usage(1_000, {58: highest}))) == [ReactiveCheck.SPIKE] * spikes

    @pytest.mark.parametrize(("highest", "spikes"), [(2_000, 0), (2_001, 1)])
    def test_lies_above_the_floor(self, highest: int, spikes: int) -> None:
        assert checks(found(usage(0, {58: highest}))) == [ReactiveCheck.SPIKE] * spikes

    def test_may_be_of_two_intervals_and_not_of_three(self) -> None:
        two = found(usage(1_000, {58: 9_000, 59: 9_000}))
        assert [one.at for one in two] == [(0, 58), (0, 59)]
        assert found(usage(1_000, {58: 9_000, 59: 9_000, 60: 9_000})) == []

    def test_is_told_with_its_day_and_what_its_day_had(self) -> None:
        (one,) = found(usage(1_000, {58: 9_000}))
        assert one.sentence == (
            "the reading of 2026-02-10 14:30 has 36 kvar, where the third highest of its day has "
            "4 kvar"
        )
        assert one.limit == "validation_reactive_spike_percent"

    @pytest.mark.parametrize(("day", "clock"), [(SHORT, "15:30"), (LONG, "13:30")])
    def test_is_told_by_the_clock_on_short_and_long_days(self, day: date, clock: str) -> None:
        (one,) = found(usage(1_000, {58: 9_000}, days=(day,)), usage(50_000, days=(day,)))
        assert f"the reading of {day} {clock} has 36 kvar" in one.sentence

    def test_beyond_every_meter_is_a_spike_and_no_crash(self) -> None:
        doubts = found(usage(1_000, {58: 2**40}), usage(2**41))
        assert checks(doubts) == [ReactiveCheck.SPIKE]


class TestBelowZero:
    @pytest.mark.parametrize(("value", "count"), [(0, 0), (-1, 1)])
    def test_nothing_is_delivered(self, value: int, count: int) -> None:
        assert checks(found(usage(1_000, {3: value}))) == [ReactiveCheck.NEGATIVE] * count

    def test_is_counted_and_the_first_is_told(self) -> None:
        (one,) = found(usage(1_000, {3: -5, 4: -7}))
        assert one.sentence == (
            "2 readings of reactive energy are below zero, the first one of 2026-02-10 00:45 "
            "(-5 varh)"
        )


class TestThePowerFactorOfAnInterval:
    """Below 0.30 no load is believed: more than 3.1798 kvar to a kW."""

    @pytest.mark.parametrize(("energy", "doubts"), [(10_000, 0), (9_999, 1)])
    def test_is_believed_down_to_its_limit(self, energy: int, doubts: int) -> None:
        reactive = usage(20_000, {58: 31_797})
        told = checks(found(reactive, usage(50_000, {58: energy})))
        assert told == [ReactiveCheck.POWER_FACTOR] * doubts

    @pytest.mark.parametrize(("reactive", "doubts"), [(2_000, 0), (2_001, 1)])
    def test_of_little_reactive_energy_says_nothing(self, reactive: int, doubts: int) -> None:
        told = checks(found(usage(1_900, {58: reactive}), usage(50_000, {58: 0})))
        assert told == [ReactiveCheck.POWER_FACTOR] * doubts

    def test_is_told_beside_its_kw(self) -> None:
        (one,) = found(usage(20_000, {58: 32_000}), usage(50_000, {58: 5_000}))
        assert one.sentence == (
            "the reading of 2026-02-10 14:30 has 128 kvar beside 20 kW: a power factor of 0.15, "
            "below 0.30"
        )

    def test_compares_intervals_of_two_lengths_over_the_longer(self) -> None:
        energy = usage(50_000, {29: 0}, seconds=1_800)  # 14:30 to 15:00
        told = found(usage(20_000), energy)
        assert [one.at for one in told] == [(0, 58), (0, 59)]


class TestTheUnitOfTheChannel:
    @pytest.mark.parametrize(("reactive", "doubts"), [(31_797, 0), (31_798, 1)])
    def test_shows_in_the_power_factor_of_the_window(self, reactive: int, doubts: int) -> None:
        told = found(usage(reactive), usage(10_000))
        assert checks(told) == [ReactiveCheck.UNIT] * doubts  # and no interval beside it
        for one in told:
            assert "as of a wrong unit or multiplier" in one.sentence

    def test_is_wrong_where_it_is_a_copy_of_the_energy(self) -> None:
        copied, other = usage(5_000, {3: 4_000}), usage(5_000, {3: 4_000, 4: 4_999})
        assert checks(found(copied, copied)) == [ReactiveCheck.UNIT]
        assert found(copied, other) == []
        assert found(usage(0), usage(0)) == []


class TestTheMultiplierAgainstTheDaysBefore:
    """Ten times, either way: 0.2 kvarh to a kWh now."""

    NOW = usage(10_000)

    @pytest.mark.parametrize(("varh", "doubts"), [(10_000, 1), (10_001, 0)])
    def test_is_off_by_ten_times_more(self, varh: int, doubts: int) -> None:
        told = found(self.NOW, before=DaysBefore(varh, 500_000))
        assert checks(told) == [ReactiveCheck.MULTIPLIER] * doubts

    @pytest.mark.parametrize(("varh", "doubts"), [(1_000_000, 1), (999_999, 0)])
    def test_is_off_by_ten_times_less(self, varh: int, doubts: int) -> None:
        told = found(self.NOW, before=DaysBefore(varh, 500_000))
        assert checks(told) == [ReactiveCheck.MULTIPLIER] * doubts

    def test_says_nothing_of_a_plant_that_runs_ten_times_as_long(self) -> None:
        assert found(self.NOW, before=DaysBefore(96 * 1_000, 96 * 5_000)) == []

    def test_says_nothing_where_nothing_was_before_or_is_now(self) -> None:
        assert found(self.NOW, before=DaysBefore(0, 500_000)) == []
        assert found(usage(0), before=DaysBefore(100_000, 500_000)) == []

    def test_is_told_with_both_ratios(self) -> None:
        (one,) = found(self.NOW, before=DaysBefore(5_000, 500_000))
        assert one.sentence == (
            "it has 0.200 kvarh to a kWh, and the days before had 0.010: off by 10 times or more, "
            "as by a unit or a multiplier"
        )


class TestWithoutWhatIsDoubted:
    def test_nothing_else_changes(self) -> None:
        reactive = usage(1_000, {58: 9_000}, days=(DAY, DAY + timedelta(days=1)))
        bare = without(
            reactive, found(reactive, usage(50_000, days=(DAY, DAY + timedelta(days=1))))
        )
        assert bare.days[0].energy_wh[0, 58] == 0
        assert int(bare.total_wh[0]) == int(reactive.total_wh[0]) - 9_000


def test_of_other_days_or_meters_nothing_is_said() -> None:
    with pytest.raises(InvariantBroken, match="same days"):
        found(usage(1), usage(1, days=(LONG,)))


class TestTheFile:
    def changed(self, folder: Path, name: str, before: str, after: str) -> ReactiveTerms:
        book = copytree(PRAIRIE, folder / "book")
        file = book / "validation" / f"validation_reactive_{name}.yaml"
        text = file.read_text(encoding="utf-8")
        assert before in text
        file.write_text(text.replace(before, after), encoding="utf-8")
        return ReactiveTerms.of(load_book(book).as_known(date.max), date(2026, 3, 2))

    def test_makes_the_checks_that_it_lists(self, tmp_path: Path) -> None:
        terms = self.changed(tmp_path, "checks", '      - "spike"\n', "")
        assert found(usage(1_000, {58: 9_000}), terms=terms) == []
        assert checks(found(usage(1_000, {3: -1}), terms=terms)) == [ReactiveCheck.NEGATIVE]

    def test_names_no_check_that_there_is_not(self, tmp_path: Path) -> None:
        with pytest.raises(UnknownCheck, match=r"check 'spikes'.*Name checks of negative"):
            self.changed(tmp_path, "checks", '"spike"', '"spikes"')

    @pytest.mark.parametrize(
        ("name", "before", "after"),
        [("factor", '"10"', '"1"'), ("power_factor_percent", '"30"', '"100"')],
    )
    def test_has_no_threshold_that_cannot_be(
        self, tmp_path: Path, name: str, before: str, after: str
    ) -> None:
        with pytest.raises(UnusableReactiveThreshold, match="It can be"):
            self.changed(tmp_path, name, f"value: {before}", f"value: {after}")
