"""How days, energy, quantities and prices are written for a person, on pages and paper alike."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from typing import Any

from meterledger.kernel.money import usd_display
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.kernel.span import DaySpan, Validity
from meterledger.kernel.written_days import MONTH_NAMES
from meterledger.kernel.written_days import day_words as day_words

_DAY_IN_A_WORD = re.compile(r"(\d{4})_(\d\d)_(\d\d)")
_DAY_IN_A_SENTENCE = re.compile(r"(?<![\w:.-])\d{4}-\d\d-\d\d(?![\w-]|[.:]\w)", re.ASCII)


def dated(sentence: str) -> str:
    """A sentence with its days in words. A day inside a name, like ``A-7:2026-08-05``, stays."""
    return _DAY_IN_A_SENTENCE.sub(_in_words, sentence)


def _in_words(found: re.Match[str]) -> str:
    try:
        return day_words(date.fromisoformat(found[0]))
    except ValueError:
        return found[0]


_OPTIONS = re.compile(r" \(`--[^`]*`\)")


def without_options(sentence: str) -> str:
    """A sentence for a page, where a field stands for each option of a command."""
    return _OPTIONS.sub("", sentence)


def short_day_words(day: date) -> str:
    """``Jul 1``."""
    return f"{MONTH_NAMES[day.month - 1][:3]} {day.day}"


def table_day_words(day: date) -> str:
    """``Jul 1, 2025``: for columns."""
    return f"{short_day_words(day)}, {day.year}"


def span_words(days: DaySpan) -> str:
    """First and last day: ``July 1 to July 31, 2025``. The day out is not shown to readers."""
    first, last = days.from_day, days.last_day
    if first == last:
        return day_words(first)
    if first.year == last.year:
        return f"{MONTH_NAMES[first.month - 1]} {first.day} to {day_words(last)}"
    return f"{day_words(first)} to {day_words(last)}"


def short_span_words(days: DaySpan) -> str:
    """``Jul 1 to Jul 31``."""
    if days.day_count == 1:
        return short_day_words(days.from_day)
    return f"{short_day_words(days.from_day)} to {short_day_words(days.last_day)}"


def day_count_words(days: DaySpan) -> str:
    """``1 day``, ``30 days``."""
    return "1 day" if days.day_count == 1 else f"{days.day_count} days"


def validity_words(days: Validity) -> str:
    """``June 1, 2025, until further notice``, or first and last day."""
    if days.until_day is None:
        return f"{day_words(days.from_day)}, until further notice"
    return span_words(DaySpan(days.from_day, days.until_day))


def kwh_words(energy_wh: int, decimals: int = 1) -> str:
    """``839.1``: kilowatt-hours rounded half up, thousands separated. For reading, not billing."""
    scale = 10**decimals
    units = to_whole_half_up(Fraction(energy_wh * scale, 1000))
    if decimals == 0:
        return f"{units:,}"
    return f"{units // scale:,}.{units % scale:0{decimals}d}"


def number_words(text: str) -> str:
    """``1268.36`` as ``1,268.36``; fractions and anything else as they are."""
    whole, point, decimals = text.partition(".")
    digits = whole.removeprefix("-")
    if not digits.isdigit():
        return text
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{int(digits):,}{point}{decimals}"


def dollars(text: str) -> str:
    """``-12.30`` as ``-$12.30``: an amount or price of a record, as a person writes it."""
    sign = "-" if text.startswith("-") else ""
    return f"{sign}${number_words(text.removeprefix('-'))}"


def percent_words(share: str) -> str:
    """``0.09`` as ``9%``; exact, without trailing zeros."""
    hundredths = Fraction(share) * 100
    return f"{exact_decimal(hundredths)}%"


def exact_decimal(number: Fraction) -> str:
    """An exact number as a decimal where it has one of at most twelve places, else a fraction."""
    scaled = number * 10**12
    if scaled.denominator != 1:
        return f"{number.numerator}/{number.denominator}"
    sign = "-" if number < 0 else ""
    whole, part = divmod(abs(int(scaled)), 10**12)
    decimals = f"{part:012d}".rstrip("0")
    return f"{sign}{whole:,}" + (f".{decimals}" if decimals else "")


def list_words(items: list[str]) -> str:
    """``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def initials(name: str) -> str:
    """``Ana Rivera`` as ``A. R.``: enough to recognize, not to learn."""
    return " ".join(f"{part[0].upper()}." for part in name.split()[:3] if part)


def worked_words(arithmetic: str) -> str:
    """``4528 kWh x $-0.00042`` as ``4528 kWh x -$0.00042``: the sign before its dollar sign."""
    return arithmetic.replace("$-", "-$")


def place_words(place: str) -> str:
    """``university_city`` as ``University City``; ``none`` says that nobody taxes there."""
    return "No taxing municipality" if place == "none" else place.replace("_", " ").title()


def label_words(name: str) -> str:
    """``energy_of_days_kwh`` as ``energy of days, kWh``: the name of a figure, for reading."""
    for ending, unit in (("_kwh", "kWh"), ("_usd", "USD")):
        if name.endswith(ending):
            return f"{name.removesuffix(ending).replace('_', ' ')}, {unit}"
    return name.replace("_", " ")


def option_words(name: str) -> str:
    """``statute_from_2025_08_28`` as ``statute from 2025-08-28``, for reading."""
    return label_words(_DAY_IN_A_WORD.sub(r"\1-\2-\3", name))


def period_words(period: str) -> str:
    """``on_peak`` as ``on-peak``: a time of use, as bills call it."""
    return period.replace("_", "-")


def sentence_without_stop(text: str) -> str:
    """A meaning as a heading or a link: without the full stop."""
    return text.removesuffix(".")


def day_of(record: dict[str, Any], field: str) -> date:
    """A day of a stored record."""
    return date.fromisoformat(record[field])


def signed_usd(cents: int) -> str:
    """``+$12.30`` or ``-$12.30``: what was added or taken off."""
    return f"+{usd_display(cents)}" if cents > 0 else usd_display(cents)


def less(cents: int) -> int:
    """The same amount seen from the other side."""
    return -cents


def month_words(day: date) -> str:
    """``July 2025``."""
    return f"{MONTH_NAMES[day.month - 1]} {day.year}"
