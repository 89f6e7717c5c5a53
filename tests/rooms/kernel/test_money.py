"""Money as whole cents, and the texts that are not money."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.kernel.money import (
    CENTS_MAX,
    NotMoney,
    amount_from_text,
    cents_from_text,
    micro_usd_text,
    usd_display,
    usd_text,
    whole_from_decimal_text,
    whole_from_text,
)

POISON = [
    "",
    " ",
    ".",
    "-",
    "NaN",
    "nan",
    "sNaN",
    "inf",
    "Infinity",
    "-Infinity",
    "1e400",
    "1E2",
    "1_000",
    "1,000.00",
    "$5",
    "5 USD",
    " 1",
    "1 ",
    "1\n",
    "\t1",
    "1.",
    ".5",
    "+1",
    "--1",
    "-.5",
    "- 1",
    "1.234",
    "1.2.3",
    "1.-5",
    "0x10",
    "٣.٥٠",  # Arabic-Indic digits are digits, and not ours
    "１２",  # full width
    "²",
    "1\u00a0000",
    "−1",  # a minus sign that is not a hyphen
    "1" * 13,
    "9" * 10_000,
    "0." + "0" * 10_000,
    "true",
    "None",
]


class TestReadingCents:
    @pytest.mark.parametrize(
        ("text", "cents"),
        [
            ("165.19", 16519),
            ("165.1", 16510),
            ("165", 16500),
            ("0", 0),
            ("0.00", 0),
            ("0.01", 1),
            ("-0.01", -1),
            ("-1", -100),
            ("007.50", 750),
            ("999999999999.99", 99999999999999),
        ],
    )
    def test_takes_dollars_and_cents(self, text: str, cents: int) -> None:
        assert cents_from_text(text, where="--amount") == cents

    @pytest.mark.parametrize("text", ["-0", "-0.00", "-000.0"])
    def test_a_zero_has_no_sign(self, text: str) -> None:
        with pytest.raises(NotMoney, match=f"--amount: '{text}' is not an amount of dollars"):
            cents_from_text(text, where="--amount")

    @pytest.mark.parametrize("text", POISON, ids=lambda text: ascii(text[:12]))
    def test_refuses_every_other_text(self, text: str) -> None:
        with pytest.raises(NotMoney) as refused:
            cents_from_text(text, where="--amount")

        sentence = str(refused.value)
        assert sentence.startswith("--amount: '")
        assert "is not an amount of dollars" in sentence
        assert sentence.endswith("Write dollars and cents like 165.19, digits and one point only.")
        assert len(sentence) < 200, "ten thousand digits are not repeated"
        assert "\n" not in sentence

    @given(st.integers(-(10**14) + 1, 10**14 - 1))
    def test_reads_what_it_writes(self, cents: int) -> None:
        assert cents_from_text(usd_text(cents), where="") == cents

    @given(st.text(max_size=12))
    def test_never_guesses(self, text: str) -> None:
        try:
            cents = cents_from_text(text, where="")
        except NotMoney:
            return
        assert Decimal(text) * 100 == cents
        assert text.isascii()
        assert text == text.strip()


class TestAnAmountThatIsPaid:
    @pytest.mark.parametrize(("text", "cents"), [("0.01", 1), ("100000000000.00", CENTS_MAX)])
    def test_is_above_zero_and_can_be_kept(self, text: str, cents: int) -> None:
        assert amount_from_text(text, where="--usd") == cents

    @pytest.mark.parametrize("text", ["0.00", "-0.01", "100000000000.01", "999999999999.99"])
    def test_is_refused_beyond(self, text: str) -> None:
        with pytest.raises(NotMoney, match=r"Give 0.01 to 100000000000.00, like 165.19"):
            amount_from_text(text, where="--usd")

    def test_may_be_nothing_where_that_says_something(self) -> None:
        assert amount_from_text("0", where="--usd", least=0) == 0
        with pytest.raises(NotMoney, match="is not an amount of zero or more"):
            amount_from_text("-0.01", where="--usd", least=0)


class TestWholeNumbers:
    @pytest.mark.parametrize(("text", "number"), [("0", 0), ("12", 12), ("007", 7), ("-3", -3)])
    def test_are_digits(self, text: str, number: int) -> None:
        assert whole_from_text(text) == number

    @pytest.mark.parametrize(
        "text",
        ["", "-", "-0", "+5", " 5", "5\n", "1_000", "٣", "\uff15", "²", "1e3", "5.0", "9" * 19],
    )
    def test_are_nothing_else(self, text: str) -> None:
        assert whole_from_text(text) is None


class TestWritingMoney:
    @pytest.mark.parametrize(
        ("cents", "text", "display"),
        [
            (0, "0.00", "$0.00"),
            (5, "0.05", "$0.05"),
            (-5, "-0.05", "-$0.05"),
            (-99, "-0.99", "-$0.99"),
            (-100, "-1.00", "-$1.00"),
            (1651900, "16519.00", "$16,519.00"),
            (-1651900, "-16519.00", "-$16,519.00"),
            (10**15, "10000000000000.00", "$10,000,000,000,000.00"),
        ],
    )
    def test_amounts(self, cents: int, text: str, display: str) -> None:
        assert usd_text(cents) == text
        assert usd_display(cents) == display

    @pytest.mark.parametrize(
        ("micro_usd", "text"),
        [
            (156_000, "0.156"),
            (9_000_000, "9.00"),
            (9_280_000, "9.28"),
            (-1_360, "-0.00136"),
            (1, "0.000001"),
            (-1, "-0.000001"),
            (0, "0.00"),
            (100_000, "0.10"),
        ],
    )
    def test_prices_keep_every_digit_and_no_more(self, micro_usd: int, text: str) -> None:
        assert micro_usd_text(micro_usd) == text

    @given(st.integers(-(10**18), 10**18))
    def test_a_price_is_written_exactly(self, micro_usd: int) -> None:
        assert Decimal(micro_usd_text(micro_usd)) * 1_000_000 == micro_usd


class TestWholeNumbersFromDecimals:
    @pytest.mark.parametrize(
        ("text", "decimals", "whole"),
        [
            ("1000", 3, 1_000_000),
            ("812.5", 3, 812_500),
            ("0.001", 3, 1),
            ("-0.001", 3, -1),
            ("0", 3, 0),
            ("1.000", 0, 1),
            ("9" * 30, 3, int("9" * 30 + "000")),
        ],
    )
    def test_are_exact(self, text: str, decimals: int, whole: int) -> None:
        assert whole_from_decimal_text(text, decimals=decimals) == whole

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "-",
            ".",
            "NaN",
            "sNaN123",
            "Infinity",
            "-inf",
            "1e400",
            "1e-400",
            "1e999999999999999999",
            "1_000",
            "1,5",
            "٣",
            "１２",
            "9" * 10_000,
            "0.0001",  # not a whole number of thousandths
            "0x10",
            "one",
        ],
        ids=lambda text: ascii(text[:12]),
    )
    def test_are_refused_when_they_are_not_one_exactly(self, text: str) -> None:
        assert whole_from_decimal_text(text, decimals=3) is None

    @given(st.text(max_size=45))
    def test_never_raise_whatever_the_text(self, text: str) -> None:
        whole = whole_from_decimal_text(text, decimals=3)

        assert whole is None or Fraction(Decimal(text)) * 1000 == whole  # exact, unlike Decimal
