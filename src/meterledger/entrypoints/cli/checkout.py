"""``meterledger checkout``: card and wallet payments at a processor, and unknown outcomes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import AMOUNT, BadArgument, JsonFlag, refusing, say
from meterledger.kernel.money import usd_shown

if TYPE_CHECKING:
    from meterledger.entrypoints.wiring import System
    from meterledger.facts.checkouts import CheckoutOnFile


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    commands = typer.Typer(
        name="checkout",
        help="Card and wallet payments, paid at the processor's pages; unknown outcomes.",
        no_args_is_help=True,
    )
    for name, command in (
        ("start", start),
        ("answer", answer),
        ("ask", ask),
        ("show", show),
        ("unknown", unknown),
        ("settle", settle),
    ):
        commands.command(name)(command)
    app.add_typer(commands)


Key = Annotated[str, typer.Argument(help="The checkout's key.")]


def start(
    account: Annotated[str, typer.Argument(help="Account number, ten digits.")],
    cents: Annotated[
        int,
        typer.Option("--usd", click_type=AMOUNT, help="Amount in dollars and cents, like 84.50."),
    ],
    key: Annotated[
        str, typer.Option(help="Our key of it: up to 55 plain characters, unique for ever.")
    ],
    tender: Annotated[str, typer.Option(help="card or wallet.")] = "card",
    as_json: JsonFlag = False,
) -> None:
    """Begin a checkout; the answer says where the customer pays. The same key begins one."""
    from meterledger.entrypoints.channel_words import checkout_desk
    from meterledger.facts.money import Tender
    from meterledger.usecases.checkouts import start_checkout

    with refusing(), _system("begin a checkout", [account]) as system:
        if tender not in ("card", "wallet"):
            raise BadArgument("A checkout is by card or wallet", where="--tender", do="Give one")
        begun = start_checkout(
            key,
            account_id=account,
            cents=cents,
            tender=Tender(tender),
            desk=checkout_desk(system),
        )
        _answer(begun, as_json=as_json)


def answer(
    path: Annotated[Path, typer.Argument(help="The answer's body, as it came.")],
    signature: Annotated[str, typer.Option(help="Its signature, as it came.")],
    as_json: JsonFlag = False,
) -> None:
    """Take an answer that the processor sent by itself: of a checkout, or of a refund to a card."""
    from meterledger.entrypoints.channel_words import card_desk, card_refund_json, checkout_desk
    from meterledger.entrypoints.cli.settlement import desk_of
    from meterledger.facts.card_refunds import CardRefundOnFile
    from meterledger.stores.gateways.opening import raw_bytes
    from meterledger.usecases.card_refunds import take_answer

    with refusing(), _system("take an answer of the processor", [path.name]) as system:
        desk = checkout_desk(system)
        refunds = card_desk(system, desk_of(system, ""))
        heard = take_answer(raw_bytes(path), signature, checkouts=desk, refunds=refunds)
        if isinstance(heard, CardRefundOnFile):
            told = card_refund_json(heard)
            what = f"{heard.refund.refund_id}: {heard.state.value}"
            say(told, as_json=as_json, words=lambda: print(what))
            return
        _answer(heard, as_json=as_json)


def ask(
    key: Annotated[
        str, typer.Argument(help="The checkout's key; all that are due if left out.")
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Ask the processor how a checkout stands, or every unknown one that is due."""
    from meterledger.entrypoints.channel_words import checkout_desk, checkout_json
    from meterledger.usecases.checkouts import ask_checkout, ask_checkouts

    with refusing(), _system("ask the processor", [key or "checkouts"]) as system:
        desk = checkout_desk(system)
        if key:
            _answer(ask_checkout(key, desk=desk), as_json=as_json)
            return
        asked = ask_checkouts(desk=desk)
        told = {
            "known_now": [checkout_json(one) for one in asked.heard],
            "still_unknown": [checkout_json(one) for one in asked.still_unknown],
            "for_a_person": [one.checkout.checkout_id for one in asked.for_a_person],
            "refused": [{"checkout": one, "sentence": why} for one, why in asked.refused],
        }

        def words() -> None:
            print(f"{len(asked.heard)} known now, {len(asked.still_unknown)} still unknown")
            for one in asked.for_a_person:
                print(f"  {one.checkout.checkout_id} waits for a person: `checkout settle`")
            for name, why in asked.refused:
                print(f"  {name}: {why}")

        say(told, as_json=as_json, words=words)


def show(key: Key, as_json: JsonFlag = False) -> None:
    """Show a checkout with all that was heard of it."""
    with refusing(), _system("look at a checkout", [key]) as system:
        _answer(system.store.checkout(key), as_json=as_json)


def unknown(as_json: JsonFlag = False) -> None:
    """List checkouts without a known outcome, the oldest first."""
    from meterledger.entrypoints.channel_words import checkout_json
    from meterledger.facts.checkouts import CheckoutState

    with refusing(), _system("list unknown outcomes", ["checkouts"]) as system:
        found = system.store.checkouts(state=CheckoutState.UNKNOWN)
        told = [checkout_json(one) for one in found]

        def words() -> None:
            for one in told:
                said = one["steps"][-1]["sentence"] if one["steps"] else "nothing was heard"
                print(f"{one['checkout']}  {one['account']}  {usd_shown(one['usd'])}: {said}")
            if not told:
                print("Every checkout has a known outcome.")

        say({"unknown": told}, as_json=as_json, words=words)


def settle(
    key: Key,
    paid_cents: Annotated[
        int | None,
        typer.Option(
            "--paid", click_type=AMOUNT, help="What the processor holds of it, like 84.50."
        ),
    ] = None,
    refused: Annotated[bool, typer.Option("--refused", help="No money came.")] = False,
    by: Annotated[str, typer.Option("--by", help="Who decides: a name.")] = "",
    reason: Annotated[str, typer.Option(help="What was seen at the processor.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """End an unknown checkout as a person; the processor's word still counts when it comes."""
    from meterledger.entrypoints.channel_words import checkout_desk
    from meterledger.usecases.checkouts import settle_checkout

    with refusing(), _system("end an unknown checkout", [key]) as system:
        if (paid_cents is not None) == refused:
            raise BadArgument(
                "Say one of --paid AMOUNT and --refused",
                where="meterledger checkout settle",
                do="Look at the processor's own page of it first",
            )
        desk = checkout_desk(system)
        ended = settle_checkout(
            key, is_paid=not refused, cents=paid_cents or 0, by=by, reason=reason, desk=desk
        )
        _answer(ended, as_json=as_json)


def _answer(on_file: CheckoutOnFile, *, as_json: bool) -> None:
    from meterledger.entrypoints.channel_words import checkout_json

    told: dict[str, Any] = checkout_json(on_file)

    def words() -> None:
        print(
            f"{told['checkout']}: {told['state']}, {usd_shown(told['usd'])}, "
            f"account {told['account']}"
        )
        if told["redirect"] and told["state"] == "unknown":
            print(f"  pay at {told['redirect']}")
        for one in told["steps"]:
            who = f" by {one['by']}" if one["by"] else ""
            print(f"  {one['at']}  {one['heard_by']}{who}: {one['sentence']}")

    say(told, as_json=as_json, words=words)


@contextmanager
def _system(purpose: str, subjects: list[str]) -> Iterator[System]:
    from meterledger.entrypoints.wiring import open_system
    from meterledger.usecases.ports import Viewer

    with open_system(viewer=Viewer("command line", purpose), subjects=subjects) as system:
        yield system
