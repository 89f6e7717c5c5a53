"""The validation file: dated, by source group, with a storm mode, refused by its words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pytest
from tests.rooms.rulebook_on import the_book
from tests.rooms.usage.validation_builders import HOME, PLAIN_DAY, block, facts, history, terms

from meterledger.facts.findings import Weight
from meterledger.facts.usage import MISSING_VALUE
from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.rulebook.series import NoRuleInForce
from meterledger.usage import (
    Check,
    DayBlock,
    History,
    Source,
    Storm,
    UnknownCheck,
    UnusableThreshold,
    ValidationTerms,
    register_agrees,
    validate_day,
    validation_values,
)
from meterledger.usage.validation_terms import Limit

TODAY = timedelta(days=1)


def changed_book(folder: Path, name: str, before: str, after: str) -> Any:
    """The real book with one value of its validation file changed."""
    book = copytree(default_book_folder(), folder / "book")
    file = book / "validation" / f"validation_{name}.yaml"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")
    return load_book(book).as_known(date.max)


class TestTheFile:
    def test_every_threshold_is_a_value_of_the_book_and_known_to_be_ours(self) -> None:
        found = terms()
        assert found.standing is Standing.ASSUMED
        assert found.limits.shape == (len(Source), len(Limit))
        names = validation_values(the_book().names())
        assert names == {name for name in the_book().names() if name.startswith("validation_")}

    def test_it_begins_with_the_ladder_of_intervals(self) -> None:
        ValidationTerms.of(the_book(), date(2020, 7, 9))
        with pytest.raises(NoRuleInForce, match="No value of 'validation_history_days_min'"):
            ValidationTerms.of(the_book(), date(2020, 7, 8))

    def test_a_group_has_its_own_threshold_where_the_file_says_so(self) -> None:
        own = terms().limits[:, Limit.REGISTER_TOLERANCE_WH]
        assert own.tolist() == [10, 2000, 2000]
        assert terms().names[Source.MANUAL, Limit.REGISTER_TOLERANCE_WH] == (
            "validation_manual_register_tolerance_wh"
        )
        assert terms().names[Source.MANUAL, Limit.SPIKE_PERCENT] == "validation_spike_percent"

    def test_a_check_that_there_is_not_is_refused(self, tmp_path: Path) -> None:
        view = changed_book(tmp_path, "storm_noted_checks", '"gap"', '"gaps"')
        with pytest.raises(UnknownCheck) as refused:
            ValidationTerms.of(view, PLAIN_DAY)
        assert str(refused.value).startswith(
            "validation file: 'validation_storm_noted_checks' names the check 'gaps' on "
            "2026-01-14, and there is none. Name checks of gap, spike, high,"
        )

    @pytest.mark.parametrize(("value", "is_refused"), [("100000", False), ("100001", True)])
    def test_a_share_that_would_leave_64_bits_is_refused(
        self, tmp_path: Path, value: str, is_refused: bool
    ) -> None:
        view = changed_book(tmp_path, "high_percent", '"500"', f'"{value}"')
        if not is_refused:
            ValidationTerms.of(view, PLAIN_DAY)
            return
        with pytest.raises(UnusableThreshold, match="It can be 0 to 100000"):
            ValidationTerms.of(view, PLAIN_DAY)

    @pytest.mark.parametrize(("value", "is_refused"), [("1", True), ("2", False)])
    def test_a_threshold_that_cannot_be_one_is_refused(
        self, tmp_path: Path, value: str, is_refused: bool
    ) -> None:
        view = changed_book(tmp_path, "identical_meters", '"5"', f'"{value}"')
        if not is_refused:
            ValidationTerms.of(view, PLAIN_DAY)
            return
        with pytest.raises(UnusableThreshold) as refused:
            ValidationTerms.of(view, PLAIN_DAY)
        assert str(refused.value) == (
            "validation file: 'validation_identical_meters' is 1 on 2026-01-14. It can be 2 to "
            "1000000000. Correct the value."
        )


class TestGroups:
    def test_a_customers_day_has_fewer_checks(self) -> None:
        flat = block([50] * 96, [50] * 96, [50] * 96)
        by_source = facts(3, source=[Source.HEAD_END, Source.MANUAL, Source.CUSTOMER])
        found = validate_day(flat, History.none(3), terms(), by_source)
        assert found.rows_with(Check.FLAT_RUN).tolist() == [0, 1]


class TestStorm:
    storm = Storm(
        DaySpan(PLAIN_DAY, PLAIN_DAY + TODAY), frozenset({3}), "operations", "ice on the lines"
    )
    day = block([MISSING_VALUE] * 30 + [5] * 66, [MISSING_VALUE] * 30 + [5] * 66)
    areas = facts(2, area=[3, 4])

    def test_puts_named_checks_off_in_its_areas_and_only_notes_others(self) -> None:
        found = validate_day(self.day, History.none(2), terms(), self.areas, storms=[self.storm])
        assert found.rows_with(Check.FLAT_RUN).tolist() == [1]
        assert [one.code for one in found.findings_of(0, deferred=True)] == ["usage.flat_run"]
        inside, outside = found.findings_of(0), found.findings_of(1)
        assert [(one.code, one.weight) for one in inside] == [("usage.gap", Weight.NOTE)]
        assert inside[0].evidence["storm"] == "declared"
        assert (outside[0].code, outside[0].weight) == ("usage.gap", Weight.HOLD)
        assert found.holds.tolist() == [False, True]

    def test_is_over_on_its_last_day(self) -> None:
        over = replace(self.storm, days=DaySpan(PLAIN_DAY - TODAY, PLAIN_DAY))
        found = validate_day(self.day, History.none(2), terms(), self.areas, storms=[over])
        assert found.holds.tolist() == [True, True]
        assert not found.deferred.any()


class TestWorkedExamples:
    """Short examples that others publish of the same checks."""

    def test_a_day_of_92_100_or_96_intervals(self) -> None:
        assert [block([0], day=day).due_width for day in (date(2026, 3, 8), date(2025, 11, 2))] == [
            92,
            100,
        ]
        assert block([0]).due_width == 96

    def test_highest_over_third_highest(self) -> None:
        row = [0] * 93 + [3000, 3000, 9000]  # 200 percent over, 180 are allowed
        assert len(validate_day(block(row), History.none(1), terms()).rows_with(Check.SPIKE)) == 1

    def test_intervals_between_two_register_reads(self) -> None:
        assert register_agrees(
            479, 2932046 - 2931567, multiplier=1, tolerance_wh=0, tolerance_percent=0
        )

    @pytest.mark.parametrize(
        ("multiplier", "billed_wh", "intervals_wh", "match"),
        [
            (1, 1_000_000, 1_001_900, True),
            (1, 1_000_000, 1_002_100, False),
            (40, 10_000_000, 10_079_000, True),
        ],
    )
    def test_within_two_kilowatt_hours_times_the_multiplier(
        self, multiplier: int, billed_wh: int, intervals_wh: int, match: bool
    ) -> None:
        agrees = register_agrees(
            intervals_wh, billed_wh, multiplier=multiplier, tolerance_wh=2000, tolerance_percent=0
        )
        assert agrees == match


def test_figures_beyond_all_meters_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(InvariantBroken, match="no meter moves more than"):
        validate_day(block(HOME), History.none(1), terms(), facts(1, register_wh=2**41))
    with pytest.raises(InvariantBroken, match="facts and history are of these meters"):
        validate_day(block(HOME), history(HOME, HOME), terms())


def test_a_source_or_a_neighbor_that_there_is_not_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(InvariantBroken, match="from the head end, a person or a customer"):
        validate_day(block(HOME), History.none(1), terms(), facts(1, source=3))
    with pytest.raises(IndexError):
        validate_day(block(HOME), History.none(1), terms(), facts(1, neighbor=5))
    with pytest.raises(InvariantBroken, match="a block is a matrix of int32"):
        block([])


def test_no_meters_have_no_findings() -> None:
    day = DayBlock(PLAIN_DAY, "America/Chicago", 900, [], np.zeros((0, 96), np.int32))
    assert validate_day(day, History.none(0), terms()).counts()["gap"] == 0


def test_values_are_never_changed() -> None:
    day = block(HOME, [MISSING_VALUE] * 96)
    before = day.value.copy()
    validate_day(day, history(HOME, HOME), terms())
    assert np.array_equal(day.value, before)
