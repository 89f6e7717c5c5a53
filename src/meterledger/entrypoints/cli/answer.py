"""How every command answers: JSON or words, exit 0, or exit 2 with one sentence.

Lives here      the three kinds of "no" as exit codes and words; reading the clock and days.
Lives elsewhere what is answered.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any

import click
import typer

from meterledger.kernel.money import (
    amount_from_text,
    shown,
    whole_from_decimal_text,
    whole_from_text,
)
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.written_days import FIRST_YEAR, LAST_YEAR, day_from_text

JsonFlag = Annotated[
    bool, typer.Option("--json", help="Answer in JSON, in the shape that stays (for programs).")
]


class BadArgument(Refusal):
    """A word given on the command line cannot be used."""


@contextmanager
def refusing() -> Iterator[None]:
    """Turn a refusal into one sentence on standard error and exit status 2."""
    try:
        yield
    except Refusal as refusal:
        sys.stdout.flush()
        print(refusal.sentence, file=sys.stderr)
        raise typer.Exit(2) from refusal


class NumberOption(click.ParamType):
    """An option that is a number. What is none is refused in one sentence, with exit status 2."""

    def read(self, text: str, where: str) -> int:
        """The number of a text. :raises Refusal: naming the option and how it is written"""
        raise NotImplementedError

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number of a text; a default goes through as it is."""
        if isinstance(value, int):
            return value
        with refusing():
            return self.read(value, param.opts[0] if param else "")


class WholeNumber(NumberOption):
    """A whole number of an option, in digits alone, from ``least`` to ``most``.

    Python's own reading takes 1_000, digits of every alphabet and blanks around, and hands on
    numbers that no store can keep; so every option that counts something has this type.
    """

    name = "integer"

    def __init__(self, least: int, most: int) -> None:
        """Both ends may be given."""
        self.least, self.most = least, most

    def read(self, text: str, where: str) -> int:
        """The number of a text. :raises BadArgument: if it is none, or not between the ends"""
        number = whole_from_text(text)
        if number is None or not self.least <= number <= self.most:
            raise BadArgument(
                f"{shown(text)} is not a whole number from {self.least} to {self.most}",
                where=where,
                do="Write it in digits alone",
            )
        return number


class Dollars(NumberOption):
    """An amount of dollars in an option, as whole cents: from ``least`` to what we can keep."""

    name = "text"

    def __init__(self, least: int = 1) -> None:
        """``least`` in cents; 0 where nothing may be meant."""
        self.least = least

    def read(self, text: str, where: str) -> int:
        """The cents of a text. :raises NotMoney: if it is no such amount"""
        return amount_from_text(text, where=where, least=self.least)


class Decimals(NumberOption):
    """A decimal number of an option, as a whole count of 10**-``decimals``, from 0 to ``most``."""

    name = "text"

    def __init__(self, decimals: int, most: int, what: str, do: str) -> None:
        """``what`` it is and how it is written, as a refusal says it."""
        self.decimals, self.most, self.what, self.do = decimals, most, what, do

    def read(self, text: str, where: str) -> int:
        """The count of a text. :raises BadArgument: if it is none, or not exact, or too much"""
        whole = whole_from_decimal_text(text, decimals=self.decimals)
        if whole is None or not 0 <= whole <= self.most:
            raise BadArgument(f"{shown(text)} is not {self.what}", where=where, do=self.do)
        return whole


AMOUNT = Dollars()
ENERGY = Decimals(
    3,
    10**15,
    "an amount of energy in whole watt-hours",
    "Write kilowatt-hours with at most three decimals, like 1000 or 812.5",
)
CYCLE = WholeNumber(0, 9999)
MULTIPLIER = WholeNumber(0, 999_999)
PORT = WholeNumber(0, 65_535)


def misused(error: click.UsageError) -> BadArgument:
    """What is wrong with the words of a command line, as a refusal like any other."""
    command = error.ctx.command_path if error.ctx else "meterledger"
    what = " ".join(error.format_message().split()).rstrip(".")
    return BadArgument(what, where=command, do=f"See `{command} --help`")


def say(payload: Any, *, as_json: bool, words: Callable[[], None]) -> None:
    """Print the payload as JSON, or call ``words`` to print it for a person."""
    if as_json:
        json.dump(payload, sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    else:
        words()


def day_from(text: str, *, option: str) -> date:
    """Read a day like 2025-07-01.

    :raises BadArgument: naming the option and how a day is written
    """
    day = day_from_text(text)
    if day is None:
        raise BadArgument(
            f"{shown(text)} is not a day between {FIRST_YEAR} and {LAST_YEAR}",
            where=option,
            do="Write it as year-month-day, like 2025-07-01",
        )
    return day
