"""More of ``meterledger deposit``: looking at one, its interest, deciding it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from meterledger.entrypoints.cli.answer import JsonFlag, refusing, say
from meterledger.kernel.money import usd_display, usd_shown

if TYPE_CHECKING:
    from meterledger.entrypoints.wiring import System

Name = Annotated[str, typer.Argument(help="Id of the deposit, like D-0123456789abcdef.")]
On = Annotated[str, typer.Option(help="The day that counts; today unless told.")]


def register(commands: typer.Typer) -> None:
    """Add the commands to the group."""
    commands.command("show")(show)
    commands.command("pay-state")(pay_state)
    commands.command("interest")(interest)
    commands.command("replay")(replay)


def pay_state(deposit: Name, as_json: JsonFlag = False) -> None:
    """Show what is asked for, paid, unpaid and held of a deposit."""
    from meterledger.entrypoints.cli.deposit import opened
    from meterledger.entrypoints.deposit_words import deposit_json, money_of
    from meterledger.facts.deposits import asked_items

    with refusing(), opened("look at a deposit", [deposit]) as system:
        money = money_of(system.store.deposit(deposit), system)
        told = deposit_json(money, system.today)

        def words() -> None:
            print(
                f"{told['state']}: {usd_shown(told['asked_usd'])} asked, "
                f"{usd_shown(told['called_off_usd'])} called "
                f"off, {usd_shown(told['paid_usd'])} paid, {usd_shown(told['unpaid_usd'])} unpaid, "
                f"{usd_shown(told['held_usd'])} held."
            )
            paid = money.paid_cents
            for item in asked_items([money.deposit], system.today):
                covered = min(paid, item.charged_cents)
                paid -= covered
                if item.charged_cents > covered:
                    open_ = usd_display(item.charged_cents - covered)
                    print(f"  {item.item_id}: {open_} due by {item.due_day}")

        say(told, as_json=as_json, words=words)


def interest(deposit: Name, on: On = "", as_json: JsonFlag = False) -> None:
    """Show what interest would be due if it were returned on a day. Nothing is written."""
    from meterledger.entrypoints.cli.deposit import day_of, opened
    from meterledger.entrypoints.deposit_words import deposit_desk, money_of
    from meterledger.kernel.money import usd_text
    from meterledger.usecases.deposit_interest import accrued

    with refusing(), opened("look at a deposit", [deposit]) as system:
        day = day_of(on, system)
        money = money_of(system.store.deposit(deposit), system)
        cents, rulings = accrued(money, on=day, desk=deposit_desk(system, "nobody"))
        told = {
            "deposit": deposit,
            "on": day.isoformat(),
            "interest_usd": usd_text(cents),
            "rulings": [one.ruling.as_json() for one in rulings],
        }

        def words() -> None:
            print(f"{usd_display(cents)} of interest if returned on {day}.")
            for one in rulings:
                for reason in one.reasons:
                    print(f"  {reason.finding} - {reason.citation.text}")

        say(told, as_json=as_json, words=words)


def show(deposit: Name, as_json: JsonFlag = False) -> None:
    """Show a deposit: its steps with reasons and clauses, and its money."""
    from meterledger.entrypoints.cli.deposit import opened
    from meterledger.entrypoints.deposit_words import (
        KIND_WORDS,
        deposit_json,
        idle_sentence,
        money_of,
        sentence_of,
        state_words,
    )
    from meterledger.usecases.deposit_record import reasons_of

    with refusing(), opened("look at a deposit", [deposit]) as system:
        money = money_of(system.store.deposit(deposit), system)

        def words() -> None:
            known = money.deposit
            print(
                f"{known.deposit_id}, account {known.account_id}, {KIND_WORDS[known.kind]}: "
                f"{state_words(money)}, {usd_display(money.held_cents)} held"
            )
            if idle := idle_sentence(money):
                print(f"{idle}.")
            for step in known.steps:
                print(f"  {step.on}  {sentence_of(step)} ({step.by}: {step.reason})")
                for one in reasons_of(step):
                    print(f"      {one.finding} - {one.citation.text}")

        say(deposit_json(money, system.today), as_json=as_json, words=words)


def list_came_back(system: System, account: str, *, as_json: bool) -> None:
    """Say which deposits were used and had a payment come back, and what is open of it."""
    from meterledger.entrypoints.deposit_words import came_back_json, deposit_desk, many
    from meterledger.usecases.deposit_came_back import deposits_that_came_back

    rows = [
        one
        for one in deposits_that_came_back(
            at=system.today, desk=deposit_desk(system, "nobody"), refunds=system.store
        )
        if account in ("", one.account_id)
    ]

    def words() -> None:
        were = "was" if len(rows) == 1 else "were"
        print(f"{many(len(rows), 'deposit')} that {were} used, and whose payment came back.")
        for one in rows:
            print(
                f"{one.deposit_id}  account {one.account_id}: {usd_display(one.back_cents)} came "
                f"back on {one.back_on}; {usd_display(one.open_cents)} is open. {one.sentence}."
            )

    say({"came_back": [came_back_json(one) for one in rows]}, as_json=as_json, words=words)


def replay(deposit: Name, as_json: JsonFlag = False) -> None:
    """Decide every step again from what was known then, and say whether it is the same."""
    from meterledger.entrypoints.cli.deposit import opened
    from meterledger.usecases.deposit_replay import replay_deposit

    with refusing(), opened("replay a deposit", [deposit]) as system:
        made = replay_deposit(deposit, store=system.store, book=system.book)

        def words() -> None:
            print(f"{deposit}: {'the same' if made.same else 'NOT the same'}")
            for one in made.steps:
                print(f"  {one.step.on}  {one.step.act.value}: {'same' if one.same else 'differs'}")
                for said in filter(None, (*one.differences, one.note)):
                    print(f"      {said}")

        say(made.as_json(), as_json=as_json, words=words)
