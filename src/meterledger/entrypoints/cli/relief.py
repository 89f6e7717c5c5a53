"""``meterledger service relief``: charges of a disturbed load adjusted by agreement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from meterledger.entrypoints.cli.answer import JsonFlag, day_from, refusing, say

if TYPE_CHECKING:
    from meterledger.facts.relief import ReliefAgreement

Relief = Annotated[str, typer.Argument(help="Name of the agreement, as `relief list` prints it.")]
By = Annotated[str, typer.Option(help="Who decides.")]
Why = Annotated[str, typer.Option(help="Why; kept with the agreement.")]


def register(service: typer.Typer) -> None:
    """Add the commands to ``service``."""
    relief = typer.Typer(
        help="Charges of a disturbed load, adjusted as agreed before the month (GRR V.H.4).",
        no_args_is_help=True,
    )
    relief.command("agree")(agree)
    relief.command("approve")(approve)
    relief.command("list")(list_)
    relief.command("end")(end)
    relief.command("replay")(replay)
    service.add_typer(relief, name="relief")


def agree(
    account: Annotated[str, typer.Argument(help="Account number, ten digits.")],
    cause: Annotated[
        str,
        typer.Option(
            help="What disturbs the load: construction or alteration, start-up or experimental "
            "operation, fire, act of God."
        ),
    ],
    by: By,
    reason: Why,
    month: Annotated[
        list[str] | None,
        typer.Option(help="First day of a billing period to be adjusted; again for another."),
    ] = None,
    less: Annotated[
        list[str] | None,
        typer.Option(
            help="What is taken off each month: a share or an amount of a charge, as "
            "demand_summer=50% or customer_charge=10.00; again for another."
        ),
    ] = None,
    service_point: Annotated[
        str, typer.Option(help="Service point; needed where the account has several.")
    ] = "",
    dry_run: Annotated[bool, typer.Option(help="Say what would happen; keep nothing.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Ask for an agreement; it is one once another person approves it."""
    with refusing():
        from meterledger.entrypoints.cli.small_general import cause_from
        from meterledger.entrypoints.relief_words import agreement_json, desk_of, term_from
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.relief import ReliefAsked, ask_relief

        asked = ReliefAsked(
            account_id=account,
            cause=cause_from(cause),
            months=tuple(day_from(one, option="--month") for one in month or ()),
            terms=tuple(term_from(one, where="--less") for one in less or ()),
            service_point_id=service_point,
        )
        viewer = Viewer("command line", "agree on relief")
        with open_system(viewer=viewer, subjects=[account]) as system:
            made = ask_relief(asked, by=by, reason=reason, desk=desk_of(system), dry_run=dry_run)
        answer = {**agreement_json(made.agreement), "is_new": made.is_new, "dry_run": dry_run}

        def words() -> None:
            would = "would wait" if dry_run else "waits"
            if made.is_new:
                print(f"Relief {made.agreement.relief_id} {would} for another person's approval:")
            else:
                print(f"Relief {made.agreement.relief_id} was asked for before:")
            _print(made.agreement)
            if made.rulings:
                print("What the rule says of it, if it is approved today:")
            for one in made.rulings[0].decision.reasons if made.rulings else ():
                print(f"  {one.finding} ({one.citation.text})")

        say(answer, as_json=as_json, words=words)


def approve(relief: Relief, by: By, reason: Why, as_json: JsonFlag = False) -> None:
    """Agree, as another person than who asked."""
    with refusing():
        from meterledger.entrypoints.relief_words import desk_of
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.relief import approve_relief

        viewer = Viewer("command line", "agree on relief")
        with open_system(viewer=viewer, subjects=[relief]) as system:
            made = approve_relief(relief, by=by, reason=reason, desk=desk_of(system))
        _say_done(made.agreement, "is agreed", as_json)


def end(
    relief: Relief,
    by: By,
    reason: Why,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from", help="First day of the first month without it; the next one unless given."
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """End an agreement for months that have not begun, or withdraw one that nobody approved."""
    with refusing():
        from meterledger.entrypoints.relief_words import desk_of
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.relief import end_relief

        first = day_from(from_, option="--from") if from_ else None
        viewer = Viewer("command line", "end relief")
        with open_system(viewer=viewer, subjects=[relief]) as system:
            made = end_relief(relief, from_day=first, by=by, reason=reason, desk=desk_of(system))
        last = made.agreement.steps[-1].from_day
        _say_done(made.agreement, f"ends from {last} on" if last else "is withdrawn", as_json)


def list_(
    account: Annotated[
        str | None, typer.Argument(help="Account number, ten digits; all unless given.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """List agreements, and what they took off which bills."""
    with refusing():
        from meterledger.entrypoints.relief_words import agreement_json, bills_of
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.relief_statement import relief_json

        viewer = Viewer("command line", "list relief")
        with open_system(viewer=viewer, subjects=[account or "relief"]) as system:
            if account is not None:
                system.store.account(account)
            found = [(one, bills_of(one, system)) for one in system.store.reliefs(account)]
        answer = {
            "reliefs": [
                {**agreement_json(one), "bills": [relief_json(each) for each in bills]}
                for one, bills in found
            ]
        }

        def words() -> None:
            from meterledger.kernel.money import usd_display

            if not found:
                print("No charges are adjusted by agreement.")
            for one, bills in found:
                print(f"{one.relief_id}: {one.state.value}")
                _print(one)
                for each in bills:
                    print(f"  bill {each.bill_id}: {usd_display(each.cents)} taken off")

        say(answer, as_json=as_json, words=words)


def replay(relief: Relief, as_json: JsonFlag = False) -> None:
    """Decide an agreement and its bills again from what was known; say whether bytes are equal."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.relief_replay import replay_relief

        viewer = Viewer("command line", "replay relief")
        with open_system(viewer=viewer, subjects=[relief]) as system:
            made = replay_relief(relief, store=system.store, book=system.book)

        def words() -> None:
            for name, same in (
                *((f"step {act.value}", same) for act, same in made.steps),
                *((f"bill {one.bill_id}", same) for one, same in made.bills),
            ):
                print(f"{name}: {'the same' if same else 'another record than was kept'}")

        say(made.as_json(), as_json=as_json, words=words)
        if not made.same:
            raise typer.Exit(1)


def _say_done(one: ReliefAgreement, done: str, as_json: bool) -> None:
    from meterledger.entrypoints.relief_words import agreement_json

    def words() -> None:
        print(f"Relief {one.relief_id} {done}:")
        _print(one)

    say(agreement_json(one), as_json=as_json, words=words)


def _print(one: ReliefAgreement) -> None:
    months = ", ".join(map(str, one.months))
    print(f"  account {one.account_id}, {one.service_point_id}, for {one.cause}: {months}")
    print(f"  {'; '.join(each.words for each in one.terms)}")
    for step in one.steps:
        print(f"  {step.act.value} on {step.on} by {step.by}: {step.reason}")
