"""``meterledger service correct``: a fact of an agreement that was entered wrong, put right."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import (
    CYCLE,
    BadArgument,
    JsonFlag,
    day_from,
    refusing,
    say,
)
from meterledger.entrypoints.cli.made_anew import ApprovedBy, Seen, now_of_system, print_anew


def correct(
    agreement: Annotated[str, typer.Argument(help="Agreement, as `service show` names it.")],
    schedule: Annotated[
        str, typer.Option(help="Rate option that should have been entered, like 1M-anytime.")
    ] = "",
    first_day: Annotated[
        str, typer.Option(help="First day of service that should have been entered.")
    ] = "",
    cycle: Annotated[
        int | None,
        typer.Option(
            click_type=CYCLE, help="Reading cycle that should have been entered; of the account."
        ),
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Who decides.")] = "",
    reason: Annotated[
        str, typer.Option("--reason", help="Why; kept with the fact and with each bill.")
    ] = "",
    approved_by: ApprovedBy = "",
    seen: Seen = None,
    dry_run: Annotated[bool, typer.Option(help="Say what would happen; change nothing.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Put right what was entered wrong: the bills that stand on it are made again with it."""
    with refusing():
        from meterledger.entrypoints.cli.rebill import run_json
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.change_then_rebill import Signed
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.put_right import put_right

        fact, is_now = _told(schedule, first_day, cycle)
        viewer = Viewer("command line", "put an agreement right")
        with open_system(viewer=viewer, subjects=[agreement]) as system:
            made = put_right(
                agreement_id=agreement,
                fact=fact,
                is_now=is_now,
                signed=Signed(by, reason, approved_by, tuple(seen or ())),
                now=now_of_system(system),
                store=system.store,
                dry_run=dry_run,
            )
        right = made.right
        answer: dict[str, Any] = {
            "agreement": agreement,
            "account": right.account_id,
            "fact": right.fact.value,
            "was": right.was,
            "is_now": right.is_now,
            "dry_run": dry_run,
            "rebilled": run_json(made.run) if made.run.corrected or made.run.left else None,
            "told": list(made.told),
        }

        def words() -> None:
            would = "would be" if dry_run else "is"
            print(
                f"The {right.fact.value} of agreement {agreement} {would} {right.is_now}, and not "
                f"{right.was}."
            )
            print_anew([made.run], would=dry_run)
            for one in made.told:
                print(f"  {one}")

        say(answer, as_json=as_json, words=words)


def _told(schedule: str, first_day: str, cycle: int | None) -> tuple[Any, str]:
    """Which fact it is, and what it should be; one at a time."""
    from meterledger.facts.corrections import WrongFact

    told = []
    if schedule:
        told.append((WrongFact.SCHEDULE, schedule))
    if first_day:
        told.append((WrongFact.FIRST_DAY, day_from(first_day, option="--first-day").isoformat()))
    if cycle is not None:
        told.append((WrongFact.CYCLE, str(cycle)))
    if len(told) == 1:
        return told[0]
    raise BadArgument(
        "Several facts are named" if told else "No fact is named",
        where="--schedule, --first-day, --cycle",
        do="Name one of them; each is put right by itself, with its own bills",
    )
