"""How every command answers: JSON or words, exit 0, or exit 2 with one sentence.

Lives here      the three kinds of "no" as exit codes and words; reading the clock and days.
Lives elsewhere what is answered.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any

import click
import typer

from meterledger.kernel.refusal import Refusal

JsonFlag = Annotated[
    bool, typer.Option("--json", help="Answer in JSON, in the shape that stays (for programs).")
]


DAY_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
"""``fromisoformat`` alone reads 2025-W27-1 as well, and answers for a day nobody named."""


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
    try:
        day = date.fromisoformat(text) if DAY_FORM.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not date(1990, 1, 1) <= day <= date(2100, 1, 1):
        raise BadArgument(
            f"'{text}' is not a day between 1990 and 2100",
            where=option,
            do="Write it as year-month-day, like 2025-07-01",
        )
    return day
