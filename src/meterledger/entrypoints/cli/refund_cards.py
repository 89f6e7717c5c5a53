"""``meterledger refund to-card``, ``ask-card``, ``settle-card``: refunds at the processor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, refusing, say
from meterledger.entrypoints.cli.settlement import By, Name, On, Reason, accounts_of, desk_of
from meterledger.entrypoints.cli.whose import of_accounts
from meterledger.kernel.money import usd_display

if TYPE_CHECKING:
    from meterledger.facts.card_refunds import CardRefundOnFile
    from meterledger.usecases.card_refunds import CardDesk


def add_card_commands(refunds: typer.Typer) -> None:
    """Add the commands to those of refunds."""
    refunds.command("to-card")(to_card)
    refunds.command("ask-card")(ask_card)
    refunds.command("settle-card")(settle_card)


def to_card(name: Name, by: By = "", on: On = "", as_json: JsonFlag = False) -> None:
    """Send an approved refund to the card that paid; run again it asks the processor instead."""
    from meterledger.usecases.card_refunds import send_to_card

    with refusing(), _cards("send a refund to a card", name, on) as desk:
        _answer_card(send_to_card(name, by=by, desk=desk), as_json=as_json)


def ask_card(
    name: Annotated[
        str, typer.Argument(help="The card refund; every one that is unknown if left out.")
    ] = "",
    on: On = "",
    as_json: JsonFlag = False,
) -> None:
    """Ask the processor how refunds to cards stand."""
    from meterledger.entrypoints.channel_words import card_refund_json
    from meterledger.usecases.card_refunds import ask_card_refund, ask_card_refunds

    with refusing(), _cards("ask the processor", name or "refunds to cards", on) as desk:
        if name:
            _answer_card(ask_card_refund(name, desk=desk), as_json=as_json)
            return
        refused: list[tuple[str, str]] = []
        asked = ask_card_refunds(desk=desk, refused=refused)

        def words() -> None:
            for one in asked:
                print(f"{one.refund.refund_id}: {one.state.value}")
            for name_, why in refused:
                print(f"{name_}: {why}")
            if not asked and not refused:
                print("Every refund to a card has a known outcome.")

        told = {
            "asked": [card_refund_json(one) for one in asked],
            "refused": [{"what": one, "sentence": why} for one, why in refused],
        }
        say(told, as_json=as_json, words=words)


def settle_card(
    name: Annotated[str, typer.Argument(help="The card refund, as `refund to-card` names it.")],
    done: Annotated[bool, typer.Option("--done", help="It left, as the processor says.")] = False,
    refused: Annotated[bool, typer.Option("--refused", help="Nothing left.")] = False,
    by: By = "",
    reason: Reason = "",
    on: On = "",
    as_json: JsonFlag = False,
) -> None:
    """Say as a person how an unknown refund to a card ended; the processor's word still counts."""
    from meterledger.usecases.card_refunds import settle_card_refund

    with refusing(), _cards("end an unknown refund to a card", name, on) as desk:
        if done == refused:
            raise BadArgument(
                "Say one of --done and --refused",
                where="meterledger refund settle-card",
                do="Look at the processor's own page of it first",
            )
        ended = settle_card_refund(name, is_done=done, by=by, reason=reason, desk=desk)
        _answer_card(ended, as_json=as_json)


@contextmanager
def _cards(purpose: str, name: str, on: str) -> Iterator[CardDesk]:
    from meterledger.entrypoints.channel_words import card_desk
    from meterledger.entrypoints.wiring import open_system
    from meterledger.usecases.ports import Viewer

    viewer = Viewer("command line", purpose)
    with (
        open_system(viewer=viewer, subjects=[name]) as system,
        of_accounts(system, viewer, lambda: accounts_of(system, [name])),
    ):
        yield card_desk(system, desk_of(system, on))


def _answer_card(found: CardRefundOnFile, *, as_json: bool) -> None:
    from meterledger.entrypoints.channel_words import card_refund_json

    refund = found.refund

    def words() -> None:
        print(
            f"{refund.refund_id}: {found.state.value}, {usd_display(refund.cents)} to the card of "
            f"checkout {refund.checkout_id}, account {refund.account_id}"
        )
        for one in found.steps:
            who = f" by {one.by}" if one.by else ""
            print(f"  {one.learned_at.isoformat()}  {one.heard_by.value}{who}: {one.sentence}")

    say(card_refund_json(found), as_json=as_json, words=words)
