"""``meterledger meter events`` and ``meter cases``: what meters report, and who looks at it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import JsonFlag, day_from, refusing, say
from meterledger.kernel.written_counts import many


def register(meter: typer.Typer) -> None:
    """Add the commands to the group of meters."""
    events = typer.Typer(help="Events that meters report.", no_args_is_help=True)
    events.command("receive")(receive)
    events.command("list")(list_events)
    events.command("count")(count)
    meter.add_typer(events, name="events")
    meter.command("cases")(cases)
    meter.command("case")(settle)


def receive(
    file: Annotated[Path, typer.Argument(help="Table of meter, at and event, or IEC 61968-9.")],
    as_json: JsonFlag = False,
) -> None:
    """Keep the events of a file and open the cases they make; twice is once."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.kernel.canonical import sha256_hex
        from meterledger.stores.gateways import raw_bytes
        from meterledger.stores.gateways.event_files import read_event_bytes
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.receive_events import take_events

        data = raw_bytes(file)
        viewer = Viewer("command line", "receive events")
        with open_system(viewer=viewer, subjects=[file.name]) as system:
            done = take_events(
                name=file.name,
                data=data,
                vault=system.vault,
                read=read_event_bytes,
                now=system.now,
                view=system.view,
                store=system.store,
            )
        answer = {
            "file": file.name,
            "sha256": sha256_hex(data),
            "received": done.received,
            "new": done.new,
            "known": done.known,
            "cases": [one.case_id for one in done.opened],
            "not_installed": list(done.strangers),
        }

        def words() -> None:
            received = many(done.received, "event")
            print(f"{received} received: {done.new} new, {done.known} known already.")
            for one in done.opened:
                print(f"  case {one.case_id} for {one.queue}: {one.sentence}")
            for meter in done.strangers:
                print(
                    f"  Meter {meter} is not installed anywhere: its events are kept, and open a "
                    "case once it is (`meterledger meter install`, then `meter cases --find`)."
                )

        say(answer, as_json=as_json, words=words)


def list_events(
    meter: Annotated[str, typer.Argument(help="Number of the meter.")],
    as_json: JsonFlag = False,
) -> None:
    """List what a meter reported, in order of time, with the file that told of it."""
    with refusing():
        from meterledger.entrypoints.cli.meter_words import utc
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.ports import Viewer

        viewer = Viewer("command line", "list events")
        with open_system(viewer=viewer, subjects=[meter]) as system:
            found = system.store.events(meter_ids=[meter])
        answer = {
            "meter": meter,
            "events": [
                {
                    "event": one.event_id,
                    "kind": one.kind.value,
                    "at": utc(one.at),
                    "details": dict(one.details),
                    "source": one.source,
                    "sequence": one.sequence,
                    "learned_at": utc(one.learned_at),
                }
                for one in found
            ],
        }

        def words() -> None:
            for one in found:
                told = ", ".join(f"{name} {value}" for name, value in one.details)
                print(f"{utc(one.at)}  {one.kind.value}{f' ({told})' if told else ''}")
            if not found:
                print(f"No event of meter {meter} is known.")

        say(answer, as_json=as_json, words=words)


def count(
    start: Annotated[str, typer.Option("--from", help="First day.")],
    end: Annotated[str, typer.Option("--to", help="Last day, out.")],
    as_json: JsonFlag = False,
) -> None:
    """Count the events of local days by kind."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.kernel.local_days import day_start_utc

        first, out = day_from(start, option="--from"), day_from(end, option="--to")
        with open_system() as system:
            zone = system.view.time_zone
            counts = system.store.event_counts(day_start_utc(first, zone), day_start_utc(out, zone))
        say(
            {"from": start, "to": end, "events": counts},
            as_json=as_json,
            words=lambda: print(
                "\n".join(f"{count:>9,}  {kind}" for kind, count in counts.items())
                or "No event is known of these days."
            ),
        )


def cases(
    state: Annotated[str | None, typer.Option(help="Only these: open, in_work or closed.")] = None,
    queue: Annotated[str | None, typer.Option(help="Only those of this queue.")] = None,
    meter: Annotated[str | None, typer.Option(help="Only those of this meter.")] = None,
    find: Annotated[
        bool, typer.Option("--find", help="First open the cases that are due by now.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """List cases: which meter, why, on what evidence, whose queue, what was done."""
    with refusing():
        from meterledger.entrypoints.cli.meter_words import choice_from
        from meterledger.entrypoints.wiring import open_system
        from meterledger.facts.events import CaseState
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.receive_events import open_cases

        wanted = None if state is None else choice_from(CaseState, state, option="--state")
        viewer = Viewer("command line", "list cases")
        with open_system(viewer=viewer, subjects=[meter or "all meters"]) as system:
            if find:
                open_cases(now=system.now, view=system.view, store=system.store)
            found = [
                one
                for one in system.store.cases(
                    state=wanted, meter_ids=None if meter is None else [meter]
                )
                if queue is None or one.case.queue == queue
            ]
        answer = {"cases": [_case_json(one) for one in found]}

        def words() -> None:
            for one in found:
                print(f"{one.case.case_id}  {one.state.value}, {one.case.queue}")
                print(f"  {one.case.sentence} Threshold: {one.case.threshold}.")
                for step in one.steps:
                    print(f"  {step.state.value} by {step.by}: {step.reason}")
            if not found:
                print("No such case is known.")

        say(answer, as_json=as_json, words=words)


def settle(
    case: Annotated[str, typer.Argument(help="Case, as `meter cases` names it.")],
    state: Annotated[str, typer.Option(help="What it is now: in_work, open or closed.")],
    by: Annotated[str, typer.Option(help="Who did it.")],
    reason: Annotated[str, typer.Option(help="What was done or found, in a few words.")],
    as_json: JsonFlag = False,
) -> None:
    """Say what was done about a case; closing it ends it."""
    with refusing():
        from meterledger.entrypoints.cli.meter_words import choice_from
        from meterledger.entrypoints.wiring import open_system
        from meterledger.facts.events import CaseState
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.receive_events import settle_case

        told = choice_from(CaseState, state, option="--state")
        with open_system(viewer=Viewer("command line", "settle a case"), subjects=[case]) as system:
            settle_case(case, state=told, by=by, reason=reason, now=system.now, store=system.store)
        say(
            {"case": case, "state": state, "by": by, "reason": reason},
            as_json=as_json,
            words=lambda: print(f"Case {case} is {state} now."),
        )


def _case_json(one: Any) -> dict[str, Any]:
    from meterledger.entrypoints.cli.meter_words import utc

    return {
        "case": one.case.case_id,
        "kind": one.case.kind.value,
        "meter": one.case.meter_id,
        "state": one.state.value,
        "queue": one.case.queue,
        "opened_at": utc(one.case.opened_at),
        "sentence": one.case.sentence,
        "threshold": one.case.threshold,
        "evidence": list(one.case.evidence),
        "steps": [
            {
                "state": step.state.value,
                "by": step.by,
                "reason": step.reason,
                "learned_at": utc(step.learned_at),
            }
            for step in one.steps
        ],
    }
