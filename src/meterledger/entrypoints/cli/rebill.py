"""``meterledger rebill``: the queue of corrections, and the ways out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import click
import typer
from typer.core import TyperGroup

from meterledger.entrypoints.cli.answer import (
    BadArgument,
    JsonFlag,
    WholeNumber,
    day_from,
    refusing,
    say,
)
from meterledger.kernel.written_counts import many

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from meterledger.entrypoints.wiring import System
    from meterledger.usecases.find_corrections import BillToCorrect
    from meterledger.usecases.rebill import RebillRun

WITHOUT_WORD = "bills"


class _BillsOrWord(TyperGroup):
    """``rebill B-…`` corrects bills; ``rebill list`` and ``rebill leave`` are its other words."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = [WITHOUT_WORD, *args]
        return super().parse_args(ctx, args)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    commands = typer.Typer(
        name="rebill",
        cls=_BillsOrWord,
        help="Cancel bills and bill their periods again: rebill BILL... --by --reason.",
        no_args_is_help=True,
    )
    commands.command(WITHOUT_WORD)(bills)
    commands.command("list")(queue)
    commands.command("leave")(leave)
    app.add_typer(commands)


By = Annotated[str, typer.Option("--by", help="Who decides: a name.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence; it is kept for years.")]


def bills(
    names: Annotated[list[str] | None, typer.Argument(help="Bills of one agreement.")] = None,
    by: By = "",
    reason: Reason = "",
    on: Annotated[str, typer.Option(help="Day of issue; today unless given.")] = "",
    discovered: Annotated[str, typer.Option(help="Day the error was discovered.")] = "",
    inquired: Annotated[str, typer.Option(help="Day the customer asked about it.")] = "",
    notified: Annotated[str, typer.Option(help="Day we were actually told.")] = "",
    within_limits: Annotated[
        bool, typer.Option("--within-limits", help="A test found the meter within its limits.")
    ] = False,
    obstruction: Annotated[
        bool, typer.Option("--obstruction", help="There is proof of obstruction or deceit.")
    ] = False,
    months: Annotated[
        int | None,
        typer.Option(
            click_type=WholeNumber(1, 240), help="Months the customer wishes to repay over."
        ),
    ] = None,
    approved_by: Annotated[
        str,
        typer.Option(
            help="Another person, who agrees to a bill above the ceiling, or of doubtful kvar."
        ),
    ] = "",
    seen: Annotated[
        list[str] | None,
        typer.Option(help="A finding of the gate that you have looked at, like gate.band."),
    ] = None,
    due: Annotated[
        bool, typer.Option("--due", help="True up every estimated bill whose readings have come.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done; record nothing.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Cancel bills and put right ones in their place, each on its own service period."""
    with refusing():
        if due == bool(names):
            raise BadArgument(
                "Either bills are named, or --due is given",
                where="rebill",
                do="Name the bills of one agreement, or give --due for all true-ups",
            )
        subjects = list(names or ["all accounts"])
        with _system("correct bills", subjects) as system:
            day = day_from(on, option="--on") if on else system.today
            if day > system.today:
                raise BadArgument(
                    f"{day} is not here yet",
                    where="--on",
                    do=f"A bill is rendered on a day up to today, {system.today}",
                )
            if not dry_run:
                from meterledger.entrypoints.issuing import refuse_past_day, refuse_wrong_clock

                refuse_past_day(system, day, None)
                refuse_wrong_clock(system)
            if due:
                _true_up(system, day, dry_run=dry_run, as_json=as_json)
                return
            from meterledger.usecases.rebill import Evidence, rebill

            run = rebill(
                names or (),
                author=by,
                reason=reason,
                on=day,
                known_at=system.now,
                store=system.store,
                lake=system.lake,
                book=system.book,
                evidence=Evidence(
                    discovered=_day(discovered, "--discovered"),
                    inquired=_day(inquired, "--inquired"),
                    notified=_day(notified, "--notified"),
                    meter_error_within_limits=within_limits,
                    obstruction_or_misrepresentation=obstruction,
                    wished_months=months,
                ),
                approved_by=approved_by,
                seen=seen or (),
                dry_run=dry_run,
            )
        say(
            {"dry_run": dry_run, **run_json(run)},
            as_json=as_json,
            words=lambda: _print_run(run, dry_run=dry_run),
        )


def _true_up(system: System, day: date, *, dry_run: bool, as_json: bool) -> None:
    from dataclasses import replace

    from meterledger.usecases.find_corrections import now_of
    from meterledger.usecases.rebill_due import true_up_estimates

    now = now_of(system.store, known_at=system.now, book=system.book, lake=system.lake)
    done = true_up_estimates(store=system.store, now=replace(now, on=day), dry_run=dry_run)
    answer = {
        "dry_run": dry_run,
        "looked_at": done.looked_at,
        "cases": [run_json(one) for one in done.runs],
        "waiting": [one.stored.bill_id for one in done.waiting],
        "meanwhile": done.meanwhile,
        "held": [_held_json(one) for one in done.held],
        "refused": [{"bill": name, "why": why} for name, why in done.refused],
    }

    def words() -> None:
        looked_at, cases = many(done.looked_at, "bill"), many(len(done.runs), "case")
        print(f"{looked_at} looked at; {cases} to true up.")
        for run in done.runs:
            _print_run(run, dry_run=dry_run)
        for name in done.same:
            print(f"  {name} stays: the actual readings come to what was billed.")
        for name in done.meanwhile:
            print(f"  {name} is left out: somebody corrected it meanwhile.")
        for name, why in done.refused:
            print(f"  {name}: {why}")
        for one in done.held:
            _print_held(one)
        if others := len(done.waiting) - len(done.held):
            print(f"{others} others wait for a person: `meterledger rebill list`.")

    say(answer, as_json=as_json, words=words)


def _held_json(one: BillToCorrect) -> dict[str, Any]:
    return {
        "bill": one.stored.bill_id,
        "why": one.why,
        "found": [{"code": each.code, "sentence": each.sentence} for each in one.findings],
    }


def _print_held(one: BillToCorrect) -> None:
    """A true-up that the night leaves to a person: why, and the ways out."""
    from meterledger.usecases.rebill_gate import codes_of

    print(f"  {one.stored.bill_id} is not trued up: {one.why.rstrip('.')}.")
    if one.findings:
        named = " ".join(f"--seen {code}" for code in codes_of(one.findings))
        print(
            f"    Look at its readings; then `meterledger rebill {one.stored.bill_id} --by NAME "
            f"--reason WHY {named}`, or `meterledger rebill leave {one.stored.bill_id}`."
        )


def queue(
    accounts: Annotated[
        list[str] | None, typer.Argument(help="Account numbers; all accounts without any.")
    ] = None,
    book_changed: Annotated[
        bool, typer.Option("--book-changed", help="Only those that the tariff book changes.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="Those left as they are, too.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """List issued bills that would be other ones now, with the difference by its causes."""
    from meterledger.facts.corrections import CorrectionCause
    from meterledger.usecases.find_corrections import bills_to_correct, now_of

    with refusing(), _system("list corrections", accounts or ["all accounts"]) as system:
        from meterledger.entrypoints.progress import progress_bar

        for account in accounts or ():
            system.store.account(account)
        chosen = accounts or system.store.account_ids()
        now = now_of(system.store, known_at=system.now, book=system.book, lake=system.lake)
        with progress_bar("Comparing bills", total=len(chosen)) as advance:
            looked_at, found = bills_to_correct(
                store=system.store, now=now, accounts=chosen, with_left=every, progress=advance
            )
    if book_changed:
        rate = CorrectionCause.RATE
        found = [one for one in found if any(part.cause is rate for part in one.parts)]
    answer = {"looked_at": looked_at, "to_correct": [one.as_json() for one in found]}
    say(answer, as_json=as_json, words=lambda: _print_queue(looked_at, found))


def leave(bill: str, by: By = "", reason: Reason = "", as_json: JsonFlag = False) -> None:
    """Leave a bill as it was issued, with a reason; another difference asks again."""
    from meterledger.kernel.money import usd_display, usd_text
    from meterledger.usecases.find_corrections import leave_bill, now_of

    with refusing(), _system("leave a bill as it is", [bill]) as system:
        now = now_of(system.store, known_at=system.now, book=system.book, lake=system.lake)
        left = leave_bill(bill, author=by, reason=reason, store=system.store, now=now)
    answer = {
        "bill": bill,
        "difference_usd": usd_text(left.difference_cents),
        "by": left.author,
        "reason": left.reason,
    }
    amount = usd_display(left.difference_cents)
    say(
        answer,
        as_json=as_json,
        words=lambda: print(f"{bill} stays as it was issued: {amount}, {left.reason}."),
    )


def run_json(run: RebillRun) -> dict[str, Any]:
    """A case as commands answer it."""
    from meterledger.kernel.money import usd_text

    offer = run.decision.outcome.repayment if run.decision else None
    return {
        "case": run.case_id,
        "corrected": [
            {
                "cancelled": one.cancelled.bill_id,
                "bill": one.bill.bill_id,
                "from": one.bill.days.from_day.isoformat(),
                "to": one.bill.days.until_day.isoformat(),
                "billed_usd": usd_text(one.cancelled.total_cents),
                "corrected_usd": usd_text(one.bill.total_cents),
                "difference_usd": usd_text(one.difference_cents),
                "adjusted": one.adjusted,
                "found": [{"code": each.code, "sentence": each.sentence} for each in one.findings],
                "causes": [
                    {"cause": part.cause.value, "usd": usd_text(part.cents)} for part in one.parts
                ],
            }
            for one in run.corrected
        ],
        "repayment": None
        if offer is None
        else {
            "amount_usd": usd_text(offer.amount_cents),
            "months_offered": offer.months_offered,
            "months": offer.months,
            "instalment_usd": usd_text(offer.instalment_cents),
            "last_instalment_usd": usd_text(offer.last_instalment_cents),
        },
        "reasons": [
            {"finding": one.finding, "citation": one.citation.as_json()}
            for one in (run.decision.reasons if run.decision else ())
        ],
        "known": [{"cancelled": old, "bill": new} for old, new in run.known],
        "unchanged": run.unchanged,
        "left": [
            {
                "bill": one.bill_id,
                "difference_usd": usd_text(one.difference_cents),
                "reason": one.reason,
            }
            for one in run.left
        ],
    }


def _print_run(run: RebillRun, *, dry_run: bool) -> None:
    from meterledger.kernel.money import usd_display

    did = "would be cancelled" if dry_run else "is cancelled"
    for one in run.corrected:
        print(
            f"{one.cancelled.bill_id} {did}; {one.bill.bill_id} takes its place: "
            f"{usd_display(one.cancelled.total_cents)} becomes "
            f"{usd_display(one.bill.total_cents)}, {usd_display(one.difference_cents)}."
        )
        for part in one.parts:
            print(f"    {usd_display(part.cents):>12}  {part.cause.value}")
        for found in one.findings:
            asks = f"; it leaves with `--seen {found.code}`" if dry_run else ""
            print(f"    The gate finds: {found.sentence} ({found.code}){asks}")
    for old, new in run.known:
        print(f"{old} is cancelled already, by {new}.")
    for name in run.unchanged:
        print(f"{name} comes out as it was issued.")
    for left in run.left:
        print(f"{left.bill_id} stays as it was issued: {left.reason}.")
    if run.decision is None:
        return
    for reason in run.decision.reasons:
        print(f"  {reason.finding} ({reason.citation.text})")
    offer = run.decision.outcome.repayment
    if offer is not None and run.corrected:
        last = ""
        if offer.last_instalment_cents != offer.instalment_cents:
            last = f", {usd_display(offer.last_instalment_cents)} the last"
        print(
            f"{usd_display(offer.amount_cents)} may be repaid over "
            f"{many(offer.months_offered, 'month')}: "
            f"{usd_display(offer.instalment_cents)} each{last}."
        )


def _print_queue(looked_at: int, found: Sequence[BillToCorrect]) -> None:
    from meterledger.kernel.money import usd_display

    noun = "bill" if looked_at == 1 else "bills"
    print(f"{looked_at} {noun} looked at; {len(found)} would be another one now.")
    for one in found:
        if one.difference_cents is None:
            print(f"  {one.stored.bill_id}: {one.why}")
            continue
        told = ", ".join(f"{part.cause.value} {usd_display(part.cents)}" for part in one.parts)
        told = told or one.why or "no cent differs"
        night = "; trued up by `meterledger rebill --due`" if one.trues_up else ""
        print(f"  {one.stored.bill_id}: {usd_display(one.difference_cents)} ({told}){night}")
        if one.held_from_night:
            _print_held(one)


def _day(text: str, option: str) -> date | None:
    return day_from(text, option=option) if text else None


def _system(purpose: str, subjects: list[str]) -> Any:
    from meterledger.entrypoints.wiring import open_system
    from meterledger.usecases.ports import Viewer

    return open_system(viewer=Viewer("command line", purpose), subjects=subjects)
