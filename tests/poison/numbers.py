"""Five hundred poison numbers: what stands where a number should, and why it is poison.

Some of them are numbers to a reader that is lenient in one way: ``means`` is that number, and
``forms`` names each leniency. A field says which forms its format really has (leading zeros in a
file of fixed width, a plus in CMEP), so that a test can tell a right number from a poisoned one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

COUNT = 500

PLUS = "plus"
ZEROS = "leading zeros"
EXPONENT = "exponent"
BARE_POINT = "bare point"
BLANKS = "blanks around"
SIGNED_ZERO = "signed zero"
SHARE = "share"
EMPTY = "empty"


@dataclass(frozen=True)
class Poison:
    """A text, why it is poison, and the number that it is to a lenient reader, if any."""

    text: str
    why: str
    means: Fraction | None = None
    forms: frozenset[str] = frozenset()

    @property
    def places(self) -> int:
        """Decimals that are written."""
        return len(self.text.strip().partition(".")[2])


WORDS = """
NaN nan NAN sNaN qNaN -NaN +nan nan0 NaN123 inf Inf INF -inf +inf infinity Infinity -Infinity
+Infinity 1.#INF 1.#QNAN None null NULL nil undefined N/A n/a #N/A #REF! #NUM! true false True
FALSE yes no on off
"""
SIGNS = "- -- + . -. +. .. e E e5 1e 1e+ 1e- E5 -e5 , ; / : * ~ ? _ __"
UNITS = """
abc five dozen 1O0 l00 I2 O 12a a12 1h 10USD USD10 $5 5$ 5c 1k 1M 5L 5f 5d0x 0x10 0X1F 0b101 0o17
017o 1j 5+0j 1^2 1**2 2*3 1+1 =1+1 @SUM(1) sqrt(4) pi 5% %5 50pct 5! #5 5#
"""


def _words() -> Iterator[Poison]:
    for text in WORDS.split():
        yield Poison(text, "a word that some readers take for a number")
    for text in SIGNS.split():
        yield Poison(text, "signs without a number")
    for text in UNITS.split():
        yield Poison(text, "letters, units or arithmetic")
    for text in ("\u00a35", "\u20ac5", "5\u20ac", "\u00bd", "5\u00bd", "\u00b2", "5\u00b2",
                 "\u2460", "\u2167", "\u4e94", "\u5341", "\u221e", "5\u2030", "5\u00b0",
                 "\u0417", "\u041e5", "1\uff12", "\u2082", "\u217b", "\u09f4"):  # fmt: skip
        yield Poison(text, "a sign that is a number to a person or to Unicode only")
    for text in (
        "\u22125", "\u20135", "\u20145", "\ufe635", "\uff0d5", "5-", "(5.00)", "5CR", "CR5", "5 DR",
        "--5", "+-5", "-+5", "++5", "- 5", "+ 5", "5+",
    ):  # fmt: skip
        yield Poison(text, "a sign written in another way")
    for text in (
        "1; DROP TABLE entry", "' OR 1=1 --", "1' OR '1'='1", "<b>5</b>", "<script>5</script>",
        "&#53;", "{{5}}", "${5}", "%35", "5%00", "../5", "\\x35", "\\u0035", "[5]", "{5}", '"5"',
        "'5'", "`5`", "5//", "5/*", "5)", "(5", "5\n6", "5\r\n6", "5\t6", "5|6", "5 6", "5;6",
    ):  # fmt: skip
        yield Poison(text, "a piece of another language")
    for text in ("2025-07-01", "07/01/2025", "1.7.2025", "2025-07", "12:30", "P1D", "2025-W27-1",
                 "2025-07-01T00:00:00Z", "1 July 2025", "12:30:00.5"):  # fmt: skip
        yield Poison(text, "a date or a time where a number stands")


def _separators() -> Iterator[Poison]:
    for text in (
        "1,000", "1,000.50", "1.234.567,89", "1.000,50", "12,50", ",5", "5,", "1,2,3", "1 000",
        "1 000.50", "1_000", "1_000.50", "1__0", "_1", "1_", "1'000", "1\u2019000", "1\u066c000",
        "12\u066b50", "12\u00b750", "12\uff0e50", "12.5.6", "1..5", "12. 50", "12 .50", "1-000",
        "1e1_0", "0_0", "12._50", "12.5_0",
    ):  # fmt: skip
        yield Poison(text, "separators between the digits")


_HIDDEN = {
    "\u00a0": "no-break space", "\u2009": "thin space", "\u202f": "narrow no-break space",
    "\u2007": "figure space", "\u3000": "ideographic space", "\u200b": "zero-width space",
    "\u200c": "zero-width non-joiner", "\u200d": "zero-width joiner", "\u2060": "word joiner",
    "\ufeff": "byte order mark", "\u200e": "left-to-right mark", "\u200f": "right-to-left mark",
    "\u202e": "right-to-left override", "\u202d": "left-to-right override",
    "\u2066": "left-to-right isolate", "\u00ad": "soft hyphen", "\u034f": "grapheme joiner",
    "\ufe0f": "variation selector", "\x00": "null byte", "\x07": "bell", "\x1b": "escape",
    "\x7f": "delete", "\x0b": "vertical tab", "\x0c": "form feed", "\x85": "next line",
    "\u2028": "line separator", "\u2029": "paragraph separator", "\x1f": "unit separator",
    "\ud800": "half a surrogate pair", }  # fmt: skip


def _hidden() -> Iterator[Poison]:
    for sign, name in _HIDDEN.items():
        for text, place in ((f"{sign}12.50", "before"), (f"12.50{sign}", "after"),
                            (f"12{sign}.50", "inside")):  # fmt: skip
            yield Poison(text, f"{name} {place} the digits")


def _lenient() -> Iterator[Poison]:
    """Numbers to who reads leniently."""

    def one(text: str, why: str, means: str | int, *forms: str) -> Poison:
        return Poison(text, why, Fraction(means), frozenset(forms))

    for text in ("+5", "+12.50", "+0", "+0.01", "+1000"):
        yield one(text, "a plus", text[1:], PLUS)
    for text in ("-0", "-0.0", "-0.00", "-0.000"):
        yield one(text, "a zero with a minus", 0, SIGNED_ZERO)
    for text in ("-00", "-000.00"):
        yield one(text, "a zero with a minus", 0, SIGNED_ZERO, ZEROS)
    yield one("0" * 9999 + "5", "ten thousand digits that say five", 5, ZEROS)
    for text in ("007", "00", "000", "00012.50", "0005", "-007", "0" * 50 + "5"):
        yield one(text, "leading zeros: octal to some, an account number to others", text, ZEROS)
    for text in (".5", "-.5", "5.", "12.", "0.", ".05"):
        yield one(text, "a point without digits on both sides", text, BARE_POINT)
    for text in ("1e0", "1e2", "1E2", "1e+2", "5e-1", "1.25e1", "12.50e0", "1e15", "1e18", "1e19",
                 "1E-7", "1e-18", "1e-19", "-1e2", "0e0", "5e00", "1e30", "1e308", "1e400",
                 "1e-400", "1e999", "-1e400"):  # fmt: skip
        yield one(text, "an exponent", text, EXPONENT)
    for text in ("1d2", "1D2", "1D+2"):
        yield one(text, "an exponent as Fortran writes it", 100, EXPONENT)
    yield one("1E9999", "an exponent beyond every float", "1e9999", EXPONENT)
    yield Poison("1e99999999", "an exponent that fills the memory")
    yield Poison("-1e-99999999", "an exponent that fills the memory")
    yield Poison("1e2.5", "an exponent that is no whole number")
    yield one("-0e0", "a zero with a minus", 0, EXPONENT, SIGNED_ZERO)
    for text in (" 5", "5 ", " 12.50 ", "\t5", "5\n", "\r\n5", "5\r"):
        yield one(text, "blanks around it", text.strip(), BLANKS)
    for text in ("", " ", "   ", "\t", "\n", "\u3000"):
        yield Poison(text, "nothing at all", None, frozenset({EMPTY}))
    for text in ("1/3", "2/1", "-1/3", "5/7", "0/5", "1000000/1"):
        yield one(text, "a share of two whole numbers", text, SHARE)
    yield one("-0/5", "a zero with a minus", 0, SHARE, SIGNED_ZERO)
    for text in ("1/0", "1/3/5", "1 / 3", "1/-3", "/3", "1/"):
        yield Poison(text, "no share of two whole numbers")
    for number in (2**31 - 1, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**31), -(2**63),
                   -(2**63) - 1, 10**12, 10**13, 10**13 + 1, 10**15, 10**15 + 1, 10**18, 10**19,
                   10**40, -(10**15), -(10**19), 20250701, 999999999999):  # fmt: skip
        yield one(str(number), "at or beyond an edge of machine numbers and of ours", number)
    for text in ("-5", "-12.50", "-0.01", "-1", "-1000"):
        yield one(text, "below zero", text)
    for text in ("0", "0.00", "0.0", "0.000"):
        yield one(text, "zero where something must be", text)
    for text in (
        "0.005", "0.001", "12.505", "1.999", "0.0000001", "0.1234567890123", "12.500", "100.0",
        "33.333333333333333333", "1.00000000000000000000001", "0.30000000000000004", "0.5", "1.5",
        "99999999999.999", "100000000000.01", "999999999999.99", "9999999999999.99",
    ):  # fmt: skip
        yield one(text, "more decimals, or more digits, than the field has", text)
    for text, words in (
        ("9" * 30, "thirty digits"), ("9" * 300, "three hundred digits"),
        ("1" + "0" * 4299, "as many digits as Python reads"), ("1" + "0" * 4300, "one more"),
        ("9" * 10_000, "ten thousand digits"), ("-" + "9" * 10_000, "ten thousand digits"),
        ("1." + "3" * 10_000, "ten thousand decimals"), ("0." + "0" * 10_000, "zeros without end"),
        ("9" * 10_000 + "." + "9" * 10_000, "ten thousand digits on both sides"),
    ):  # fmt: skip
        yield Poison(text, words, _of_digits(text))
    yield Poison("1e" + "9" * 5000, "an exponent of five thousand digits")
    yield Poison("1/" + "9" * 5000, "a share with five thousand digits")


def _of_digits(text: str) -> Fraction:
    whole, _, part = text.lstrip("-").partition(".")
    number = Fraction(_long(whole)) + Fraction(_long(part or "0"), 10 ** len(part))
    return -number if text[0] == "-" else number


def _long(digits: str) -> int:
    """Python itself reads no more than 4,300 digits."""
    if len(digits) <= 4000:
        return int(digits)
    return _long(digits[:-4000]) * 10**4000 + int(digits[-4000:])


def _scripts() -> Iterator[Poison]:
    """Digits of other alphabets, which Python's ``int`` and ``float`` read."""
    for code in range(0x80, 0x20000):
        sign = chr(code)
        if unicodedata.category(sign) == "Nd" and unicodedata.decimal(sign) == 0:
            name = unicodedata.name(sign).removesuffix(" ZERO")
            digits = [chr(code + digit) for digit in range(10)]
            yield Poison(digits[5], f"{name.lower()} alone")
            yield Poison(f"{digits[1]}{digits[2]}.{digits[5]}{digits[0]}", name.lower())


@lru_cache(maxsize=1)
def poison_numbers() -> tuple[Poison, ...]:
    """All of them, in their order; digits of alphabets fill the list."""
    found: dict[str, Poison] = {}
    for source in (_lenient(), _words(), _separators(), _hidden(), _scripts()):
        for one in source:
            found.setdefault(one.text, one)
    return tuple(found.values())[:COUNT]
