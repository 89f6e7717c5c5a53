"""``meterledger bench``: figures as ratios in one run, against peers and limits."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, refusing, say

BENCHES = ("bill-cycle", "book", "storage")


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("bench")(bench)


def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(help=f"Which benches: {', '.join(BENCHES)}; all unless named."),
    ] = None,
    accounts: Annotated[int, typer.Option(help="Accounts of the generated population.")] = 20_000,
    repeat: Annotated[int, typer.Option(help="Repetitions; the median is the figure.")] = 1,
    as_json: JsonFlag = False,
) -> None:
    """Measure on this machine, in a folder of its own that is removed afterwards."""
    with refusing():
        from meterledger.entrypoints.bench.bars import judge
        from meterledger.entrypoints.bench.bill_cycle import measure_bill_cycle
        from meterledger.entrypoints.bench.book import measure_book
        from meterledger.entrypoints.bench.machine import describe_machine
        from meterledger.entrypoints.bench.storage import measure_storage

        chosen = names or list(BENCHES)
        for name in chosen:
            if name not in BENCHES:
                raise BadArgument(
                    f"There is no bench '{name}'",
                    where="bench",
                    do=f"Name one of {', '.join(BENCHES)}",
                )
        if not 100 <= accounts <= 1_200_000 or not 1 <= repeat <= 20:
            raise BadArgument(
                "A bench measures 100 to 1,200,000 accounts, 1 to 20 times",
                where="--accounts, --repeat",
                do="Choose numbers in between",
            )
        results = []
        if "bill-cycle" in chosen:
            figures = measure_bill_cycle(accounts=accounts, repeat=repeat)
            results += [judge("bill-cycle", figure) for figure in figures]
        if "book" in chosen:
            results += [judge("book", figure) for figure in measure_book(repeat=repeat)]
        if "storage" in chosen:
            storage = measure_storage(accounts=accounts, repeat=repeat)
            results += [judge("storage", figure) for figure in storage]
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
