"""``meterledger autopay``: accounts whose bills are drawn on their due day."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from meterledger.entrypoints.cli.answer import (
    AMOUNT,
    BadArgument,
    JsonFlag,
    day_from,
    refusing,
    say,
)
from meterledger.kernel.money import usd_display, usd_shown
from meterledger.kernel.written_counts import many

if TYPE_CHECKING:
    from meterledger.entrypoints.wiring import System
    from meterledger.usecases.autopay import AutopayDesk


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    commands = typer.Typer(
        name="autopay",
        help="Bills drawn from a bank account on their due day, never above a ceiling.",
        no_args_is_help=True,
    )
    for name, command in (
        ("enrol", enrol),
        ("end", end),
        ("run", run),
        ("show", show),
        ("asks", asks),
        ("answer", answer),
    ):
        commands.command(name)(command)
    app.add_typer(commands)


Account = Annotated[str, typer.Argument(help="Account number, ten digits.")]
By = Annotated[str, typer.Option("--by", help="Who does it: a name.")]


def enrol(
    account: Account,
    holder: Annotated[str, typer.Option(help="The bank account's holder.")],
    routing: Annotated[str, typer.Option(help="The bank's routing number, nine digits.")],
    authorized: Annotated[str, typer.Option(help="How the customer allowed it.")],
    number: Annotated[
        str, typer.Option(help="The bank account's number; read from standard input if left out.")
    ] = "",
    kind: Annotated[str, typer.Option(help="checking or savings.")] = "checking",
    standard: Annotated[str, typer.Option(help="WEB (online) or PPD (signed).")] = "WEB",
    from_day: Annotated[str, typer.Option("--from", help="First day; today unless told.")] = "",
    most_cents: Annotated[
        int | None,
        typer.Option("--most", click_type=AMOUNT, help="The customer's own ceiling in USD."),
    ] = None,
    by: By = "",
    as_json: JsonFlag = False,
) -> None:
    """Put an account on autopay. The bank account's number is kept sealed."""
    from meterledger.entrypoints.channel_words import enrollment_json
    from meterledger.entrypoints.wiring import open_bank_numbers
    from meterledger.facts.ach import AchStandard, BankAccountKind
    from meterledger.usecases.autopay import enroll_autopay

    with refusing(), _system("put an account on autopay", [account]) as system:
        kinds = {one.value: one for one in BankAccountKind}
        standards = {one.value: one for one in AchStandard}
        if kind not in kinds or standard not in standards:
            raise BadArgument(
                "A bank account is checking or savings, and is drawn from as WEB or PPD",
                where="--kind, --standard",
                do="Give one of each",
            )
        enrollment = enroll_autopay(
            account_id=account,
            holder=holder,
            routing_number=routing,
            number=number or sys.stdin.readline().strip(),
            kind=kinds[kind],
            standard=standards[standard],
            from_day=day_from(from_day, option="--from") if from_day else system.today,
            most_cents=most_cents,
            authorized=authorized,
            by=by,
            numbers=open_bank_numbers(system.data_folder),
            desk=_desk(system),
        )
        banks = {one.bank_id: one for one in system.store.bank_accounts([account])}
        told = enrollment_json(enrollment, banks.get(enrollment.bank_id))
        said = f"Account {account} is on autopay from {told['from']}, from {told['bank_account']}."
        say(told, as_json=as_json, words=lambda: print(said))


def end(
    account: Account,
    on: Annotated[str, typer.Option(help="First day on which nothing is drawn; today.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Take an account off autopay."""
    from meterledger.entrypoints.channel_words import enrollment_json
    from meterledger.usecases.autopay import end_autopay

    with refusing(), _system("take an account off autopay", [account]) as system:
        day = day_from(on, option="--on") if on else system.today
        told = enrollment_json(end_autopay(account, on=day, desk=_desk(system)), None)
        said = f"Account {account} is off autopay from {told['until']} on."
        say(told, as_json=as_json, words=lambda: print(said))


def run(
    on: Annotated[str, typer.Option(help="Due day of the bills; today unless told.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Decide about every bill due on the day: drawn, asked about, or nothing. Safe to run twice."""
    from meterledger.entrypoints.channel_words import order_json
    from meterledger.kernel.money import usd_text
    from meterledger.usecases.autopay import run_autopay

    with refusing(), _system("draw bills that are due", ["autopay"]) as system:
        day = day_from(on, option="--on") if on else system.today
        refused: list[tuple[str, str]] = []
        drawn = run_autopay(day, desk=_desk(system), refused=refused)
        told = [
            {
                "bill": one.bill_id,
                "account": one.account_id,
                "act": one.decision.outcome.act.value,
                "usd": usd_text(one.decision.outcome.cents),
                "ceiling_usd": usd_text(one.decision.outcome.ceiling_cents),
                "order": order_json(one.order) if one.order else None,
                "reasons": [
                    {"finding": why.finding, "citation": why.citation.as_json()}
                    for why in one.decision.reasons
                ],
            }
            for one in drawn
        ]

        def words() -> None:
            for one in drawn:
                answer = one.decision.outcome
                why = "; ".join(reason.finding for reason in one.decision.reasons)
                print(f"{one.bill_id}: {answer.act.value}, {usd_display(answer.cents)}: {why}")
            for what, why in refused:
                print(f"{what}: {why}")
            are = "is" if len(drawn) == 1 else "are"
            print(f"{many(len(drawn), 'bill')} on autopay {are} due on {day}.")

        sentences = [{"what": what, "sentence": why} for what, why in refused]
        shown = {"due": day.isoformat(), "bills": told, "refused": sentences}
        say(shown, as_json=as_json, words=words)


def show(account: Account, as_json: JsonFlag = False) -> None:
    """Show the enrollments of an account, and what stops its bank accounts."""
    from meterledger.entrypoints.channel_words import enrollment_json
    from meterledger.facts.ach_orders import bank_version

    with refusing(), _system("look at autopay", [account]) as system:
        system.store.account(account)
        banks = system.store.bank_accounts([account])
        found = [
            (one, bank_version(one.bank_id, banks, on=system.today, known_at=system.now))
            for one in system.store.enrollments(account_ids=[account])
        ]
        stops = system.store.bank_stops([account])
        told = {
            "enrollments": [enrollment_json(one, bank) for one, bank in found],
            "stops": [
                {"kind": one.kind.value, "code": one.code, "on": one.on.isoformat()}
                for one in stops
            ],
        }

        def words() -> None:
            for one in told["enrollments"]:
                until = one["until"] or "further notice"
                print(f"{one['enrollment']}: {one['from']} until {until}, {one['bank_account']}")
            for one in told["stops"]:
                print(f"  a bank account is {one['kind']} since {one['on']}: {one['code']}")

        say(told, as_json=as_json, words=words)


def asks(as_json: JsonFlag = False) -> None:
    """List bills that are not drawn until a person has asked the customer."""
    from meterledger.entrypoints.channel_words import question_json

    with refusing(), _system("list questions of autopay", ["autopay"]) as system:
        told = [question_json(one) for one in system.store.autopay_questions()]

        def words() -> None:
            for one in told:
                print(f"{one['bill']}  {usd_shown(one['usd'])}: {'; '.join(one['reasons'])}")

        say({"questions": told}, as_json=as_json, words=words)


def answer(
    bill: Annotated[str, typer.Argument(help="The bill.")],
    draw: Annotated[bool, typer.Option("--draw/--leave", help="Draw it, or leave it.")],
    by: By = "",
    reason: Annotated[str, typer.Option(help="What the customer said.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Answer a question: the bill is drawn all the same, or left to the customer."""
    from meterledger.entrypoints.channel_words import order_json
    from meterledger.usecases.autopay import answer_question

    with refusing(), _system("answer a question of autopay", [bill]) as system:
        order = answer_question(bill, is_drawn=draw, by=by, reason=reason, desk=_desk(system))
        told = {"bill": bill, "order": order_json(order) if order else None}
        said = f"{bill} is drawn with the next file." if order else f"{bill} is left to be paid."
        say(told, as_json=as_json, words=lambda: print(said))


def _desk(system: System) -> AutopayDesk:
    from meterledger.usecases.autopay import AutopayDesk

    return AutopayDesk(system.store, system.view, system.now)


@contextmanager
def _system(purpose: str, subjects: list[str]) -> Iterator[System]:
    from meterledger.entrypoints.wiring import open_system
    from meterledger.usecases.ports import Viewer

    with open_system(viewer=Viewer("command line", purpose), subjects=subjects) as system:
        yield system
