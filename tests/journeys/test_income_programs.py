"""Impact by income programme: who counts where, totals that tie, files that cannot be."""

from __future__ import annotations

import csv
from datetime import date
from io import StringIO
from typing import Any

import numpy as np
import pytest

from meterledger.entrypoints.impact_report import (
    NOT_TOLD,
    RULE,
    accounts_csv,
    impact_answer,
    impact_page,
    impact_words,
)
from meterledger.entrypoints.report_page import bars
from meterledger.facts.impact import Impact
from meterledger.facts.income_programs import ParticipantFile, TakesPart
from meterledger.kernel.span import DaySpan, Validity
from meterledger.usecases.impact_tables import by_programme, for_part_of_the_time, whole
from meterledger.usecases.income_programs import (
    ParticipantsRefused,
    check_participants,
    income_programs,
    with_programs,
)

COOLING, ELECTRIC = "Keeping Current cooling", "Keeping Current electric heating"
OTHER = "Keeping Current non-electric heating"
YEAR = DaySpan(date(2025, 1, 1), date(2026, 1, 1))
NAMES = ("1000000018", "1000000026", "1000000034", "1000000042")


def impact(*served: DaySpan) -> Impact:
    """Accounts with bills of the days, each a dollar more than the one before it."""
    count = len(served)
    cents = (np.arange(count, dtype=np.int64) + 1) * 100
    return Impact(
        since=YEAR.from_day,
        until=YEAR.until_day,
        accounts=NAMES[:count],
        schedules=("1M-anytime",) * count,
        places=("none",) * count,
        bills=np.full(count, 12, dtype=np.int64),
        energy_wh=cents * 1000,
        issued_cents=cents,
        before_cents=cents,
        after_cents=cents + 10 * cents // 100,
        not_reproduced=0,
        first_change=date(2025, 6, 1),
        sums_kept=0,
        sums_made=0,
        from_intervals=0,
        one_by_one=0,
        first_days=np.array([one.from_day.toordinal() for one in served], dtype=np.int64),
        until_days=np.array([one.until_day.toordinal() for one in served], dtype=np.int64),
    )


def file(*told: tuple[str, str, date, date | None]) -> ParticipantFile:
    return ParticipantFile(
        "p.csv",
        tuple(
            TakesPart(account, program, Validity(first, until), line)
            for line, (account, program, first, until) in enumerate(told, start=2)
        ),
    )


def counted(*told: tuple[str, str, date, date | None], served: DaySpan = YEAR) -> tuple[str, int]:
    """In which programme the first account counts, and the days in it."""
    found = with_programs(impact(served), file(*told))
    assert found.programs is not None
    assert found.program_days is not None
    return found.programs[0], int(found.program_days[0])


class TestAnAccountCountsOnce:
    def test_where_it_was_all_the_time(self) -> None:
        assert counted((NAMES[0], COOLING, date(2020, 1, 1), None)) == (COOLING, 365)

    def test_where_it_was_for_one_day(self) -> None:
        one = (NAMES[0], COOLING, date(2025, 12, 31), date(2026, 1, 1))
        assert counted(one) == (COOLING, 1)

    @pytest.mark.parametrize(
        "days",
        [(date(2024, 6, 1), date(2025, 1, 1)), (date(2026, 1, 1), None)],
        ids=["until the first day of its bills", "from the day after them"],
    )
    def test_as_none_where_it_was_in_none_on_the_days_of_its_bills(self, days: Any) -> None:
        assert counted((NAMES[0], COOLING, *days)) == ("none", 0)

    def test_by_the_days_of_its_own_bills(self) -> None:
        moved_out = DaySpan(date(2025, 1, 1), date(2025, 3, 1))
        told = (
            (NAMES[0], ELECTRIC, date(2025, 1, 1), date(2025, 2, 1)),
            (NAMES[0], COOLING, date(2025, 2, 1), date(2025, 9, 1)),
        )
        assert counted(*told) == (COOLING, 212)
        assert counted(*told, served=moved_out) == (ELECTRIC, 31)

    def test_where_it_was_longest_in_all_its_times_together(self) -> None:
        told = (
            (NAMES[0], ELECTRIC, date(2025, 1, 1), date(2025, 3, 1)),  # 59 days
            (NAMES[0], COOLING, date(2025, 6, 1), date(2025, 9, 1)),  # 92 days
            (NAMES[0], ELECTRIC, date(2025, 11, 1), date(2025, 12, 5)),  # 34 days: 93 together
        )
        assert counted(*told) == (ELECTRIC, 93)
        assert counted(*told[:2]) == (COOLING, 92)

    def test_where_it_was_last_of_two_alike(self) -> None:
        first = (NAMES[0], ELECTRIC, date(2025, 5, 1), date(2025, 6, 1))
        second = (NAMES[0], COOLING, date(2025, 7, 1), date(2025, 8, 1))
        assert counted(first, second) == counted(second, first) == (COOLING, 31)
        again = (NAMES[0], ELECTRIC, date(2025, 9, 1), date(2025, 9, 1 + 1))
        shorter = (NAMES[0], ELECTRIC, date(2025, 5, 1), date(2025, 5, 31))
        assert counted(shorter, second, again) == (ELECTRIC, 31)


@pytest.fixture
def told() -> Impact:
    found = impact(YEAR, YEAR, YEAR, YEAR)
    return with_programs(
        found,
        file(
            (NAMES[0], COOLING, date(2025, 6, 1), date(2025, 9, 1)),
            (NAMES[1], COOLING, date(2019, 1, 1), None),
            (NAMES[3], ELECTRIC, date(2025, 1, 1), date(2026, 1, 1)),
        ),
    )


class TestTheReport:
    def test_sums_to_what_was_billed(self, told: Impact) -> None:
        table = {one.name: one for one in by_programme(told)}

        assert {name: one.accounts for name, one in table.items()} == {
            COOLING: 2,
            ELECTRIC: 1,
            "none": 1,
        }
        assert (table[COOLING].issued_cents, table[COOLING].change_cents) == (300, 30)
        assert sum(one.issued_cents for one in table.values()) == told.billed_cents == 1000
        assert sum(one.change_cents for one in table.values()) == whole(told).change_cents
        assert for_part_of_the_time(told) == {COOLING: 1, ELECTRIC: 0, "none": 0}

    def test_shows_it_in_answer_page_words_and_table(self, told: Impact) -> None:
        answer = impact_answer(told, proposal="p.yaml")

        groups = {one["name"]: one for one in answer["by_programme"]}
        assert (groups[COOLING]["part_of_the_time"], groups["none"]["part_of_the_time"]) == (1, 0)
        assert answer["programmes"] == RULE
        page = impact_page(told, answer)
        assert "By income programme: change in dollars" in page
        assert f"For part of the time: 1 of {COOLING}." in page
        words = impact_words(told, answer)
        assert "By income programme:\n" in words
        assert f"  {ELECTRIC:<32} {1:>9} account " in words
        assert "not known" not in words
        rows = {one["account"]: one for one in csv.DictReader(StringIO(accounts_csv(told)))}
        assert [(one["programme"], one["programme_days"]) for one in rows.values()] == [
            (COOLING, "92"),
            (COOLING, "365"),
            ("none", "0"),
            (ELECTRIC, "365"),
        ]

    def test_leaves_room_for_the_name_of_a_programme(self) -> None:
        """As wide as the letters need; short names leave the bars where they were."""
        short, long = bars("h", [("none", 1, "1")]), bars("h", [(OTHER, 1, "1")])
        assert '<text x="212" y="17" text-anchor="end">none<' in short
        assert f'<text x="{len(OTHER) * 7 + 8}" y="17" text-anchor="end">{OTHER}<' in long

    def test_says_that_it_is_not_known_and_how_to_say_it(self) -> None:
        found = impact(YEAR)
        answer = impact_answer(found, proposal="p.yaml")

        assert [one["name"] for one in answer["by_programme"]] == ["not known"]
        assert answer["programmes"] == NOT_TOLD
        assert "Name them with --participants FILE.csv." in impact_words(found, answer)
        assert "Name them with --participants FILE.csv." in impact_page(found, answer)
        assert "not known,not known,12" in accounts_csv(found)


class TestAFileThatCannotBe:
    @pytest.fixture
    def check(self, town: Any) -> Any:
        town.start(1)
        town.start(2)
        self.first, self.second = town.account_id(1), town.account_id(2)

        def made(*told: Any, days: DaySpan = YEAR, view: Any = town.view) -> None:
            check_participants(file(*told), days=days, view=view, store=town.store)

        return made

    def refused(self, check: Any, *told: Any, **how: Any) -> str:
        with pytest.raises(ParticipantsRefused) as caught:
            check(*told, **how)
        return str(caught.value)

    def test_names_of_the_book_are_taken(self, check: Any, town: Any) -> None:
        assert income_programs(town.view, YEAR) == (ELECTRIC, OTHER, COOLING)
        check(
            (self.first, ELECTRIC, date(2025, 1, 1), date(2025, 6, 1)),
            (self.first, COOLING, date(2025, 6, 1), None),  # the day on which the other ends
            (self.second, OTHER, date(2025, 1, 1), None),
        )

    @pytest.mark.parametrize("name", ["Rehousing", "keeping current cooling", "cooling"])
    def test_of_a_programme_that_the_book_does_not_have(self, check: Any, name: str) -> None:
        told = self.refused(check, (self.first, name, date(2025, 1, 1), None))
        assert told.startswith(
            f"p.csv, line 2: '{name}' is no income programme of the book from 2025-01-01 to "
            f"2025-12-31. It has '{ELECTRIC}', '{OTHER}', '{COOLING}', written like this."
        )
        assert told.endswith("Nothing was counted. Correct the file and run again.")

    def test_of_days_before_the_book_has_any(self, check: Any) -> None:
        before = DaySpan(date(2016, 1, 1), date(2017, 4, 1))
        on_it = DaySpan(date(2016, 1, 1), date(2017, 4, 2))
        told = self.refused(check, (self.first, COOLING, date(2016, 1, 1), None), days=before)
        assert "It has none." in told
        check((self.first, COOLING, date(2016, 1, 1), None), days=on_it)

    def test_of_an_account_that_is_not_ours(self, check: Any) -> None:
        told = self.refused(
            check,
            (self.first, COOLING, date(2025, 1, 1), None),
            ("1999999999", COOLING, date(2025, 1, 1), None),
        )
        assert told.startswith("p.csv, line 3: There is no account 1999999999. Nothing was counted")

    @pytest.mark.parametrize("other", [COOLING, ELECTRIC])
    def test_of_an_account_that_is_twice_in_one_on_a_day(self, check: Any, other: str) -> None:
        told = self.refused(
            check,
            (self.first, other, date(2025, 5, 31), None),
            (self.first, COOLING, date(2025, 1, 1), date(2025, 6, 1)),
        )
        assert told.startswith(
            f"p.csv, line 3: Account {self.first} is in {COOLING} from 2025-01-01 until "
            f"2025-06-01, and by line 2 in {other} from 2025-05-31 until further notice. An "
            "account takes part in one category at a time."
        )

    def test_days_that_touch_are_no_overlap(self, check: Any) -> None:
        check(
            (self.first, COOLING, date(2025, 6, 1), None),
            (self.first, COOLING, date(2025, 1, 1), date(2025, 6, 1)),
        )
