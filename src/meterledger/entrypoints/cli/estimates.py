"""``meterledger report estimates``: bills with estimated usage, and what is on record of each.

Lives here      words and options; the days of issue that a report chooses bills by.
Lives elsewhere what is on record (``usecases/estimate_records``), writing an effort down
                (``cli/review``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, day_from, refusing, say
from meterledger.kernel.written_counts import many

if TYPE_CHECKING:
    from meterledger.kernel.span import DaySpan


def add_to(commands: typer.Typer) -> None:
    """Add the report of estimates to ``report``."""
    commands.command("estimates")(estimates_report)


def estimates_report(
    accounts: Annotated[
        list[str] | None, typer.Argument(help="Account numbers; all accounts without any.")
    ] = None,
    issued_from: Annotated[str, typer.Option("--issued-from", help="First day of issue.")] = "",
    issued_to: Annotated[str, typer.Option("--issued-to", help="Last day of issue, in.")] = "",
    without_effort: Annotated[
        bool,
        typer.Option(
            "--without-effort", help="Only those whose record lacks the reason or any effort."
        ),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Bills with estimated usage: the reason, and the efforts to read the meter (GRR V.E.1)."""
    with refusing():
        from meterledger.entrypoints.progress import progress_bar
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.estimate_records import estimated_bills
        from meterledger.usecases.ports import Viewer

        issued = issued_days(issued_from, issued_to, where="report estimates")
        viewer = Viewer("report", "efforts behind estimated bills")
        with open_system(viewer=viewer, subjects=accounts or ["all accounts"]) as system:
            for account in accounts or ():
                system.store.account(account)
            chosen = accounts or system.store.account_ids()
            with progress_bar("Looking at bills", total=len(chosen)) as advance:
                found = list(
                    estimated_bills(
                        store=system.store,
                        book=system.book,
                        accounts=chosen,
                        issued=issued,
                        progress=advance,
                    )
                )
        lacking = [one for one in found if one.lacks]
        answer: dict[str, Any] = {
            "estimated": len(found),
            "lacking": len(lacking),
            "bills": [one.as_json() for one in (lacking if without_effort else found)],
        }
        say(answer, as_json=as_json, words=lambda: _words(answer))


def issued_days(first: str, last: str, *, where: str) -> DaySpan | None:
    """The days of issue that are asked about; None where neither end is given.

    :raises BadArgument: if one end is missing, is no day, or the last is before the first
    """
    from datetime import timedelta

    from meterledger.kernel.span import DaySpan

    if bool(first) != bool(last):
        raise BadArgument(
            "Days of issue have a first and a last",
            where=where,
            do="Give both --issued-from and --issued-to, or neither",
        )
    if not first:
        return None
    since = day_from(first, option="--issued-from")
    until = day_from(last, option="--issued-to")
    if until < since:
        raise BadArgument(f"{until} is before {since}", where="--issued-to", do="Give a later day")
    return DaySpan(since, until + timedelta(days=1))


def record_lines(meters: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What is on record of a bill's estimates, meter by meter, as ``as_json`` tells it."""
    for one in meters:
        cause = (one["cause"] or "no reason on record").replace("_", " ")
        yield f"  meter {one['meter']}: {cause}"
        days = sorted({each["day"] for each in one["scheduled"]})
        if days:
            told = days[0] if len(days) == 1 else f"{many(len(days), 'day')} from {days[0]}"
            yield f"    scheduled readings of {told} were looked for, and had not all come"
        for each in one["efforts"]:
            kind = each["kind"].replace("_", " ")
            yield f"    {each['day']}: {kind}, {each['outcome']}, by {each['by']}"
        if one["missing"]:
            yield (
                f"    the record lacks {' and '.join(one['missing'])} ({one['citation']['text']})"
            )


def _words(answer: dict[str, Any]) -> None:
    lacking = answer["lacking"]
    print(
        f"{many(answer['estimated'], 'bill')} with estimated usage; the record of {lacking} lacks "
        "the reason or any effort to read the meter."
    )
    for one in answer["bills"]:
        print(
            f"{one['bill']}, account {one['account']}, {one['from']} to {one['to']}: "
            f"{one['estimated_percent']} percent estimated"
        )
        for line in record_lines(one["meters"]):
            print(line)
    if lacking:
        print("Write down what was tried with `meterledger review effort`.")
