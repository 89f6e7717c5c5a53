"""``meterledger deposit``: ask for a deposit, look at it, and the night of deposits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import (
    AMOUNT,
    BadArgument,
    JsonFlag,
    day_from,
    refusing,
    say,
)
from meterledger.kernel.money import usd_shown

if TYPE_CHECKING:
    from datetime import date

    from meterledger.entrypoints.wiring import System
    from meterledger.facts.deposits import DepositStep
    from meterledger.usecases.deposit_ask import Asked
    from meterledger.usecases.deposit_run import DepositRun

Name = Annotated[str, typer.Argument(help="Id of the deposit, like D-0123456789abcdef.")]
Account = Annotated[str, typer.Argument(help="Account number.")]
By = Annotated[str, typer.Option("--by", help="Who decides: a name.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence; it is kept for years.")]
On = Annotated[str, typer.Option(help="The day that counts; today unless told.")]
Facts = Annotated[
    Path | None,
    typer.Option(help="JSON file of facts that our own books do not say, in the rule's form."),
]
Pdf = Annotated[Path | None, typer.Option(help="Also write the letter as a PDF, to this file.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    from meterledger.entrypoints.cli import deposit_acts, deposit_looks

    commands = typer.Typer(
        name="deposit",
        help="Deposits and guarantees: whether, how much, interest, and the way back.",
        no_args_is_help=True,
    )
    commands.command("notice")(notice)
    commands.command("ask")(ask)
    commands.command("guarantee")(guarantee)
    commands.command("review")(review)
    commands.command("apply")(apply)
    commands.command("list")(list_deposits)
    commands.command("run")(run)
    deposit_looks.register(commands)
    deposit_acts.register(commands)
    app.add_typer(commands)


def notice(
    account: Account,
    facts: Facts = None,
    sent_by: Annotated[
        str, typer.Option(help="How it was sent: mail, or electronically.")
    ] = "mail",
    by: By = "",
    reason: Reason = "",
    on: On = "",
    pdf: Pdf = None,
    as_json: JsonFlag = False,
) -> None:
    """Write down that the notice of a deposit to keep service was sent; its day counts."""
    from meterledger.entrypoints.deposit_letters import notice_letter
    from meterledger.entrypoints.deposit_words import deposit_desk
    from meterledger.usecases.deposit_ask import send_notice

    with refusing(), opened("send the notice of a deposit", [account]) as system:
        done = send_notice(
            account,
            on=day_of(on, system),
            told=_told(facts),
            sent_by=sent_by,
            reason=reason,
            desk=deposit_desk(system, by),
        )
        if pdf is not None:
            pdf.write_bytes(notice_letter(done.deposit, system))
        answer(done, system, as_json=as_json)


def ask(
    account: Account,
    kind: Annotated[str, typer.Option(help="initial, continued or non-residential.")] = "initial",
    cents: Annotated[
        int | None,
        typer.Option(
            "--usd", click_type=AMOUNT, help="How much; the most that may be, unless told."
        ),
    ] = None,
    facts: Facts = None,
    earlier_account: Annotated[
        list[str] | None, typer.Option(help="An earlier account of the same customer.")
    ] = None,
    disconnection_notice: Annotated[
        str, typer.Option(help="Day of the last disconnection notice that explained it.")
    ] = "",
    by: By = "",
    reason: Reason = "",
    on: On = "",
    pdf: Pdf = None,
    as_json: JsonFlag = False,
) -> None:
    """Ask for a deposit, if the rules allow it: why, the most it may be, by when it is due."""
    from meterledger.entrypoints.deposit_letters import notice_letter
    from meterledger.entrypoints.deposit_words import deposit_desk
    from meterledger.facts.deposits import DepositKind
    from meterledger.usecases.deposit_ask import ask_deposit

    with refusing(), opened("ask for a deposit", [account]) as system:
        kinds = {one.value: one for one in DepositKind}
        if kind not in kinds:
            raise BadArgument(
                f"'{kind[:40]}' is no kind of deposit",
                where="--kind",
                do=f"Write one of {', '.join(kinds)}",
            )
        sent = day_from(disconnection_notice, option="--disconnection-notice").isoformat() if (
            disconnection_notice
        ) else ""  # fmt: skip
        done = ask_deposit(
            account,
            kinds[kind],
            on=day_of(on, system),
            told=_told(facts),
            cents=cents,
            reason=reason,
            desk=deposit_desk(system, by),
            earlier_accounts=earlier_account or (),
            notice={"sent_on": sent, "written": True} if sent else None,
        )
        if pdf is not None:
            pdf.write_bytes(notice_letter(done.deposit, system))
        answer(done, system, as_json=as_json)


def guarantee(
    deposit: Name,
    guarantor: Annotated[str, typer.Option(help="Who answers for the customer's bills.")] = "",
    in_writing: Annotated[bool, typer.Option("--in-writing", help="It is written.")] = False,
    not_accepted: Annotated[
        bool, typer.Option("--not-accepted", help="The credit of a business's guarantor is not.")
    ] = False,
    by: By = "",
    reason: Reason = "",
    on: On = "",
    as_json: JsonFlag = False,
) -> None:
    """Take a written guarantee in place of what is unpaid."""
    from meterledger.entrypoints.deposit_words import deposit_desk
    from meterledger.usecases.deposit_ask import guarantee_deposit

    with refusing(), opened("take a guarantee", [deposit]) as system:
        done = guarantee_deposit(
            deposit,
            guarantor=guarantor,
            on=day_of(on, system),
            reason=reason,
            desk=deposit_desk(system, by),
            in_writing=in_writing,
            accepted=not not_accepted,
        )
        answer(done, system, as_json=as_json)


def review(
    deposit: Name,
    opinion: Annotated[
        str, typer.Option(help="Of a business's credit: satisfactory or not_satisfactory.")
    ] = "",
    by: By = "",
    reason: Reason = "",
    on: On = "",
    as_json: JsonFlag = False,
) -> None:
    """Show whether a deposit goes back; with an opinion, write down a business's review."""
    from meterledger.entrypoints.deposit_words import ACTION_WORDS, deposit_desk
    from meterledger.usecases.deposit_acts import open_money, review_credit
    from meterledger.usecases.deposit_back import consider_return

    with refusing(), opened("review a deposit", [deposit]) as system:
        day, desk = day_of(on, system), deposit_desk(system, by or "nobody")
        if opinion:
            review_credit(
                deposit, opinion=opinion, on=day, reason=reason, desk=deposit_desk(system, by)
            )
        found = consider_return(open_money(deposit, desk), on=day, desk=desk)
        told = {"deposit": deposit, "action": found.action, "ruling": found.ruled.ruling.as_json()}

        def words() -> None:
            print(f"{day}: {ACTION_WORDS[found.action]}.")
            for one in found.ruled.reasons:
                print(f"  {one.finding} - {one.citation.text}")

        say(told, as_json=as_json, words=words)


def apply(deposit: Name, by: By = "", on: On = "", as_json: JsonFlag = False) -> None:
    """Do now what is due of one deposit: interest, giving it back, a payment that came back."""
    from meterledger.entrypoints.deposit_words import deposit_desk
    from meterledger.usecases.deposit_run import DepositRun, put_account_right, run_deposit

    with refusing(), opened("apply a deposit", [deposit]) as system:
        day = day_of(on, system)
        desk = deposit_desk(system, by)
        desk.named("what is due is done", f"deposit {deposit}")
        known = system.store.deposit(deposit)
        done = DepositRun(day)
        if known.is_closed:
            put_account_right(known.account_id, done, on=day, desk=desk)
        else:
            run_deposit(known, done, on=day, desk=desk)
        after = system.store.deposit(deposit)

        def words() -> None:
            for step in after.steps[len(known.steps) :]:
                _print_step(step)
            if not done.changed and not done.refused:
                print(f"Nothing of {deposit} is due on {day}.")
            for one in done.refused:
                print(f"Refused: {one.sentence}")

        say(done.as_json(), as_json=as_json, words=words)


def list_deposits(
    account: Annotated[str, typer.Option(help="Only of this account.")] = "",
    ended: Annotated[bool, typer.Option("--ended", help="Those that have ended, too.")] = False,
    remainders: Annotated[
        bool, typer.Option("--remainders", help="Only what is to be returned to customers.")
    ] = False,
    came_back: Annotated[
        bool,
        typer.Option("--came-back", help="Only those that were used, and whose payment came back."),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """List deposits with what is asked, unpaid and held."""
    from meterledger.entrypoints.cli.deposit_looks import list_came_back
    from meterledger.entrypoints.deposit_words import deposit_desk, deposit_json
    from meterledger.kernel.money import usd_text
    from meterledger.usecases.deposit_back import deposit_remainders_due
    from meterledger.usecases.deposit_money import deposit_money

    with refusing(), opened("list deposits", [account or "deposits"]) as system:
        store = system.store
        accounts = (
            [store.account(account).account_id]
            if account
            else store.deposit_accounts(with_closed=ended or remainders)
        )
        if came_back:
            list_came_back(system, account, as_json=as_json)
            return
        if remainders:
            desk = deposit_desk(system, "nobody")
            due = deposit_remainders_due(accounts, at=system.today, desk=desk)
            told: list[dict[str, Any]] = [
                {
                    "deposit": one.deposit_id,
                    "account": one.account_id,
                    "usd": usd_text(one.cents),
                    "since": one.since.isoformat(),
                    "return_by": one.return_by.isoformat() if one.return_by else None,
                    "automatic": one.automatic,
                }
                for one in due
            ]
            say({"remainders": told}, as_json=as_json, words=lambda: _print_remainders(told))
            return
        rows = [
            deposit_json(money, system.today)
            for name, deposits in store.deposits_of_accounts(accounts).items()
            for money in deposit_money(name, deposits, store).values()
            if ended or not money.deposit.is_closed
        ]

        def words() -> None:
            print(f"{len(rows)} deposit{'' if len(rows) == 1 else 's'}.")
            for one in rows:
                print(
                    f"{one['deposit']}  account {one['account']}, {one['kind']}, {one['state']}: "
                    f"{usd_shown(one['asked_usd'])} asked, {usd_shown(one['unpaid_usd'])} unpaid, "
                    f"{usd_shown(one['held_usd'])} held"
                )

        say({"deposits": rows}, as_json=as_json, words=words)


def run(
    on: Annotated[str, typer.Option(help="The day whose evening it is.")],
    as_json: JsonFlag = False,
) -> None:
    """Do everything that is due of every deposit on a day, and ask for refunds of what remains.

    Safe to run twice.
    """
    from meterledger.entrypoints.deposit_words import deposit_desk, many
    from meterledger.usecases.deposit_hand_out import hand_out_remainders
    from meterledger.usecases.deposit_run import BY, run_deposits
    from meterledger.usecases.settlements import MoneyDesk

    with refusing(), opened("the night of deposits", ["deposits"]) as system:
        day, desk = day_of(on, system), deposit_desk(system, BY)
        done = run_deposits(on=day, desk=desk)
        refunds = MoneyDesk(system.store, system.book, day, system.now)
        out = hand_out_remainders(on=day, desk=desk, refunds=refunds)
        told = done.as_json() | {
            "refunds": {
                "due": out.due,
                "asked": out.asked,
                "on_their_way": out.on_their_way,
                "refused": [
                    {"account": one.account_id, "sentence": why} for one, why in out.refused
                ],
            }
        }

        def words() -> None:
            _print_run(done)
            if out.due:
                print(
                    f"{many(out.due, 'remainder')} = {many(len(out.asked), 'refund')} asked for + "
                    f"{out.on_their_way} waiting for approval + {len(out.refused)} refused."
                )
            for one, why in out.refused[:20]:
                print(f"Refused: account {one.account_id}: {why}")

        say(told, as_json=as_json, words=words)


def answer(done: Asked, system: System, *, as_json: bool) -> None:
    """Say what became of a deposit."""
    from meterledger.entrypoints.deposit_words import deposit_json, money_of

    money = money_of(done.deposit, system)
    told = deposit_json(money, system.today) | {"newly": done.newly}

    def words() -> None:
        last = done.deposit.steps[-1]
        _print_step(last, " (known already)" if not done.newly else "")

    say(told, as_json=as_json, words=words)


def _print_step(step: DepositStep, also: str = "") -> None:
    from meterledger.entrypoints.deposit_words import sentence_of
    from meterledger.usecases.deposit_record import reasons_of

    print(f"{step.deposit_id}: {sentence_of(step)}{also}")
    for one in reasons_of(step):
        print(f"  {one.finding} - {one.citation.text}")


def day_of(on: str, system: System) -> date:
    """The day that counts, up to today."""
    day = day_from(on, option="--on") if on else system.today
    if day > system.today:
        raise BadArgument(
            f"{day} is not here yet", where="--on", do=f"Name a day up to today, {system.today}"
        )
    return day


def _told(facts: Path | None) -> dict[str, Any]:
    from meterledger.kernel.exact_json import read_exact_json

    if facts is None:
        return {}
    try:
        data = facts.read_bytes()
    except OSError as problem:
        raise BadArgument(
            f"The file {facts.name} cannot be read",
            where="--facts",
            do="Give a JSON file of facts, like those of `meterledger rules`",
        ) from problem
    told = read_exact_json(
        data,
        where=f"--facts {facts.name}",
        do="Give a JSON file of facts, like those of `meterledger rules`",
    )
    if not isinstance(told, dict):
        raise BadArgument(
            f"The file {facts.name} is no group of facts",
            where="--facts",
            do='Write {"fact": value}',
        )
    return told


def _print_run(done: DepositRun) -> None:
    from meterledger.entrypoints.deposit_words import many

    print(
        f"{many(done.looked_at, 'deposit')} = {done.changed} changed + "
        f"{done.nothing_due} with nothing due + {len(done.refused)} refused, on {done.on}."
    )
    for name, count in sorted(done.counts.items()):
        if count:
            print(f"  {count:>7} {name}")
    for one in done.refused[:20]:
        print(f"Refused: {one.deposit_id}: {one.sentence}")


def _print_remainders(told: list[dict[str, Any]]) -> None:
    print(f"{len(told)} to be returned.")
    for one in told:
        by = f"by {one['return_by']}" if one["return_by"] else "no day is set"
        how = by if one["automatic"] else "once the customer asks"
        print(f"{one['deposit']}  account {one['account']}: {usd_shown(one['usd'])}, {how}")


@contextmanager
def opened(purpose: str, subjects: list[str]) -> Iterator[System]:
    """The system, for somebody at the command line.

    The log has the deposits that are named, and the accounts that they are of.
    """
    from meterledger.entrypoints.wiring import open_system
    from meterledger.usecases.ports import NotFound, Viewer

    viewer = Viewer("command line", purpose)
    with open_system(viewer=viewer, subjects=subjects) as system:
        accounts = set()
        for name in subjects:
            with suppress(NotFound):  # an account, or what the command itself refuses
                accounts.add(system.store.deposit(name).account_id)
        shown = sorted(accounts.difference(subjects))
        with system.store.viewing(viewer, shown) if shown else nullcontext():
            yield system
