"""A numeric field that is asked: what a right number is there, and how a text is put into it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from tests.poison.numbers import (
    BARE_POINT,
    BLANKS,
    EXPONENT,
    PLUS,
    SHARE,
    ZEROS,
    Poison,
)

MEASURED = frozenset({PLUS, ZEROS, EXPONENT, BARE_POINT, BLANKS})
"""Forms in which meters and head-ends write exact numbers."""

TYPED = frozenset({ZEROS})
"""Forms in which people do."""

WIDE = frozenset({ZEROS, BLANKS})
"""Forms of a file of fixed width."""

SHARES = frozenset({ZEROS, SHARE})


@dataclass(frozen=True)
class Refused:
    """The field was refused, in this sentence."""

    sentence: str


@dataclass(frozen=True)
class NumericField:
    """One numeric field.

    ``ask``      puts a text into a file, form or command that is right but for it: what was read,
                 or Refused
    ``low``, ``high``  between which a number is right there; ``places`` the most decimals
    ``also``     texts that say something else there, rightly: nothing, or that a value is missing
    """

    name: str
    ask: Callable[[str], object]
    low: Fraction | int = 0
    high: Fraction | int = 10**12
    places: int = 0
    forms: frozenset[str] = TYPED
    also: frozenset[str] = frozenset()
    digits: int = 10_000

    def is_right(self, poison: Poison) -> bool:
        """Whether the text is in truth a right number of this field."""
        if poison.text in self.also:
            return True
        if poison.means is None or not poison.forms <= self.forms:
            return False
        written = poison.text.strip()
        whole_places = (poison.means * 10**self.places).denominator == 1
        fits = EXPONENT in poison.forms or poison.places <= self.places
        return (
            self.low <= poison.means <= self.high
            and (SHARE in poison.forms or (whole_places and fits))
            and len(written) <= self.digits
        )


def plain(poison: Poison) -> str:
    """The number of a poison as everybody writes it, to compare what was read."""
    if poison.means is None:
        return poison.text
    if SHARE in poison.forms:
        return f"{poison.means.numerator}/{poison.means.denominator}"
    sign = "-" if poison.means < 0 else ""
    number = abs(poison.means)
    for places in range(60):
        scaled = number * 10**places
        if scaled.denominator == 1:
            digits = str(scaled.numerator).rjust(places + 1, "0")
            return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"
    return poison.text


def complaint(field: NumericField, poison: Poison) -> str:
    """What is wrong with how the field took the poison; nothing if all is well."""
    answer = field.ask(poison.text)
    if field.is_right(poison):
        if poison.text in field.also:
            return ""
        expected = field.ask(plain(poison))
        if isinstance(answer, Refused) and (poison.forms or isinstance(expected, Refused)):
            return _bad_sentence(answer.sentence)  # a field may be stricter than its format
        return (
            ""
            if answer == expected
            else f"read as {answer!r:.200}, and {plain(poison)} as {expected!r:.200}"
        )
    if not isinstance(answer, Refused):
        return f"taken as {answer!r:.200}"
    return _bad_sentence(answer.sentence)


def _bad_sentence(sentence: str) -> str:
    if len(sentence) > 700:
        return f"a sentence of {len(sentence)} letters"
    if not sentence.isprintable():
        return f"a sentence on more than one line, or with hidden signs: {sentence!a}"
    if len(sentence.split()) < 5 or "Traceback" in sentence or "Error:" in sentence:
        return f"no sentence: {sentence}"
    return ""
