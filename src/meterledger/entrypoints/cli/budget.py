"""``meterledger budget``: join the Budget Billing Plan, look at it, review it, leave it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import (
    AMOUNT,
    JsonFlag,
    WholeNumber,
    day_from,
    refusing,
    say,
)
from meterledger.kernel.money import usd_display

Account = Annotated[str, typer.Argument(help="Account number, ten digits.")]
On = Annotated[str | None, typer.Option(help="The day (today unless given).")]
DryRun = Annotated[bool, typer.Option(help="Say what would happen; change nothing.")]
ColdWeather = Annotated[
    str, typer.Option(help="How a Cold Weather agreement stands: none, kept or defaulted.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    budget = typer.Typer(
        help="The Budget Billing Plan: join, look, review the amounts of a month, leave.",
        no_args_is_help=True,
    )
    budget.command("join")(join)
    budget.command("show")(show)
    budget.command("elect")(elect)
    budget.command("leave")(leave)
    budget.command("end-unpaid")(end_unpaid)
    budget.command("review")(review)
    app.add_typer(budget, name="budget")


def join(
    account: Account,
    settle: Annotated[
        str,
        typer.Option(help="What becomes of the difference: a, spread over 12 bills; b, one bill."),
    ] = "",
    month_option: Annotated[
        str, typer.Option(help="Yearly month: a, an earlier one; b, the twelfth period.")
    ] = "",
    month: Annotated[
        int | None,
        typer.Option(click_type=WholeNumber(1, 12), help="The month elected under a, 1 to 12."),
    ] = None,
    credit_met: Annotated[
        bool, typer.Option(help="Whether the utility's credit requirements are met.")
    ] = False,
    bill_medium: Annotated[
        str, typer.Option(help="postcard or letter; not needed where delivery is electronic.")
    ] = "",
    on: On = None,
    service_point: Annotated[
        str, typer.Option(help="Service point; needed where the account has several.")
    ] = "",
    charitable: Annotated[bool, typer.Option(help="A charitable customer.")] = False,
    company_agrees: Annotated[
        bool, typer.Option(help="The utility agrees to a charitable customer on the plan.")
    ] = False,
    cold_weather: Annotated[
        bool, typer.Option(help="A Cold Weather Rule agreement puts the customer on the plan.")
    ] = False,
    estimated_year_cents: Annotated[
        int | None,
        typer.Option(
            "--estimated-year-usd",
            click_type=AMOUNT,
            help="A year's cost, for a customer without a bill of its own.",
        ),
    ] = None,
    basis: Annotated[str, typer.Option(help="From what that year is estimated.")] = "",
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """Join the plan as the sheet allows (GRR V.I): eligibility, elections, the first amount."""
    with refusing():
        from meterledger.entrypoints.budget_words import joined_answer, reasons_words
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.budget_plans import JoinRequest, join_budget
        from meterledger.usecases.ports import Viewer

        viewer = Viewer("command line", "join the budget plan")
        with open_system(viewer=viewer, subjects=[account]) as system:
            system.store.account(account)
            joined = join_budget(
                JoinRequest(
                    account_id=account,
                    on=day_from(on, option="--on") if on else system.today,
                    credit_requirements_met=credit_met,
                    settlement_option=settle,
                    month_option=month_option,
                    month=month,
                    bill_medium=bill_medium,
                    service_point_id=service_point,
                    charitable=charitable,
                    company_agrees=company_agrees,
                    cold_weather_agreement=cold_weather,
                    told_year_cents=estimated_year_cents,
                    basis=basis,
                ),
                learned_at=system.now,
                view=system.view,
                store=system.store,
                dry_run=dry_run,
            )

        def words() -> None:
            would = "would be" if dry_run else "is"
            print(
                f"Account {account} {would} on the Budget Billing Plan from "
                f"{joined.plan.days.from_day}: {usd_display(joined.amount.cents)} a month."
            )
            for ruling in joined.rulings:
                reasons_words(ruling.decision.reasons)
            print(f"  {joined.amount.estimate.sentence}")

        say(joined_answer(joined, dry_run=dry_run), as_json=as_json, words=words)


def show(account: Account, on: On = None, as_json: JsonFlag = False) -> None:
    """Show the account's plan: amount and why, running difference, every bill and why it asks."""
    with refusing():
        from meterledger.entrypoints.budget_words import state_answer, state_words
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.budget_state import (
            BudgetRefused,
            asked_bills,
            next_reviews,
            plan_of_account,
        )
        from meterledger.usecases.ports import Viewer

        viewer = Viewer("command line", "show a budget plan")
        with open_system(viewer=viewer, subjects=[account]) as system:
            system.store.account(account)
            day = day_from(on, option="--on") if on else system.today
            state = plan_of_account(account, day, system.now, system.store)
            if state is None:
                raise BudgetRefused(
                    f"Account {account} has no budget plan and never had one",
                    where=f"account {account}",
                    do="Join with `meterledger budget join`",
                )
            bills = asked_bills(state, system.store)
            coming = next_reviews(state, max(day, state.plan.days.from_day), system.view)
        answer = state_answer(state, bills, coming)
        say(answer, as_json=as_json, words=lambda: state_words(state, bills, coming))


def elect(
    account: Account,
    settle: Annotated[str, typer.Option(help="a or b, as for joining.")] = "",
    month_option: Annotated[str, typer.Option(help="a or b, as for joining.")] = "",
    month: Annotated[
        int | None,
        typer.Option(click_type=WholeNumber(1, 12), help="The month elected under a, 1 to 12."),
    ] = None,
    on: On = None,
    as_json: JsonFlag = False,
) -> None:
    """Elect otherwise, where the election in force does not bind any more (GRR V.I.4)."""
    with refusing():
        from meterledger.entrypoints.budget_words import election_answer, reasons_words
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.budget_plans import elect_budget
        from meterledger.usecases.ports import Viewer

        viewer = Viewer("command line", "change an election of the budget plan")
        with open_system(viewer=viewer, subjects=[account]) as system:
            election, ruling = elect_budget(
                account_id=account,
                on=day_from(on, option="--on") if on else system.today,
                learned_at=system.now,
                view=system.view,
                store=system.store,
                settlement_option=settle,
                month_option=month_option,
                month=month,
            )

        def words() -> None:
            print(f"Account {account} has elected otherwise from {election.from_day} on.")
            reasons_words(ruling.decision.reasons)

        answer = {"account": account, **election_answer(election), "ruling": ruling.as_json()}
        say(answer, as_json=as_json, words=words)


def leave(
    account: Account,
    on: On = None,
    cold_weather: ColdWeather = "none",
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """Leave the plan on the customer's request; the next bill settles it (GRR V.I.7)."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.budget_ends import leave_budget
        from meterledger.usecases.ports import Viewer

        viewer = Viewer("command line", "leave the budget plan")
        with open_system(viewer=viewer, subjects=[account]) as system:
            ended = leave_budget(
                account_id=account,
                on=day_from(on, option="--on") if on else system.today,
                learned_at=system.now,
                view=system.view,
                store=system.store,
                cold_weather_agreement=cold_weather,
                dry_run=dry_run,
            )
        _say_ended(ended, dry_run=dry_run, as_json=as_json)


def end_unpaid(
    bill: Annotated[str, typer.Argument(help="The bill that was not paid in time.")],
    on: On = None,
    cold_weather: ColdWeather = "none",
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """End a plan because a bill was not paid in time, as the utility may (GRR V.I.6)."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.budget_ends import end_budget_unpaid
        from meterledger.usecases.ports import Viewer

        viewer = Viewer("command line", "end a budget plan for non-payment")
        with open_system(viewer=viewer, subjects=[bill]) as system:
            ended = end_budget_unpaid(
                bill_id=bill,
                on=day_from(on, option="--on") if on else system.today,
                learned_at=system.now,
                view=system.view,
                store=system.store,
                cold_weather_agreement=cold_weather,
                dry_run=dry_run,
            )
        _say_ended(ended, dry_run=dry_run, as_json=as_json)


def _say_ended(ended: Any, *, dry_run: bool, as_json: bool) -> None:
    from meterledger.entrypoints.budget_words import ended_answer, reasons_words

    def words() -> None:
        would = "would end" if dry_run else "ends"
        print(
            f"The budget plan of account {ended.state.plan.account_id} {would} on {ended.on}, "
            f"{ended.ended.value}. The next bill settles {usd_display(ended.settlement_cents)}."
        )
        reasons_words(ended.ruling.decision.reasons)

    say(ended_answer(ended, dry_run=dry_run), as_json=as_json, words=words)


def review(
    account: Annotated[
        list[str] | None, typer.Argument(help="Accounts; all with a plan unless named.")
    ] = None,
    on: On = None,
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """Decide the amounts of the plans whose month of review this is; safe to run every night."""
    with refusing():
        from meterledger.entrypoints.budget_words import review_answer, review_words
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.budget_reviews import review_budgets
        from meterledger.usecases.ports import Viewer

        viewer = Viewer("command line", "review budget plans")
        with open_system(viewer=viewer, subjects=account or ["all accounts"]) as system:
            day = day_from(on, option="--on") if on else system.today
            run = review_budgets(
                on=day,
                learned_at=system.now,
                view=system.view,
                store=system.store,
                account_ids=account or None,
                dry_run=dry_run,
            )
        answer = review_answer(run, day, dry_run=dry_run)
        say(answer, as_json=as_json, words=lambda: review_words(run, day))
