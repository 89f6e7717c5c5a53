"""``meterledger bill`` and ``bill-cycle``: issue the bills that are due."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import CYCLE, BadArgument, JsonFlag, day_from, refusing, say
from meterledger.kernel.money import usd_display
from meterledger.kernel.written_counts import many

if TYPE_CHECKING:
    from meterledger.usecases.deposit_run import DepositRun
    from meterledger.usecases.issue_bills import BillRun
    from meterledger.usecases.late_charges import LateRun


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("bill")(bill)
    app.command("bill-cycle")(bill_cycle)


Cause = Annotated[
    str,
    typer.Option(
        help="Why registers were not read, of the sheet's causes (GRR V.E.1). Without it: the "
        "device, or for a meter read by hand our own error."
    ),
]
RenderedThen = Annotated[
    str,
    typer.Option(
        help="Why bills left on the day, where it is long before today; the log of who acts has it."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Calculate and show; record nothing.")]


def bill(
    accounts: Annotated[list[str], typer.Argument(help="Account numbers, ten digits each.")],
    on: Annotated[str, typer.Option(help="Day of rendition: windows complete by then are due.")],
    dry_run: DryRun = False,
    cause: Cause = "",
    rendered_then: RenderedThen = "",
    as_json: JsonFlag = False,
) -> None:
    """Bill accounts for every service period that is complete and not billed yet."""
    with refusing():
        from meterledger.entrypoints.cli.validate import cause_from
        from meterledger.entrypoints.issuing import (
            charge_before_bills,
            credit_final_deposits,
            purpose_of,
            refuse_past_day,
            refuse_wrong_clock,
        )
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.issue_bills import issue_bills
        from meterledger.usecases.ports import Viewer

        day = day_from(on, option="--on")
        why = cause_from(cause) if cause else None
        viewer = Viewer("command line", purpose_of("issue bills", day, rendered_then))
        with open_system(viewer=viewer, subjects=accounts) as system:
            _not_ahead(day, system.today)
            if not dry_run:
                refuse_past_day(system, day, rendered_then)
                refuse_wrong_clock(system)
            services = []
            for account in dict.fromkeys(accounts):
                system.store.account(account)
                services += system.store.services_of_account(account, system.now)
            scope = "accounts by number"
            late = charge_before_bills(system, services, on=day, scope=scope, dry_run=dry_run)
            run = issue_bills(
                services=services,
                on=day,
                known_at=system.now,
                store=system.store,
                lake=system.lake,
                book=system.book,
                dry_run=dry_run,
                cause=why,
                scope=scope,
            )
            if not dry_run:
                _tell_refused(credit_final_deposits(system, services, on=day))
        _answer(run, late, on=day, today=system.today, dry_run=dry_run, as_json=as_json)


def bill_cycle(
    cycle: Annotated[
        int | None,
        typer.Argument(click_type=CYCLE, help="Number of the reading cycle, counted from 1."),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(
            help="Day of rendition: windows complete by then are due. With --shadow: the last one."
        ),
    ] = None,
    dry_run: DryRun = False,
    cause: Cause = "",
    rendered_then: RenderedThen = "",
    shadow: Annotated[
        bool,
        typer.Option(
            "--shadow",
            help="Price what is live again and explain each cent of difference; record nothing. "
            "All cycles unless one is named. Exit 2 if something is not explained.",
        ),
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(help="With --shadow: the first day of rendition; 31 days unless told."),
    ] = None,
    book: Annotated[
        Path | None,
        typer.Option(help="With --shadow: the folder of another tariff book to price by."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="With --shadow: a folder for shadow.json and shadow.html."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Bill every account of a reading cycle. Safe to run twice, and two at once."""
    if shadow:
        from meterledger.entrypoints.cli.shadow import shadow_cycle

        shadow_cycle(cycle, on=on, since=since, book=book, out=out, as_json=as_json)
        return
    with refusing():
        from meterledger.billing import reading_cycle_count
        from meterledger.entrypoints.cli.validate import cause_from
        from meterledger.entrypoints.issuing import (
            charge_before_bills,
            credit_final_deposits,
            purpose_of,
            refuse_past_day,
            refuse_wrong_clock,
        )
        from meterledger.entrypoints.memory import loaded_for_good, nothing_to_collect
        from meterledger.entrypoints.progress import progress_bar
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.issue_bills import issue_bills
        from meterledger.usecases.ports import Viewer

        if cycle is None or on is None:
            raise BadArgument(
                "A cycle and its day of rendition are billed",
                where="bill-cycle",
                do="Write `bill-cycle 15 --on 2025-10-15`, or add --shadow",
            )
        day = day_from(on, option="--on")
        why = cause_from(cause) if cause else None
        viewer = Viewer("bill-cycle", purpose_of("issue bills", day, rendered_then))
        with open_system(viewer=viewer, subjects=[f"cycle {cycle}"]) as system:
            _not_ahead(day, system.today)
            if not dry_run:
                refuse_past_day(system, day, rendered_then)
                refuse_wrong_clock(system)
            cycles = reading_cycle_count(on=day, view=system.view)
            if not 1 <= cycle <= cycles:
                raise BadArgument(
                    f"There is no reading cycle {cycle}",
                    where="bill-cycle",
                    do=f"Name a cycle from 1 to {cycles}",
                )
            scope = f"cycle {cycle}"
            with nothing_to_collect():
                services = system.store.services_of_cycle(cycle, system.now)
                with loaded_for_good():
                    late = charge_before_bills(
                        system, services, on=day, scope=scope, dry_run=dry_run
                    )
                    with progress_bar(f"Billing cycle {cycle}", total=len(services)) as advance:
                        run = issue_bills(
                            services=services,
                            on=day,
                            known_at=system.now,
                            store=system.store,
                            lake=system.lake,
                            book=system.book,
                            dry_run=dry_run,
                            cause=why,
                            scope=scope,
                            keep_bills=dry_run or len(services) <= 5000,
                            progress=advance,
                        )
            if not dry_run:
                _tell_refused(credit_final_deposits(system, services, on=day))
        _answer(run, late, on=day, today=system.today, dry_run=dry_run, as_json=as_json)


def _tell_refused(deposits: DepositRun) -> None:
    """Say beside the answer which final bill its deposit could not be credited to."""
    for one in deposits.refused[:20]:
        print(f"Deposit {one.deposit_id} is not credited: {one.sentence}", file=sys.stderr)


def _not_ahead(day: Any, today: Any) -> None:
    if day > today:
        raise BadArgument(
            f"{day} is not here yet",
            where="--on",
            do=f"A bill is rendered on a day up to today, {today}",
        )


def _answer(
    run: BillRun, late: LateRun, *, on: date, today: date, dry_run: bool, as_json: bool
) -> None:
    from meterledger.entrypoints.cli.words import print_asked, print_lines
    from meterledger.entrypoints.held_words import held_by_owner
    from meterledger.kernel.money import usd_text
    from meterledger.usecases.gate_bills import RunIsStopped

    answer = {
        "on": on.isoformat(),
        "dry_run": dry_run,
        "billed": run.issued_count,
        "held": run.held_count,
        "known": run.known,
        "due": run.due,
        "excluded": len(run.excluded),
        "held_by_owner": held_by_owner(run),
        "exclusions": [
            {"case": one.case_id, "by": one.decided.by, "reason": one.decided.reason}
            for one in run.excluded
            if one.decided is not None
        ],
        "stopped": run.stopped.sentence if run.stopped else None,
        "run": run.record.run_id if run.record else None,
        "gate_note": run.gate_note,
        "late_charges": {
            "count": len(late.charges),
            "total_usd": usd_text(late.cents),
            "taken_back": len(late.reversals),
            "refused": [
                {"account": account, "sentence": sentence} for account, sentence in late.refused
            ],
        },
        "total_usd": usd_text(run.issued_cents),
        "energy_wh": str(run.energy_billed_wh),
        "bills": [one.as_answer() for one in run.issued],
        "holds": [
            {
                "account": one.account_id,
                "agreement": one.agreement_id,
                "from": one.days.from_day.isoformat() if one.days else None,
                "to": one.days.until_day.isoformat() if one.days else None,
                "code": one.code,
                "sentence": one.sentence,
            }
            for one in run.held
        ],
    }

    def words() -> None:
        if len(run.issued) <= 5:
            for one in run.issued:
                record = one.as_json()
                print(
                    f"Bill {one.bill_id} for account {one.account_id}, {one.schedule}, "
                    f"{one.days}, {one.kind.value}, due {one.due_day}"
                )
                print_lines(record["lines"], record["total_usd"], record["standing"])
                if "asked" in record:
                    print_asked(record["asked"])
                if one.usage.estimated is not None:
                    print(
                        "Based on estimated usage: "
                        f"{one.usage.estimated.percent} percent of its energy."
                    )
                print()
        if late.charges or late.reversals:
            print(
                f"{len(late.charges)} late charge{'s' if len(late.charges) != 1 else ''} of "
                f"{usd_display(late.cents)} before the bills, "
                f"{len(late.reversals)} taken back."
            )
        for account, sentence in late.refused[:20]:
            print(f"No late charge decided for account {account}: {sentence}")
        verb = "would be billed" if dry_run else "billed"
        print(
            f"{run.issued_count} {verb} for {usd_display(run.issued_cents)}, "
            f"{run.held_count} held, {run.known} known already."
        )
        print(
            f"{run.due} due = {run.issued_count + run.known} billed + {run.held_count} held + "
            f"{len(run.excluded)} excluded."
        )
        if run.issued_count and on < today:
            print(
                f"Dated {on}, {many((today - on).days, 'day')} ago: what was billed is due, and we "
                "are late with it, as if it had left then. What is billed late is dated today."
            )
        for owner, codes in held_by_owner(run).items():
            told = ", ".join(f"{code} {count}" for code, count in codes.items())
            print(f"Held for {owner}: {told}")
        for case in run.excluded:
            if case.decided is not None:
                print(f"Excluded by {case.decided.by}: {case.decided.reason} ({case.case_id})")
        if run.gate_note:
            print(run.gate_note)
        told_at_the_end = int(run.stopped is None and not run.issued_count and not run.known)
        for one_held in run.held[told_at_the_end:20]:
            print(f"Held: {one_held.sentence}")
        if len(run.held) > 20:
            print(f"... and {len(run.held) - 20} more held; --json lists them all.")

    say(answer, as_json=as_json, words=words)
    sys.stdout.flush()
    if run.stopped is not None:
        print(RunIsStopped.by(run.stopped).sentence, file=sys.stderr)
        raise typer.Exit(2)
    if run.held and not run.issued_count and not run.known:
        # Nothing went out, and there is something to do: a door says so by its exit status.
        print(run.held[0].sentence, file=sys.stderr)
        raise typer.Exit(2)
