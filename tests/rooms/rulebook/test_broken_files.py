"""Every way in which a file of the book can be wrong is refused with its line and the remedy.

A case is a folder of tests/data/broken_tariffs: files that replace or join those of the sound
book, and ``says.txt`` with the whole sentence a rate analyst reads.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from meterledger.rulebook.loading import TariffFileBroken, load_book, read_book

BROKEN_TARIFFS = Path(__file__).parents[2] / "data" / "broken_tariffs"
CASES = sorted(
    folder.name for folder in BROKEN_TARIFFS.iterdir() if folder.name not in {"sound_book"}
)


def test_there_are_cases() -> None:
    assert len(CASES) >= 70
    assert all((BROKEN_TARIFFS / case / "says.txt").is_file() for case in CASES)


@pytest.mark.parametrize("case", CASES)
def test_a_broken_file_is_refused_in_these_words(case: str, book_folder: Path) -> None:
    shutil.copytree(BROKEN_TARIFFS / case, book_folder, dirs_exist_ok=True)

    with pytest.raises(TariffFileBroken) as refused:
        load_book(book_folder)

    says = (BROKEN_TARIFFS / case / "says.txt").read_text(encoding="utf-8").strip()
    assert str(refused.value) == says
    assert refused.value.do, "a refusal says what to do"


class TestAFolder:
    def test_that_is_sound_loads(self, book_folder: Path) -> None:
        book, problems = read_book(book_folder)

        assert problems == []
        assert book is not None
        assert (book.name, book.time_zone) == ("example_light_power", "America/Chicago")
        assert len(book.parsed) == 9

    def test_with_several_broken_files_names_each_of_them(self, book_folder: Path) -> None:
        for name in ("basis", "price"):
            path = book_folder / "sheet_001" / f"{name}.yaml"
            path.write_text(path.read_text().replace("standing: filed", "standing: read"))

        book, problems = read_book(book_folder)

        assert book is None
        assert [problem.where for problem in problems] == [
            "sheet_001/basis.yaml, line 8",
            "sheet_001/price.yaml, line 8",
        ], "and not that the schedule misses the price whose file is broken"

    def test_with_several_wrong_names_names_each_of_them(self, book_folder: Path) -> None:
        for name in ("hours", "demand_hours"):
            path = book_folder / "sheet_001" / f"{name}.yaml"
            path.write_text(path.read_text().replace("holidays: holidays", "holidays: feasts"))

        _, problems = read_book(book_folder)

        assert [problem.what for problem in problems] == [
            "'demand_hours' uses 'feasts' as holidays, which is in no file",
            "'hours' uses 'feasts' as holidays, which is in no file",
        ]

    def test_without_a_book_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(TariffFileBroken) as refused:
            load_book(tmp_path)

        assert str(refused.value) == (
            f"There is no tariff book in {tmp_path}. A book has a utility.yaml with its name and "
            "time zone. Name a folder of tariffs/, or set METERLEDGER_TARIFFS to one."
        )

    def test_with_a_file_that_cannot_be_read_is_refused(self, book_folder: Path) -> None:
        (book_folder / "sheet_001" / "folder.yaml").mkdir()

        with pytest.raises(TariffFileBroken, match=r"folder.yaml, line 1: The file cannot be read"):
            load_book(book_folder)

    def test_with_a_file_beyond_all_reason_is_refused(self, book_folder: Path) -> None:
        (book_folder / "sheet_001" / "price.yaml").write_bytes(b"#" * 1_000_001)

        with pytest.raises(TariffFileBroken, match="The file has 1000001 bytes"):
            load_book(book_folder)

    @pytest.mark.parametrize("name", ["America", "../etc/passwd", "zonenow.tab", "Nowhere/Here"])
    def test_of_a_time_zone_that_is_none_is_refused(self, name: str, book_folder: Path) -> None:
        path = book_folder / "utility.yaml"
        path.write_text(path.read_text().replace("America/Chicago", name))

        with pytest.raises(TariffFileBroken, match="line 3: There is no time zone"):
            load_book(book_folder)

    def test_may_hold_stories_and_pages_beside_the_values(self, book_folder: Path) -> None:
        (book_folder / "sheet_001" / "README.md").write_text("# Sheet 1\n")
        (book_folder / "sheet_001" / "scenarios").mkdir()
        (book_folder / "sheet_001" / "scenarios" / "any.yaml").write_text("- story: one\n")

        assert len(load_book(book_folder).parsed) == 9
