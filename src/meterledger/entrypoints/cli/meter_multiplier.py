"""``meterledger meter multiplier``: put right what a meter's readings are multiplied by."""

from __future__ import annotations

from typing import Annotated

import typer

from meterledger.entrypoints.cli.answer import (
    MULTIPLIER,
    BadArgument,
    JsonFlag,
    refusing,
    say,
)
from meterledger.entrypoints.cli.made_anew import (
    ApprovedBy,
    By,
    Seen,
    now_of_system,
    print_anew,
)


def register(meter: typer.Typer) -> None:
    """Add the command to the group of meters."""
    meter.command("multiplier")(multiplier)


def multiplier(
    meter: Annotated[str, typer.Argument(help="Number of the meter.")],
    right: Annotated[
        int, typer.Argument(click_type=MULTIPLIER, help="What its transformers really are.")
    ],
    reason: Annotated[str, typer.Option(help="How it was found, in a few words.")],
    with_bills: Annotated[
        bool, typer.Option("--rebill", help="Make the bills of its days anew, too.")
    ] = False,
    by: By = "",
    approved_by: ApprovedBy = "",
    seen: Seen = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what its bills would be; change nothing.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Put a wrong multiplier right, for all of the meter's stay where it is."""
    with refusing():
        from dataclasses import replace

        from meterledger.entrypoints.cli.meter_words import work_json
        from meterledger.entrypoints.cli.rebill import run_json
        from meterledger.entrypoints.issuing import refuse_wrong_clock
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.change_then_rebill import Signed, change_then_rebill
        from meterledger.usecases.correct_multiplier import (
            MultiplierRight,
            bills_as_if,
            correct_multiplier,
        )
        from meterledger.usecases.ports import Viewer

        if not with_bills and (by or approved_by or seen):
            raise BadArgument(
                "Somebody decides about bills, and none is to be made anew",
                where="--by, --approved-by, --seen",
                do="Say that its bills are made anew (`--rebill`), or leave these out",
            )
        viewer = Viewer("command line", "put a multiplier right")
        with open_system(viewer=viewer, subjects=[meter]) as system:
            touched: tuple[str, ...] = ()

            def asking(only_look: bool) -> MultiplierRight:
                nonlocal touched
                made = correct_multiplier(
                    meter,
                    right,
                    reason=reason,
                    learned_at=system.now,
                    store=system.store,
                    with_bills=with_bills,
                    dry_run=only_look,
                )
                touched = made.bills
                return made if with_bills else replace(made, bills=())

            now = now_of_system(system)
            if with_bills and not dry_run:
                refuse_wrong_clock(system)
            made, anew = change_then_rebill(
                asking,
                kept=lambda one: one.kept,
                anew=lambda one: (
                    f"{len(one.bills)} issued bill{'s are' if len(one.bills) > 1 else ' is'} made "
                    f"anew ({', '.join(one.bills)})"
                ),
                signed=Signed(by, reason, approved_by, tuple(seen or ())),
                now=now,
                store=system.store,
                dry_run=dry_run,
            )
            refused: list[tuple[str, str]] = []
            if dry_run:
                look = replace(made, bills=touched)
                anew, refused = bills_as_if(look, now=now, store=system.store)

        def told() -> None:
            if dry_run:
                print(f"{made.kept}: this would be so, and nothing is changed.")
                print_anew(anew, would=True)
                for name, why in refused:
                    print(f"  {name}: {why}")
                return
            if with_bills:
                print(f"{made.kept}.")
                print_anew(anew)
                return
            print(f"{made.kept}. Bills already issued stand as they are.")
            if touched:
                print(f"Of days that it changes: {', '.join(touched)}.")
                print("What they come to now is in `meterledger rebill list`.")

        say(
            {
                **work_json(made.work),
                "multiplier": right,
                "was": made.was.multiplier,
                "touched_bills": list(touched),
                "dry_run": dry_run,
                "rebilled": [run_json(one) for one in anew],
                "refused": [{"bill": name, "why": why} for name, why in refused],
            },
            as_json=as_json,
            words=told,
        )
