"""``meterledger delivery``: how an account's bills are sent, on paper or electronically."""

from __future__ import annotations

from typing import Annotated

import typer

from meterledger.entrypoints.cli.answer import JsonFlag, day_from, refusing, say

Account = Annotated[str, typer.Argument(help="Account number, ten digits.")]
On = Annotated[str | None, typer.Option(help="The day (today unless given).")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    delivery = typer.Typer(
        help="How an account's bills are sent: prefer paper or electronic ones, and look.",
        no_args_is_help=True,
    )
    delivery.command("prefer")(prefer)
    delivery.command("show")(show)
    app.add_typer(delivery, name="delivery")


def prefer(
    account: Account,
    medium: Annotated[str, typer.Argument(help="paper or electronic.")],
    address: Annotated[str, typer.Option(help="Where an electronic bill goes.")] = "",
    on: On = None,
    as_json: JsonFlag = False,
) -> None:
    """Keep how bills are sent from a day on, and say what that earns (GRR V.N)."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.deliveries import prefer_delivery
        from meterledger.usecases.ports import Viewer

        viewer = Viewer("command line", "prefer a delivery")
        with open_system(viewer=viewer, subjects=[account]) as system:
            system.store.account(account)
            kept = prefer_delivery(
                account_id=account,
                medium=medium,
                address=address,
                on=day_from(on, option="--on") if on else system.today,
                learned_at=system.now,
                view=system.view,
                store=system.store,
            )
        told = kept.preference
        credit = f"; {kept.of_the_credit}" if kept.of_the_credit else ""
        answer = {
            "account": account,
            "medium": told.medium.value,
            "address": told.address,
            "from": told.days.from_day.isoformat(),
            "credit": kept.of_the_credit,
        }
        say(
            answer,
            as_json=as_json,
            words=lambda: print(
                f"Bills of account {account} are {told.medium.value} from {told.days.from_day} "
                f"on{credit}."
            ),
        )


def show(account: Account, on: On = None, as_json: JsonFlag = False) -> None:
    """Show how bills are sent, and the paperless credit as the book has it."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.facts.billing_options import Delivery
        from meterledger.usecases.deliveries import credit_words
        from meterledger.usecases.ports import Viewer

        viewer = Viewer("command line", "show a delivery")
        with open_system(viewer=viewer, subjects=[account]) as system:
            system.store.account(account)
            day = day_from(on, option="--on") if on else system.today
            told = system.store.delivery_preference(account, day)
            medium = told.medium if told else Delivery.PAPER
            credit = credit_words(medium, day, system.view)
        answer = {
            "account": account,
            "on": day.isoformat(),
            "medium": medium.value,
            "address": told.address if told else "",
            "since": told.days.from_day.isoformat() if told else None,
            "credit": credit,
        }
        since = f" since {told.days.from_day}" if told else ", as nobody has said otherwise"
        words = f"Bills of account {account} are {medium.value}{since}"
        say(
            answer,
            as_json=as_json,
            words=lambda: print(f"{words}{f'; {credit}' if credit else ''}."),
        )
