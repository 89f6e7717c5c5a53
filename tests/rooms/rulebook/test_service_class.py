"""Which class of service a schedule is of: the book says it with a clause, or it is silent."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from meterledger.kernel.standing import Standing
from meterledger.rulebook.book import BookView, NoSuchValue
from meterledger.rulebook.errors import TariffFileBroken
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.rulebook.series import NoRuleInForce

OPTIONS = ("1M-anytime", "1M-evening-morning", "1M-overnight", "1M-smart", "1M-ultimate")


class TestTheFirstBook:
    @pytest.mark.parametrize("code", OPTIONS)
    def test_says_that_every_option_of_1m_is_residential(self, view: BookView, code: str) -> None:
        found = view.service_class(code, date(2026, 1, 5))

        assert found.value == "residential"
        assert found.standing is Standing.SECOND_HAND
        assert found.citation.text.startswith("Sheet 54")

    def test_is_silent_before_the_options_existed(self, view: BookView) -> None:
        assert view.service_class("1M-smart", date(2023, 7, 9)).value == "residential"
        with pytest.raises(NoRuleInForce, match="does not say of which class of service '1M-sma"):
            view.service_class("1M-smart", date(2023, 7, 8))

    def test_knew_of_no_class_before_one_was_entered(self) -> None:
        before = load_book(default_book_folder()).as_known(date(2026, 11, 28))

        with pytest.raises(NoRuleInForce, match="as the book was known on 2026-11-28"):
            before.service_class("1M-anytime", date(2026, 1, 5))

    def test_names_the_schedules_there_are(self, view: BookView) -> None:
        with pytest.raises(NoSuchValue, match="There is no schedule '9Z'"):
            view.service_class("9Z", date(2026, 1, 5))


def _write(folder: Path, name: str, word: str, codes: str) -> None:
    (folder / "sheet_001" / f"{name}.yaml").write_text(
        'kind: service_class\nmeaning: "A class."\nunit: "schedules"\nvalues:\n'
        "  - effective_from: 2026-01-01\n    effective_until: null\n"
        f"    value: {{class: {word}, schedules: {codes}}}\n"
        "    standing: assumed\n    learned_on: 2026-01-01\n"
        '    cite: {instrument: "E.L.P. Schedule 1", sheet: "Sheet 1", revision: null, '
        'paragraph: "A", effective: 2026-01-01, order: null}\n'
        "last_checked_on: 2030-01-01\n",
        encoding="utf-8",
    )


class TestAFile:
    @pytest.mark.parametrize(
        ("word", "codes", "says"),
        [
            ("industrial", "[plain]", "'industrial' is not a class of service"),
            ("lighting", "[plain, plain]", "A schedule stands twice"),
            ("lighting", "[nowhere]", "uses 'nowhere' as schedule, which is in no file"),
        ],
    )
    def test_refuses_what_cannot_be(
        self, book_folder: Path, word: str, codes: str, says: str
    ) -> None:
        _write(book_folder, "one_class", word, codes.replace("plain", _a_schedule(book_folder)))

        with pytest.raises(TariffFileBroken, match=says):
            load_book(book_folder)

    def test_refuses_one_schedule_in_two_classes(self, book_folder: Path) -> None:
        code = _a_schedule(book_folder)
        _write(book_folder, "one_class", "residential", f"[{code}]")
        _write(book_folder, "other_class", "small_general", f"[{code}]")

        with pytest.raises(TariffFileBroken, match="on the same days"):
            load_book(book_folder)


def _a_schedule(folder: Path) -> str:
    for path in sorted(folder.rglob("*.yaml")):
        if path.read_text(encoding="utf-8").startswith("kind: schedule"):
            return path.stem
    raise AssertionError("the sound book has a schedule")
