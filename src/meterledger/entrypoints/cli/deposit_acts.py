"""More of ``meterledger deposit``: winter, disputes, requests, efforts, moves, the certificate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meterledger.entrypoints.cli.answer import JsonFlag, day_from, refusing, say

Name = Annotated[str, typer.Argument(help="Id of the deposit, like D-0123456789abcdef.")]
By = Annotated[str, typer.Option("--by", help="Who decides: a name.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence; it is kept for years.")]
On = Annotated[str, typer.Option(help="The day that counts; today unless told.")]


def register(commands: typer.Typer) -> None:
    """Add the commands to the group."""
    commands.command("agreement")(agreement)
    commands.command("dispute")(dispute)
    commands.command("settle")(settle)
    commands.command("request")(request)
    commands.command("effort")(effort)
    commands.command("move")(move)
    commands.command("certificate")(certificate)


def agreement(
    deposit: Name,
    made_on: Annotated[str, typer.Option(help="Day of the Cold Weather agreement.")],
    broken: Annotated[bool, typer.Option("--broken", help="A payment of it was missed.")] = False,
    by: By = "",
    reason: Reason = "",
    on: On = "",
    as_json: JsonFlag = False,
) -> None:
    """Tell that the customer made a Cold Weather agreement: what is unpaid is cancelled."""
    from meterledger.entrypoints.cli.deposit import answer, day_of, opened
    from meterledger.entrypoints.deposit_words import deposit_desk
    from meterledger.usecases.deposit_acts import cold_weather_agreement

    with refusing(), opened("tell of an agreement", [deposit]) as system:
        done = cold_weather_agreement(
            deposit,
            made_on=day_from(made_on, option="--made-on"),
            on=day_of(on, system),
            kept=not broken,
            reason=reason,
            desk=deposit_desk(system, by),
        )
        answer(done, system, as_json=as_json)


def dispute(
    deposit: Name,
    about: Annotated[
        str,
        typer.Option(
            help="disconnection_for_nonpayment, unauthorized_interference or another_matter."
        ),
    ],
    by: By = "",
    reason: Reason = "",
    on: On = "",
    as_json: JsonFlag = False,
) -> None:
    """Tell of a dispute for which the deposit may wait."""
    from meterledger.entrypoints.cli.deposit import answer, day_of, opened
    from meterledger.entrypoints.deposit_words import deposit_desk
    from meterledger.usecases.deposit_acts import dispute_deposit

    with refusing(), opened("tell of a dispute", [deposit]) as system:
        done = dispute_deposit(
            deposit,
            about=about,
            on=day_of(on, system),
            reason=reason,
            desk=deposit_desk(system, by),
        )
        answer(done, system, as_json=as_json)


def settle(
    deposit: Name, by: By = "", reason: Reason = "", on: On = "", as_json: JsonFlag = False
) -> None:
    """Tell that the dispute is over."""
    from meterledger.entrypoints.cli.deposit import answer, day_of, opened
    from meterledger.entrypoints.deposit_words import deposit_desk
    from meterledger.usecases.deposit_acts import settle_dispute

    with refusing(), opened("settle a dispute", [deposit]) as system:
        done = settle_dispute(
            deposit, on=day_of(on, system), reason=reason, desk=deposit_desk(system, by)
        )
        answer(done, system, as_json=as_json)


def request(
    deposit: Name, by: By = "", reason: Reason = "", on: On = "", as_json: JsonFlag = False
) -> None:
    """Tell that the customer asked for a remainder that does not go back by itself."""
    from meterledger.entrypoints.cli.deposit import answer, day_of, opened
    from meterledger.entrypoints.deposit_words import deposit_desk
    from meterledger.usecases.deposit_acts import request_remainder

    with refusing(), opened("ask for a remainder", [deposit]) as system:
        done = request_remainder(
            deposit, on=day_of(on, system), reason=reason, desk=deposit_desk(system, by)
        )
        answer(done, system, as_json=as_json)


def effort(
    deposit: Name,
    how: Annotated[str, typer.Option(help="What was done: a check mailed, a letter, a call.")] = "",
    take_back: Annotated[
        bool, typer.Option("--take-back", help="An effort (of the day --on) was none.")
    ] = False,
    by: By = "",
    reason: Reason = "",
    on: On = "",
    as_json: JsonFlag = False,
) -> None:
    """Keep the record of an effort to return a deposit: interest ends with it.

    With --take-back another person than who kept it says that it was none: interest runs again.
    """
    from meterledger.entrypoints.cli.deposit import answer, day_of, opened
    from meterledger.entrypoints.deposit_words import deposit_desk
    from meterledger.usecases.deposit_acts import record_effort, take_effort_back

    with refusing(), opened("record an effort", [deposit]) as system:
        if take_back:
            day = day_of(on, system) if on else None
            desk = deposit_desk(system, by)
            back = take_effort_back(deposit, on=day, reason=reason, desk=desk)
            answer(back, system, as_json=as_json)
            return
        done = record_effort(
            deposit, how=how, on=day_of(on, system), reason=reason, desk=deposit_desk(system, by)
        )
        answer(done, system, as_json=as_json)


def move(
    deposit: Name,
    to_account: Annotated[str, typer.Argument(help="Another account of the same customer.")],
    by: By = "",
    approved_by: Annotated[str, typer.Option(help="Another person, who agrees.")] = "",
    reason: Reason = "",
    on: On = "",
    as_json: JsonFlag = False,
) -> None:
    """Move a held deposit to another account of the customer, with the days it came in.

    Two people do it.
    """
    from meterledger.entrypoints.cli.deposit import answer, day_of, opened
    from meterledger.entrypoints.deposit_words import deposit_desk
    from meterledger.usecases.deposit_acts import move_deposit

    with refusing(), opened("move a deposit", [deposit, to_account]) as system:
        done = move_deposit(
            deposit,
            to_account,
            on=day_of(on, system),
            reason=reason,
            approved_by=approved_by,
            desk=deposit_desk(system, by),
        )
        answer(done, system, as_json=as_json)


def certificate(
    deposit: Name,
    pdf: Annotated[Path, typer.Option(help="Write the certificate to this file.")],
    as_json: JsonFlag = False,
) -> None:
    """Set the certificate of what is held of a deposit, as a PDF."""
    from meterledger.entrypoints.cli.deposit import opened
    from meterledger.entrypoints.deposit_letters import certificate_letter
    from meterledger.entrypoints.deposit_words import money_of
    from meterledger.kernel.canonical import sha256_hex

    with refusing(), opened("set a certificate", [deposit]) as system:
        made = certificate_letter(money_of(system.store.deposit(deposit), system), system)
        pdf.write_bytes(made)
        told = {"deposit": deposit, "pdf": str(pdf), "sha256": sha256_hex(made)}
        say(told, as_json=as_json, words=lambda: print(f"Written: {pdf}"))
