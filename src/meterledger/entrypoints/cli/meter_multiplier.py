"""``meterledger meter multiplier``: put right what a meter's readings are multiplied by."""

from __future__ import annotations

from typing import Annotated

import typer

from meterledger.entrypoints.cli.answer import MULTIPLIER, JsonFlag, refusing, say


def register(meter: typer.Typer) -> None:
    """Add the command to the group of meters."""
    meter.command("multiplier")(multiplier)


def multiplier(
    meter: Annotated[str, typer.Argument(help="Number of the meter.")],
    right: Annotated[
        int, typer.Argument(click_type=MULTIPLIER, help="What its transformers really are.")
    ],
    reason: Annotated[str, typer.Option(help="How it was found, in a few words.")],
    as_json: JsonFlag = False,
) -> None:
    """Put a wrong multiplier right, for all of the meter's stay where it is."""
    with refusing():
        from meterledger.entrypoints.cli.meter_words import work_json
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.correct_multiplier import correct_multiplier
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.touched_bills import touched_bills

        viewer = Viewer("command line", "put a multiplier right")
        with open_system(viewer=viewer, subjects=[meter]) as system:
            stay, work = correct_multiplier(
                meter, right, reason=reason, learned_at=system.now, store=system.store
            )
            point = stay.service_point_id
            touched = touched_bills([point], stay.days.from_day, system.store)

        def told() -> None:
            print(
                f"Meter {meter} at {point} has the multiplier {right} since {stay.days.from_day}, "
                f"and not {stay.multiplier}. Bills already issued stand as they are."
            )
            if touched:
                print(f"Of days that it changes: {', '.join(touched)}.")
                print("What they come to now is in `meterledger rebill list`.")

        say(
            {
                **work_json(work),
                "multiplier": right,
                "was": stay.multiplier,
                "touched_bills": touched,
            },
            as_json=as_json,
            words=told,
        )
