"""``meterledger``: gathers the commands. Each command's module says what it does."""

from __future__ import annotations

import importlib
import sys
from functools import cache

import click
import typer

from meterledger.entrypoints.cli.answer import BadArgument, misused

COMMANDS = (
    "rate",
    "determinants",
    "ingest",
    "intake",
    "quarantine",
    "vault",
    "source",
    "validate",
    "review",
    "report",
    "close",
    "service",
    "meter",
    "budget",
    "due_date",
    "delivery",
    "take_back",
    "combination",
    "together",
    "program",
    "bill",
    "held",
    "late_charge",
    "pay",
    "payment",
    "checkout",
    "ach",
    "autopay",
    "pledge",
    "bank",
    "ledger",
    "extension",
    "refund",
    "settlement",
    "deposit",
    "documents",
    "weather",
    "why",
    "replay",
    "rebill",
    "prove",
    "compare",
    "tax",
    "tariff",
    "impact",
    "stories",
    "rules",
    "lake",
    "verify",
    "serve",
    "demo",
    "doctor",
    "bench",
)
"""Modules of this package, in the order in which ``--help`` lists their commands."""


@cache
def build_app() -> typer.Typer:
    """The command line with every command registered; the same one for all who ask."""
    app = typer.Typer(
        name="meterledger",
        help=(
            "From a meter's fifteen minutes to a bill citing its tariff sheet, and its payment. "
            "Every command takes --json; a refusal exits with 2 and one sentence."
        ),
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    for name in COMMANDS:
        importlib.import_module(f"meterledger.entrypoints.cli.{name}").register(app)
    return app


def main() -> None:
    """Run the command line; a command that is misused is refused in one sentence, like any other.

    A group without a command (``meterledger``, ``meterledger tariff``) shows its help. Ctrl-C ends
    with the shell's own status for it, 130.
    """
    try:
        _refuse_what_is_not_text(sys.argv[1:])
        status = build_app()(prog_name="meterledger", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as asked:
        print(asked.format_message())
        status = 0
    except BadArgument as refusal:
        print(refusal.sentence, file=sys.stderr)
        status = 2
    except click.UsageError as error:
        print(misused(error).sentence, file=sys.stderr)
        status = 2
    sys.exit(status)


def _refuse_what_is_not_text(words: list[str]) -> None:
    """Only a file's name may be bytes that no letter stands for; nothing else can be stored."""
    for word in words:
        if words[0] != "ingest" and _has_stray_bytes(word):
            raise BadArgument(
                f"The word {word[:40]!a} is not UTF-8",
                where=f"meterledger {words[0][:40]}",
                do="Write it in UTF-8, and give a file a name that is",
            )


def _has_stray_bytes(word: str) -> bool:
    return any("\udc80" <= letter <= "\udcff" for letter in word)


if __name__ == "__main__":
    main()
