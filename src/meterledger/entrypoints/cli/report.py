"""``meterledger report``: who sent and who did not; bills whose usage has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli import estimates, finance
from meterledger.entrypoints.cli.answer import JsonFlag, day_from, refusing, say
from meterledger.kernel.written_counts import many

if TYPE_CHECKING:
    from meterledger.usecases.meter_health import HealthReport
    from meterledger.usecases.usage_replaced import ReplacedUsage


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    commands = typer.Typer(
        name="report", help="Reports of meter operations and finance.", no_args_is_help=True
    )
    commands.command("meters")(meters)
    commands.command("replaced")(replaced)
    commands.command("unbilled")(unbilled_agreements)
    estimates.add_to(commands)
    finance.add_to(commands)
    app.add_typer(commands)


def meters(
    on: Annotated[
        str,
        typer.Option(
            help="Local day whose communication is reported; the newest, up to yesterday, of "
            "which values are kept unless given."
        ),
    ] = "",
    every: Annotated[bool, typer.Option("--all", help="List healthy meters, too.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Health and communication of meters: last seen, missing share, findings, who did not send."""
    with refusing():
        from meterledger.entrypoints.progress import progress_bar
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.meter_health import meter_health
        from meterledger.usecases.ports import Viewer

        asked = day_from(on, option="--on") if on else None
        viewer = Viewer("report", "meter health and communication")
        with open_system(viewer=viewer, subjects=["all meters"]) as system:
            day = asked or system.report_day
            total = len(system.store.meters_on_day(day, system.now))
            with progress_bar("Looking at meters", total=total) as advance:
                report = meter_health(
                    day,
                    known_at=system.now,
                    store=system.store,
                    lake=system.lake,
                    view=system.view,
                    progress=advance,
                )
            gaps = {
                source.name: system.store.sequence_gaps(source.name)
                for source in system.store.sources()
            }
        listed = [one for one in report.meters if every or not one.healthy]
        answer: dict[str, Any] = {
            "day": day.isoformat(),
            "meters": len(report.meters),
            "whole": report.whole,
            "in_part": report.in_part,
            "silent": [one.meter_id for one in report.silent],
            "without_meter": report.without_meter,
            "sequence_gaps": {
                name: [[first, last] for first, last in found]
                for name, found in gaps.items()
                if found
            },
            "listed": [one.as_json() for one in listed],
        }
        say(answer, as_json=as_json, words=lambda: _health_words(report, answer, every))


def unbilled_agreements(
    on: Annotated[str, typer.Option(help="The day that is asked about; today unless told.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Agreements that got no bill for more than one cycle, each with its reason and owner."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.unbilled import unbilled

        asked = day_from(on, option="--on") if on else None
        viewer = Viewer("report", "who got no bill")
        with open_system(viewer=viewer, subjects=["all accounts"]) as system:
            day = asked or system.today
            found = list(unbilled(day, known_at=system.now, store=system.store, view=system.view))
        answer = {"on": day.isoformat(), "unbilled": [one.as_json(day) for one in found]}

        def words() -> None:
            agreements = many(len(found), "agreement")
            print(f"{day}: {agreements} got no bill for more than one cycle.")
            for one in found:
                print(f"{one.account_id}  since {one.since}  {one.code}, {one.owner}")
                print(f"    {one.reason}")
                print(f"    {one.do}")

        say(answer, as_json=as_json, words=words)


def _health_words(report: HealthReport, answer: dict[str, Any], every: bool) -> None:
    print(
        f"{report.day}: {many(len(report.meters), 'meter')} = {report.whole} sent all + "
        f"{report.in_part} sent some + {len(report.silent)} silent; "
        f"{many(len(report.without_meter), 'place')} without one."
    )
    for name, found in answer["sequence_gaps"].items():
        told = ", ".join(f"{first}-{last}" for first, last in found)
        print(f"  Source {name}: numbers {told} never came.")
    for one in report.meters:
        if not every and one.healthy:
            continue
        seen = f"last seen {one.last_seen}" if one.last_seen else "not seen in thirty days"
        findings = ", ".join(f"{code} {count}" for code, count in sorted(one.findings.items()))
        print(
            f"  {one.meter_id}: {one.sent} of {one.sent_due} sent, {seen}, "
            f"{one.missing_percent} % still missing, "
            + (f"{many(one.estimated, 'interval')} estimated, " if one.estimated else "")
            + f"{many(one.estimated_in_a_row, 'day')} without a reading"
            + (f"; {findings}" if findings else "")
            + (f"; {one.why}" if one.why else "")
        )


def replaced(
    accounts: Annotated[
        list[str] | None, typer.Argument(help="Account numbers; all accounts without any.")
    ] = None,
    issued_from: Annotated[str, typer.Option("--issued-from", help="First day of issue.")] = "",
    issued_to: Annotated[str, typer.Option("--issued-to", help="Last day of issue, in.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Bills whose usage has changed since they were made: what was billed, what is known now."""
    with refusing():
        from meterledger.entrypoints.progress import progress_bar
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.usage_replaced import usage_replaced

        issued = estimates.issued_days(issued_from, issued_to, where="report replaced")
        viewer = Viewer("report", "usage replaced since billed")
        with open_system(viewer=viewer, subjects=accounts or ["all accounts"]) as system:
            for account in accounts or ():
                system.store.account(account)
            chosen = accounts or system.store.account_ids()
            with progress_bar("Comparing bills", total=len(chosen)) as advance:
                looked_at, found = usage_replaced(
                    store=system.store,
                    lake=system.lake,
                    view=system.view,
                    accounts=chosen,
                    issued=issued,
                    known_at=system.now,
                    progress=advance,
                )
        answer = {"bills": looked_at, "replaced": [one.as_json() for one in found]}
        say(answer, as_json=as_json, words=lambda: _replaced_words(looked_at, found))


def _replaced_words(looked_at: int, found: list[ReplacedUsage]) -> None:
    print(f"{many(looked_at, 'bill')} looked at; the usage of {len(found)} has changed since.")
    for one in found:
        now = "cannot be given" if one.now_wh is None else f"{one.now_wh} Wh"
        print(
            f"  {one.bill_id}, meter {one.meter_id}, {one.days}: billed {one.billed_wh} Wh, "
            f"now {now}"
            + (f", {one.difference_wh:+d} Wh" if one.difference_wh is not None else "")
            + (f"; {one.why}" if one.why else "")
        )
