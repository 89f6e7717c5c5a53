"""Every way in which pages, provisions, readings and what values say of them can be wrong.

A case is a folder of tests/data/broken_pages: one file that replaces one of the sound book with
pages, and ``says.txt`` with the whole sentence a rate analyst reads. The cases of a book without
pages are in ``test_broken_files``.
"""

from __future__ import annotations

import re
import shutil
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from meterledger.rulebook.loading import TariffFileBroken, load_book, read_book

DATA = Path(__file__).parents[2] / "data"
SOUND = DATA / "book_with_pages"
BROKEN = DATA / "broken_pages"
CASES = sorted(folder.name for folder in BROKEN.iterdir())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the sound book with pages, to be changed."""
    return Path(shutil.copytree(SOUND, tmp_path / "book"))


def test_there_are_cases() -> None:
    assert len(CASES) >= 75


@pytest.mark.parametrize("case", CASES)
def test_a_case_changes_one_file_of_the_sound_book(case: str) -> None:
    files = [path for path in (BROKEN / case).rglob("*") if path.is_file()]
    names = {path.relative_to(BROKEN / case).as_posix() for path in files} - {"says.txt"}

    assert len(files) == 2
    (name,) = names
    assert (SOUND / name).read_bytes() != (BROKEN / case / name).read_bytes()


@pytest.mark.parametrize("case", CASES)
def test_a_broken_file_is_refused_in_these_words(case: str, folder: Path) -> None:
    shutil.copytree(BROKEN / case, folder, dirs_exist_ok=True)

    with pytest.raises(TariffFileBroken) as refused:
        load_book(folder)

    says = (BROKEN / case / "says.txt").read_text(encoding="utf-8").strip()
    assert str(refused.value) == says
    assert re.match(r"[a-z_/]+\.yaml, line \d+: [^ ]", says), "file and line come first"
    assert refused.value.do, "a refusal says what to do"


class TestTheSoundBookWithPages:
    def test_loads_and_holds_what_its_files_say(self) -> None:
        book, problems = read_book(SOUND)

        assert problems == []
        assert book is not None
        view = book.as_known(date.max)
        assert sorted(view.pages.blocks) == ["7-0", "7-1", "S-1"]
        assert [one.id for one in view.provisions()] == [
            "statute.cap",
            "visit.escort",
            "visit.fee",
            "visit.notice",
        ]
        assert len(view.readings()) == 5
        assert len(view.names()) == 8

    def test_keeps_each_kind_of_value_exactly(self) -> None:
        view = load_book(SOUND).as_known(date.max)

        day = date(2018, 6, 1)
        assert view.number("visit_share").on(day).value == Fraction(1, 6)
        assert view.of_kind("visit_by_two", "flag").on(date(2017, 12, 31)).value is True
        assert view.of_kind("visit_notice_by", "list").on(day).value == ("letter", "telephone")
        assert view.of_kind("visit_notice_since", "day").on(day).value == date(2018, 3, 1)

    def test_may_cite_the_ordinal_that_the_sheet_prints(self, folder: Path) -> None:
        path = folder / "chapter_one" / "visit_notice_days.yaml"
        path.write_text(path.read_text().replace('revision: "1"', 'revision: "1st"'))

        assert load_book(folder)

    def test_names_the_first_problem_of_each_broken_file(self, folder: Path) -> None:
        for case in ("page_has_an_unknown_key", "reading_has_an_option_twice", "flag_is_a_yes"):
            shutil.copytree(BROKEN / case, folder, dirs_exist_ok=True)

        _, problems = read_book(folder)

        assert [problem.where.partition(",")[0] for problem in problems] == [
            "blocks.yaml",
            "chapter_one/visit_by_two.yaml",
            "readings/c_visit_counting.yaml",
        ]

    def test_names_every_reference_that_leads_nowhere(self, folder: Path) -> None:
        for case in ("value_names_an_unknown_gap", "reading_concerns_an_unknown_provision"):
            shutil.copytree(BROKEN / case, folder, dirs_exist_ok=True)

        _, problems = read_book(folder)

        assert [problem.where for problem in problems] == [
            "chapter_one/visit_fee_usd.yaml, line 21",
            "readings/c_visit_gap.yaml, line 1",
        ]
