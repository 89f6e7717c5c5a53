"""``meterledger refund`` and ``unclaimed``: credits that go back, and those that nobody takes."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, refusing, say
from meterledger.entrypoints.cli.refund_cards import add_card_commands
from meterledger.entrypoints.cli.settlement import (
    Account,
    By,
    Name,
    On,
    Reason,
    Usd,
    act,
    approve,
    at_the_desk,
    desk_of,
    refuse,
    settle,
    show,
    undo,
)
from meterledger.kernel.money import usd_display, usd_shown
from meterledger.kernel.written_counts import many

if TYPE_CHECKING:
    from meterledger.facts.settlements import Means
    from meterledger.usecases.unclaimed import Report

Reference = Annotated[str, typer.Option(help="Number of the check, file, bank line or letter.")]
Out = Annotated[str, typer.Option(help="Write it to this file as CSV; it must not be there yet.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    refunds = typer.Typer(
        name="refund",
        help="Credits that go back: ask, approve by another person, send, clear, stop.",
        no_args_is_help=True,
    )
    refunds.command("ask")(ask)
    refunds.command("final")(final)
    refunds.command("payee")(payee)
    refunds.command("approve")(approve)
    refunds.command("refuse")(refuse)
    refunds.command("to-send")(to_send)
    refunds.command("send")(send)
    add_card_commands(refunds)
    refunds.command("order-ach")(order_ach)
    refunds.command("mark-ach")(mark_ach)
    refunds.command("clear")(clear)
    refunds.command("stop")(stop)
    refunds.command("return")(came_back)
    refunds.command("undo")(undo)
    refunds.command("show")(show)
    app.add_typer(refunds)
    unclaimed = typer.Typer(
        name="unclaimed",
        help="Refunds that nobody takes: set apart, write to owners, claim, hand to the State.",
        no_args_is_help=True,
    )
    unclaimed.command("list")(unclaimed_list)
    unclaimed.command("set-apart")(set_apart)
    unclaimed.command("letter")(letter)
    unclaimed.command("claim")(claimed)
    unclaimed.command("report")(report)
    unclaimed.command("hand-over")(handed_over)
    app.add_typer(unclaimed)


def ask(
    account: Account,
    cents: Usd,
    by: By = "",
    reason: Reason = "",
    payment: Annotated[str, typer.Option(help="Back to where this payment came from.")] = "",
    payee_id: Annotated[str, typer.Option("--payee", help="To this verified payee.")] = "",
    deposit: Annotated[
        bool, typer.Option("--deposit", help="Off what remains of deposits that ended.")
    ] = False,
    agency_terms: Annotated[
        str,
        typer.Option(help="Where an agency leaves its pledge to the customer: its terms, kept."),
    ] = "",
    on: On = "",
    as_json: JsonFlag = False,
) -> None:
    """Ask for a credit, or a part of it, to go back. Another person approves it.

    What a pledge left goes back to its agency.
    """
    from meterledger.usecases.refund_credit import ask_refund

    with refusing(), at_the_desk("ask for a refund", [account], on) as desk:
        done = ask_refund(
            account,
            cents,
            by=by,
            reason=reason,
            payment_key=payment,
            payee_id=payee_id,
            source="235" if deposit else "142",
            agency_terms=agency_terms,
            desk=desk,
        )
        settle(done, as_json=as_json)


def final(
    account: Annotated[
        str, typer.Argument(help="One account; every account in credit unless given.")
    ] = "",
    by: By = "final credits",
    on: On = "",
    as_json: JsonFlag = False,
) -> None:
    """Credits of accounts that ended: asked for from the floor on, or moved to the live account."""
    from meterledger.entrypoints.settlement_words import settlement_json
    from meterledger.kernel.money import usd_text
    from meterledger.kernel.refusal import Refusal
    from meterledger.usecases.refund_credit import settle_final_credit

    with (
        refusing(),
        at_the_desk("settle final credits", [account or "accounts in credit"], on) as (desk),
    ):
        told: list[dict[str, Any]] = []
        refused: list[dict[str, str]] = []
        for one in [account] if account else desk.store.accounts_in_credit():
            try:
                found = settle_final_credit(one, by=by, desk=desk)
            except Refusal as no:
                if account:
                    raise
                refused.append({"account": one, "why": no.of_one_case().sentence})
                continue
            told.append(
                {
                    "account": found.account_id,
                    "way": found.way.value,
                    "usd": usd_text(found.cents),
                    "why": found.words,
                    "stays_usd": usd_text(found.stays_cents),
                    "stays_why": found.stays_words,
                    "settlement": settlement_json(found.case) if found.case else None,
                    "status": "done" if found.is_new else "unchanged",
                }
            )

        def words() -> None:
            for one in told:
                print(f"{one['account']}  {usd_shown(one['usd'])} {one['way']}: {one['why']}.")
                if one["stays_why"] not in ("", one["why"]):
                    print(f"    {usd_shown(one['stays_usd'])} stays: {one['stays_why']}.")
            for no in refused:
                print(f"{no['account']}  refused: {no['why']}")
            if not told and not refused:
                print(f"No account has a credit ({usd_display(0)}).")

        say({"credits": told, "refused": refused}, as_json=as_json, words=words)


def payee(
    name_of: Annotated[str, typer.Argument(metavar="PAYEE", help="A short name of its own.")],
    account: Annotated[str, typer.Option(help="The account whose money may go there.")],
    name: Annotated[str, typer.Option(help="Who is paid.")],
    details: Annotated[str, typer.Option(help="Address, or the name of the bank account kept.")],
    means: Annotated[str, typer.Option(help="check or ach.")] = "check",
    by: By = "",
    evidence: Annotated[str, typer.Option(help="What was seen that proves it.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Keep a verified payee of an account."""
    from meterledger.usecases.refund_credit import verify_payee

    with refusing(), at_the_desk("verify a payee", [account]) as desk:
        newly = verify_payee(
            name_of,
            account_id=account,
            name=name,
            means=_means(means),
            details=details,
            by=by,
            evidence=evidence,
            desk=desk,
        )
        told = {"payee": name_of, "account": account, "status": "kept" if newly else "known"}
        say(told, as_json=as_json, words=lambda: print(f"Payee {name_of}: {told['status']}."))


def to_send(
    means: Annotated[str, typer.Option(help="Only check, ach or card.")] = "",
    out: Out = "",
    as_json: JsonFlag = False,
) -> None:
    """List what is approved and not on its way: the check register, or an ACH file's lines."""
    from meterledger.kernel.money import usd_text
    from meterledger.usecases.refund_credit import refunds_to_send

    with refusing(), at_the_desk("list refunds to send", ["refunds"]) as desk:
        found = refunds_to_send(desk, means=_means(means) if means else None)
        told = [
            {
                "settlement": one.settlement_id,
                "account": one.account_id,
                "usd": usd_text(one.cents),
                "name": one.name,
                "means": one.means.value,
                "details": one.details,
                "payment": one.payment_key,
                "by_day": one.by_day.isoformat() if one.by_day else "",
            }
            for one in found
        ]
        if out:
            header = (*("settlement", "account", "usd", "name"),
                      *("means", "details", "payment", "by_day"))  # fmt: skip
            _write(out, (header, *(tuple(one[name] for name in header) for one in told)))

        def words() -> None:
            total = sum(one.cents for one in found)
            print(f"{len(found)} to send, {usd_display(total)} together.")
            for one in told:
                print(
                    f"{one['settlement']}  {usd_shown(one['usd'])} to {one['name']} "
                    f"by {one['means']}"
                )

        say({"to_send": told}, as_json=as_json, words=words)


def send(
    name: Name, reference: Reference = "", by: By = "", on: On = "", as_json: JsonFlag = False
) -> None:
    """Mark an approved refund as sent, with the number of its check or file."""
    from meterledger.usecases.refund_credit import send_refund

    act("send a refund", name, send_refund, on, as_json, by=by, reference=reference)


def order_ach(on: On = "", as_json: JsonFlag = False) -> None:
    """Order a credit for every refund that goes to a bank account; `ach out` makes the file."""
    from meterledger.entrypoints.wiring import open_system
    from meterledger.usecases.ports import Viewer
    from meterledger.usecases.refunds_by_ach import order_refunds

    who = Viewer("command line", "order refunds by ACH")
    with refusing(), open_system(viewer=who, subjects=["refunds"]) as system:
        desk = desk_of(system, on)
        made = order_refunds(desk=desk, store=system.store)
        told = {
            "ordered": made.ordered,
            "refused": [{"settlement": name, "why": why} for name, why in made.refused],
        }

        def words() -> None:
            print(f"{len(made.ordered)} ordered, {len(made.refused)} refused.")
            for name, why in made.refused:
                print(f"{name}: {why}")

        say(told, as_json=as_json, words=words)


def mark_ach(by: By = "", on: On = "", as_json: JsonFlag = False) -> None:
    """Mark as sent every refund that is in an ACH file that was made; its number is the file's."""
    from meterledger.entrypoints.wiring import open_system
    from meterledger.usecases.ports import Viewer
    from meterledger.usecases.refunds_by_ach import mark_refunds_in_files

    who = Viewer("command line", "mark refunds in ACH files")
    with refusing(), open_system(viewer=who, subjects=["refunds"]) as system:
        marked = mark_refunds_in_files(by=by, desk=desk_of(system, on), store=system.store)
        say(
            {"sent": marked},
            as_json=as_json,
            words=lambda: print(f"{len(marked)} marked as sent: {', '.join(marked) or 'none'}."),
        )


def clear(
    name: Name, reference: Reference = "", by: By = "", on: On = "", as_json: JsonFlag = False
) -> None:
    """The bank has paid it; the reference is the bank's line."""
    from meterledger.usecases.refund_credit import clear_refund

    act("clear a refund", name, clear_refund, on, as_json, by=by, reference=reference)


def stop(
    name: Name, by: By = "", reason: Reason = "", on: On = "", as_json: JsonFlag = False
) -> None:
    """Stop what was sent before it is paid; send it again with another number, or undo it."""
    from meterledger.usecases.refund_credit import stop_refund

    act("stop a refund", name, stop_refund, on, as_json, by=by, reason=reason)


def came_back(
    name: Name, by: By = "", reason: Reason = "", on: On = "", as_json: JsonFlag = False
) -> None:
    """What was sent came back: a bank's return, a letter that found nobody."""
    from meterledger.usecases.refund_credit import return_refund

    act("take a refund that came back", name, return_refund, on, as_json, by=by, reason=reason)


def unclaimed_list(on: On = "", as_json: JsonFlag = False) -> None:
    """List unclaimed money, the oldest first, and what the statute says of it."""
    from meterledger.entrypoints.settlement_words import settlement_json, settlement_line
    from meterledger.usecases.unclaimed import unclaimed_money

    with refusing(), at_the_desk("list unclaimed money", ["unclaimed money"], on) as desk:
        found = unclaimed_money(desk)
        told = [
            settlement_json(one.case)
            | {
                "payable_since": one.payable_since.isoformat(),
                "report_year_ends": one.cutoff.isoformat(),
                "due": one.due,
                "named": one.named,
                "needs_notice": one.needs_notice,
            }
            for one in found
        ]

        def words() -> None:
            print(f"{len(found)} unclaimed.")
            for one in found:
                letter_is = ", write to its owner" if one.needs_notice else ""
                due = "due now" if one.due else f"reported for the year to {one.cutoff}"
                print(f"{settlement_line(one.case)}, since {one.payable_since}, {due}{letter_is}")

        say({"unclaimed": told}, as_json=as_json, words=words)


def set_apart(by: By = "", on: On = "", as_json: JsonFlag = False) -> None:
    """Move refunds that waited too long to unclaimed money; what is sent is stopped."""
    from meterledger.entrypoints.settlement_words import list_words, settlement_json
    from meterledger.usecases.unclaimed import set_stale_apart

    with refusing(), at_the_desk("set stale refunds apart", ["refunds"], on) as desk:
        moved = set_stale_apart(by=by, desk=desk)
        told = {"set_apart": [settlement_json(one) for one in moved]}
        say(told, as_json=as_json, words=lambda: print(list_words(moved)))


def letter(
    name: Name, reference: Reference = "", by: By = "", on: On = "", as_json: JsonFlag = False
) -> None:
    """Keep that the owner was written to; the reference is the letter's number."""
    from meterledger.usecases.unclaimed import note_letter

    act("note a letter", name, note_letter, on, as_json, by=by, reference=reference)


def claimed(
    name: Name, by: By = "", reason: Reason = "", on: On = "", as_json: JsonFlag = False
) -> None:
    """The owner came: it is a refund to be sent again."""
    from meterledger.usecases.unclaimed import claim

    act("give unclaimed money to its owner", name, claim, on, as_json, by=by, reason=reason)


def report(out: Out = "", on: On = "", as_json: JsonFlag = False) -> None:
    """What is due to the State's treasurer, by owner. Nothing is changed."""
    from meterledger.usecases.unclaimed import report_unclaimed

    with refusing(), at_the_desk("report unclaimed money", ["unclaimed money"], on) as desk:
        found = report_unclaimed(desk)
        if out:
            _write(out, found.rows)
        _answer_report(found, "reported", as_json=as_json)


def handed_over(
    reference: Reference = "",
    by: By = "",
    reason: Reason = "",
    out: Out = "",
    on: On = "",
    as_json: JsonFlag = False,
) -> None:
    """Pay what is due to the State's treasurer, all of it or nothing; the report is its file."""
    from meterledger.usecases.unclaimed import hand_over, report_unclaimed

    with refusing(), at_the_desk("hand unclaimed money over", ["unclaimed money"], on) as desk:
        found = report_unclaimed(desk)
        if out:
            _write(out, found.rows)
        try:
            done = hand_over(found, by=by, reason=reason, reference=reference, desk=desk)
        except BaseException:
            if out:  # nothing was handed over: the file would say otherwise
                Path(out).unlink()
            raise
        _answer_report(done, "handed over", as_json=as_json)


def _answer_report(found: Report, what: str, *, as_json: bool) -> None:
    from meterledger.kernel.money import usd_text

    header, *rows = found.rows
    told = {
        "year_ends": found.cutoff.isoformat(),
        "total_usd": usd_text(found.total_cents),
        "status": what,
        "rows": [dict(zip(header, row, strict=True)) for row in rows],
    }

    def words() -> None:
        refunds = many(len(found.cases), "refund")
        print(f"{usd_display(found.total_cents)} of {refunds} {what}.")
        for row in rows:
            print("  " + ", ".join(one for one in row if one))

    say(told, as_json=as_json, words=words)


def _means(told: str) -> Means:
    from meterledger.facts.settlements import Means

    try:
        return Means(told)
    except ValueError:
        raise BadArgument(
            f"'{told[:40]}' is no way to pay",
            where="--means",
            do=f"Give one of {', '.join(one.value for one in Means)}",
        ) from None


def _write(out: str, rows: tuple[tuple[str, ...], ...]) -> None:
    """Write a new file. :raises BadArgument: if it is there already or cannot be written"""
    try:
        with Path(out).open("x", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
    except OSError as problem:
        raise BadArgument(
            f"{out[:200]} cannot be written: {problem.strerror}",
            where="--out",
            do="Name a new file in a folder that is there",
        ) from problem
