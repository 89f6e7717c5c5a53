"""Bills that a command makes anew with what it changes: its options, its answer, its words.

Lives here      the options ``--by``, ``--approved-by``, ``--seen`` of such commands, and telling
                what became of the bills.
Lives elsewhere the change and the correction (``usecases/change_then_rebill``), ``rebill`` itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from meterledger.kernel.money import usd_display

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meterledger.entrypoints.wiring import System
    from meterledger.usecases.rebill import RebillRun
    from meterledger.usecases.rebill_states import Now

By = Annotated[str, typer.Option("--by", help="Who decides; needed where bills are made anew.")]
Why = Annotated[str, typer.Option("--reason", help="Why; kept with each bill that is made anew.")]
ApprovedBy = Annotated[
    str,
    typer.Option(
        "--approved-by",
        help="Another person, who agrees to what the gate finds, to a bill above the ceiling, or "
        "of doubtful kvar.",
    ),
]
Seen = Annotated[
    list[str] | None,
    typer.Option("--seen", help="A finding of the gate that you have looked at, like gate.band."),
]


def now_of_system(system: System) -> Now:
    """As known now, and today."""
    from dataclasses import replace

    from meterledger.usecases.find_corrections import now_of

    now = now_of(system.store, known_at=system.now, book=system.book, lake=system.lake)
    return replace(now, on=system.today)


def print_anew(runs: Sequence[RebillRun], *, would: bool = False) -> None:
    """Which bills take the place of which, with what is found of them."""
    takes = "would take" if would else "takes"
    for run in runs:
        for made in run.corrected:
            print(
                f"  {made.bill.bill_id} {takes} the place of {made.cancelled.bill_id}: "
                f"{usd_display(made.difference_cents)}"
            )
            for found in made.findings:
                asks = f"; it leaves with `--seen {found.code}`" if would else ""
                print(f"    The gate finds: {found.sentence} ({found.code}){asks}")
        for left in run.left:
            print(f"  {left.bill_id} stays as it was issued: {left.reason}.")
        for name in run.unchanged:
            print(f"  {name} comes out as it was issued.")
