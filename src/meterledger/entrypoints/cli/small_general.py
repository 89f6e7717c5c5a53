"""``meterledger service small-general``: a billing period of cut demand on another rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, day_from, refusing, say
from meterledger.entrypoints.cli.made_anew import (
    ApprovedBy,
    By,
    Seen,
    Why,
    now_of_system,
    print_anew,
)

if TYPE_CHECKING:
    from meterledger.billing import LoadCause


def small_general(
    account: Annotated[str, typer.Argument(help="Account number, ten digits.")],
    cause: Annotated[
        str, typer.Option(help="What cut the demand: strike, fire, plant change and the like.")
    ],
    since: Annotated[str, typer.Option(help="First day of the first abnormal billing period.")],
    period: Annotated[
        str, typer.Option("--from", help="First day of the billing period in question.")
    ],
    schedule: Annotated[str, typer.Option(help="Rate option for it, like 2M-three-phase.")],
    requested: Annotated[
        str | None, typer.Option(help="Day on which the written request came; none: there is none.")
    ] = None,
    service_point: Annotated[
        str, typer.Option(help="Service point; needed where the account has several.")
    ] = "",
    dry_run: Annotated[bool, typer.Option(help="Say what would happen; change nothing.")] = False,
    by: By = "",
    reason: Why = "",
    approved_by: ApprovedBy = "",
    seen: Seen = None,
    as_json: JsonFlag = False,
) -> None:
    """Price one billing period of cut demand as Small General Service (GRR V.H.5)."""
    with refusing():
        from meterledger.entrypoints.cli.rebill import run_json
        from meterledger.entrypoints.wiring import open_system
        from meterledger.rulebook.forms import number_text
        from meterledger.usecases.change_then_rebill import Signed, change_then_rebill
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.small_general_periods import PeriodAsked, small_general_period

        asked = PeriodAsked(
            account_id=account,
            schedule=schedule,
            cause=cause_from(cause),
            requested=day_from(requested, option="--requested") if requested else None,
            first_abnormal=day_from(since, option="--since"),
            from_day=day_from(period, option="--from"),
            service_point_id=service_point,
        )
        viewer = Viewer("command line", "price a period of cut demand")
        with open_system(viewer=viewer, subjects=[account]) as system:
            system.store.account(account)
            moved, anew = change_then_rebill(
                lambda only_look: small_general_period(
                    asked,
                    on=system.today,
                    learned_at=system.now,
                    view=system.view,
                    store=system.store,
                    lake=system.lake,
                    dry_run=only_look,
                ),
                kept=lambda one: f"Account {account} is on {one.schedule} for {one.period}",
                anew=lambda one: f"Bill {one.bills[0]} of the period is made anew",
                signed=Signed(by, reason, approved_by, tuple(seen or ())),
                now=now_of_system(system),
                store=system.store,
                dry_run=dry_run,
            )
        kw = None if moved.demand_kw is None else number_text(moved.demand_kw)
        answer = {
            "account": account,
            "agreement": moved.agreement_id,
            "from": moved.period.from_day.isoformat(),
            "to": moved.period.until_day.isoformat(),
            "demand_kw": kw,
            "schedule": moved.schedule,
            "dry_run": dry_run,
            "ruling": None if kw is None else moved.ruling.as_json(),
            "bills": list(moved.bills),
            "rebilled": run_json(anew[0]) if anew else None,
        }

        def words() -> None:
            if kw is None:
                stays = "would be" if dry_run else "is"
                print(
                    f"The demand of {moved.period} is not measured yet: the period {stays} parted "
                    f"from the others and stays on {moved.schedule}. Ask again when it is over."
                )
                return
            print(
                f"Account {account} {'would be' if dry_run else 'is'} on {moved.schedule} for "
                f"{moved.period}, of {kw} kW; the days after it stay as they are."
            )
            for one in moved.ruling.decision.reasons:
                print(f"  {one.finding} ({one.citation.text})")
            if dry_run and moved.bills:
                print(f"Made anew: {', '.join(moved.bills)}.")
            print_anew(anew)

        say(answer, as_json=as_json, words=words)


def cause_from(text: str) -> LoadCause:
    """The cause by its word. :raises BadArgument: if it is none"""
    from meterledger.billing import LoadCause

    known = {one.value: one for one in LoadCause}
    if text not in known:
        raise BadArgument(
            f"'{text[:40]}' is no cause of a disturbed load",
            where="--cause",
            do=f"Give one of {', '.join(known)}",
        )
    return known[text]
