"""``meterledger bench``: figures as ratios in one run, against peers and limits."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any, NamedTuple

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, WholeNumber, refusing, say


class Bench(NamedTuple):
    """Where a bench is measured, and how many accounts or meters it generates unless told."""

    measured_by: str
    accounts: int


BENCHES = {
    "bill-cycle": Bench("bill_cycle.measure_bill_cycle", 60_000),
    "lockbox": Bench("lockbox.measure_lockbox", 60_000),
    "shadow": Bench("shadow.measure_shadow", 120_000),
    "late-charges": Bench("late_charges.measure_late_charges", 1_200_000),
    "impact": Bench("impact.measure_impact", 1_200_000),
    "book": Bench("book.measure_book", 20_000),
    "determinants": Bench("determinants.measure_determinants", 1_200_000),
    "validation": Bench("validation.measure_validation", 20_000),
    "estimation": Bench("estimation.measure_estimation", 20_000),
    "estimate-error": Bench("estimate_error.measure_estimate_error", 600),
    "intake": Bench("intake.measure_intake", 20_000),
    "storage": Bench("storage.measure_storage", 20_000),
    "documents": Bench("documents.measure_documents", 200),
    "rating": Bench("rating.measure_rating", 1_200_000),
}
"""Every bench by name: its module and function in ``entrypoints/bench``."""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("bench")(bench)


def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(help=f"Which benches: {', '.join(BENCHES)}; all unless named."),
    ] = None,
    accounts: Annotated[
        int | None,
        typer.Option(
            click_type=WholeNumber(0, 10**7),
            help="Accounts or meters of the generated population (each has its own).",
        ),
    ] = None,
    repeat: Annotated[
        int,
        typer.Option(
            click_type=WholeNumber(1, 1000), help="Repetitions; the median is the figure."
        ),
    ] = 1,
    as_json: JsonFlag = False,
) -> None:
    """Measure on this machine, in a folder of its own that is removed afterwards."""
    with refusing():
        from meterledger.entrypoints.bench.bars import judge
        from meterledger.entrypoints.bench.machine import describe_machine

        chosen = names or list(BENCHES)
        for name in chosen:
            if name not in BENCHES:
                raise BadArgument(
                    f"There is no bench '{name}'",
                    where="bench",
                    do=f"Name one of {', '.join(BENCHES)}",
                )
        if not 100 <= (accounts or 100) <= 1_200_000 or not 1 <= repeat <= 20:
            raise BadArgument(
                "A bench measures 100 to 1,200,000 accounts, 1 to 20 times",
                where="--accounts, --repeat",
                do="Choose numbers in between",
            )
        results = []
        for name in dict.fromkeys(chosen):
            one = BENCHES[name]
            module, function = one.measured_by.split(".")
            measure = getattr(import_module(f"meterledger.entrypoints.bench.{module}"), function)
            figures = measure(accounts=accounts or one.accounts, repeat=repeat)
            results += [judge(name, figure) for figure in figures]
        answer = {"machine": describe_machine(), "results": results}
        say(answer, as_json=as_json, words=lambda: _print(answer))


def _print(answer: dict[str, Any]) -> None:
    from meterledger.entrypoints.cli.words import print_table

    machine = answer["machine"]
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    rows = [
        (
            f"{one['bench']} {one['bar']}",
            str(one["figure"]),
            {True: "holds", False: "MISSES", None: ""}[one["holds"]],
            one["limit_text"],
            one["is"],
        )
        for one in answer["results"]
    ]
    print_table(rows, right=frozenset({1}))
