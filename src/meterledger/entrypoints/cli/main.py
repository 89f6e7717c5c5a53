"""``meterledger``: gathers the commands. Each command's module says what it does."""

from __future__ import annotations

import importlib

import typer

COMMANDS = (
    "rate",
    "ingest",
    "service",
    "bill",
    "pay",
    "why",
    "replay",
    "compare",
    "tariff",
    "verify",
    "serve",
    "demo",
    "doctor",
    "bench",
)
"""Modules of this package, in the order in which ``--help`` lists their commands."""


def build_app() -> typer.Typer:
    """The command line with every command registered."""
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
    """Run the command line."""
    build_app()(prog_name="meterledger")


if __name__ == "__main__":
    main()
