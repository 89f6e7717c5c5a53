"""``meterledger pay``: take a cash payment for an account, or for a combined statement."""

from __future__ import annotations

from typing import Annotated

import typer

from meterledger.entrypoints.cli.answer import AMOUNT, JsonFlag, day_from, refusing, say
from meterledger.entrypoints.cli.combined_money import (
    Combination,
    CombinedTold,
    Statement,
    refuse_both,
    take_combined,
)
from meterledger.kernel.money import usd_shown


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("pay")(pay)


def pay(
    account: Annotated[
        str, typer.Argument(help="Account number, ten digits; none with --statement.")
    ] = "",
    *,
    cents: Annotated[
        int,
        typer.Option("--usd", click_type=AMOUNT, help="Amount in dollars and cents, like 84.50."),
    ],
    key: Annotated[
        str,
        typer.Option(help="The receipt's number: up to 64 plain characters; it never posts twice."),
    ],
    on: Annotated[
        str | None, typer.Option(help="Day the money was received (today unless given).")
    ] = None,
    combination: Combination = "",
    statement: Statement = "",
    as_json: JsonFlag = False,
) -> None:
    """Take a cash payment. A key posts once; with other contents it is refused."""
    if refuse_both(account, combination, statement):
        from meterledger.usecases.take_payment import AT_THE_DESK

        told = CombinedTold(combination, statement, cents, key, on or "")
        take_combined(told, lambda: AT_THE_DESK, as_json=as_json)
        return
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.kernel.money import usd_text
        from meterledger.usecases.deposit_asked import deposits_asked_on
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.take_payment import take_payment

        with open_system(
            viewer=Viewer("command line", "take a payment"), subjects=[account]
        ) as system:
            payment, newly = take_payment(
                account_id=account,
                cents=cents,
                payment_key=key,
                received_day=day_from(on, option="--on") if on else system.today,
                learned_at=system.now,
                view=system.view,
                store=system.store,
                asked_deposits=deposits_asked_on(system.today, system.store),
            )
            balance = system.store.balance_cents(account)
        answer = {
            "payment": payment.payment_key,
            "account": account,
            "usd": usd_text(payment.cents),
            "received": payment.received_day.isoformat(),
            "status": "posted" if newly else "known",
            "balance_usd": usd_text(balance),
        }
        what = "Posted" if newly else "Known already, nothing changed:"
        say(
            answer,
            as_json=as_json,
            words=lambda: print(
                f"{what} {usd_shown(answer['usd'])} for account {account}, key "
                f"{payment.payment_key}. "
                f"Balance now {usd_shown(answer['balance_usd'])}."
            ),
        )
