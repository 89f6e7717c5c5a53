"""Values that look like numbers and are none: refused, in a sentence a person can read."""

from __future__ import annotations

from pathlib import Path

import pytest

from meterledger.rulebook.loading import TariffFileBroken, load_book

DIGITS = "9" * 10_000


def refused(book_folder: Path, name: str, old: str, new: str) -> TariffFileBroken:
    path = book_folder / "sheet_001" / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(TariffFileBroken) as refusal:
        load_book(book_folder)
    return refusal.value


class TestAPrice:
    @pytest.mark.parametrize(
        "value",
        ["1e400", "1E5", "NaN", "Infinity", "١٢", "１２", "+1", "-", "", " 1", "1 ", "1.", ".5",
         "1_000", "1,000", "0x10", "1/3", "12:30", "--1", "1.2.3", "0." + "0" * 30],
    )  # fmt: skip
    def test_that_no_sheet_would_print_is_refused(self, value: str, book_folder: Path) -> None:
        refusal = refused(book_folder, "price", '"0.1234"', f'"{value}"')

        assert refusal.what == f"'{value}' is not a number as a sheet prints it"
        assert refusal.where == "sheet_001/price.yaml, line 7"

    @pytest.mark.parametrize(
        ("value", "what"),
        [
            ("true", "A yes or no stands as 'value'"),
            ("yes", "A yes or no stands as 'value'"),
            ("2025-06-01", "A day stands as 'value'"),
            ("12:30:00", "'12:30:00' is not a whole number as a person writes it"),
            ("0x10", "'0x10' is not a whole number as a person writes it"),
            ("1_000", "'1_000' is not a whole number as a person writes it"),
            (".nan", ".nan is a float"),
            (".inf", ".inf is a float"),
            ('!!float "1"', "1 is a float"),
        ],
    )
    def test_that_yaml_would_bend_is_refused(
        self, value: str, what: str, book_folder: Path
    ) -> None:
        assert refused(book_folder, "price", '"0.1234"', value).what.startswith(what)

    @pytest.mark.parametrize("value", [DIGITS, f'"{DIGITS}"', f'"0.{DIGITS}"', f"1.{DIGITS}"])
    def test_of_ten_thousand_digits_is_refused_in_a_readable_sentence(
        self, value: str, book_folder: Path
    ) -> None:
        refusal = refused(book_folder, "price", '"0.1234"', value)

        assert refusal.where == "sheet_001/price.yaml, line 7"
        assert " … " in refusal.what
        assert len(str(refusal)) < 700


class TestAText:
    @pytest.mark.parametrize(
        ("value", "what"),
        [
            ("true", "A yes or no"),
            ("7", "A whole number"),
            ("2025-06-01", "A day"),
            ("[a]", "A list"),
            ("{a: b}", "A mapping (key: value)"),
            ("null", "Nothing"),
        ],
    )
    def test_that_is_something_else_is_refused(
        self, value: str, what: str, book_folder: Path
    ) -> None:
        refusal = refused(book_folder, "basis", '"by days"', value)

        assert refusal.what == f"{what} stands as 'value', where text is expected"
