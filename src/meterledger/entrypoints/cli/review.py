"""``meterledger review``: the queue of held usage, and the ways out of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, day_from, refusing, say
from meterledger.kernel.money import shown, whole_from_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meterledger.entrypoints.wiring import System
    from meterledger.facts.usage_log import FindingOnFile, UsageEdit
    from meterledger.usecases.review_usage import DayToReview


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    commands = typer.Typer(
        name="review",
        help="Look at held usage and decide it: accept, edit, estimate or reject.",
        no_args_is_help=True,
    )
    commands.command("list")(queue)
    commands.command("show")(show)
    commands.command("accept")(accept)
    commands.command("reject")(reject)
    commands.command("edit")(edit)
    commands.command("estimate")(estimate)
    commands.command("effort")(effort)
    app.add_typer(commands)


Meter = Annotated[str, typer.Argument(help="Number of the meter.")]
Day = Annotated[str, typer.Argument(help="Local day, like 2025-07-01.")]
By = Annotated[str, typer.Option("--by", help="Who decides: a name.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence; it is kept for years.")]


def queue(as_json: JsonFlag = False) -> None:
    """List the meter-days that are held, oldest first, with their findings."""
    with refusing(), _system("list held usage", ["review queue"]) as system:
        found = system.store.review_queue()
        by_day: dict[tuple[str, str], list[FindingOnFile]] = {}
        for one in found:
            key = (one.logged.day.isoformat(), one.logged.meter_id)
            by_day.setdefault(key, []).append(one)
        answer = {
            "held": [
                {"day": day, "meter": meter, "findings": [_finding(one) for one in findings]}
                for (day, meter), findings in by_day.items()
            ]
        }

        def words() -> None:
            print(f"{len(by_day)} meter-days are held.")
            for (day, meter), findings in by_day.items():
                print(f"{day}  {meter}")
                for one in findings:
                    print(f"    {one.logged.finding.code} ({one.state.value}): "
                          f"{one.logged.finding.sentence}")  # fmt: skip

        say(answer, as_json=as_json, words=words)


def show(meter: Meter, day: Day, as_json: JsonFlag = False) -> None:
    """Show one meter's day: findings, evidence, values beside their history, the ways out."""
    with refusing(), _system("look at held usage", [meter]) as system:
        item = _item(system, meter, day)
        say(_day(item), as_json=as_json, words=lambda: _print_day(item))


def accept(
    meter: Meter, day: Day, by: By = "", reason: Reason = "", as_json: JsonFlag = False
) -> None:
    """Bill the day as it was received."""
    from meterledger.usecases.review_usage import accept_day

    with refusing(), _system("accept held usage", [meter]) as system:
        item = _item(system, meter, day)
        accept_day(item, author=by, reason=reason, at=system.now, store=system.store)
        _decided(item, "accepted", as_json=as_json)


def reject(
    meter: Meter, day: Day, by: By = "", reason: Reason = "", as_json: JsonFlag = False
) -> None:
    """Keep the day from being billed until it is read again, edited or estimated."""
    from meterledger.usecases.review_usage import reject_day

    with refusing(), _system("reject held usage", [meter]) as system:
        item = _item(system, meter, day)
        reject_day(item, author=by, reason=reason, at=system.now, store=system.store)
        _decided(item, "rejected", as_json=as_json)


def edit(
    meter: Meter,
    day: Day,
    values: Annotated[
        list[str],
        typer.Option("--set", help="Interval and watt-hours, like 40=120; count from 0."),
    ],
    by: By = "",
    reason: Reason = "",
    as_json: JsonFlag = False,
) -> None:
    """Put other watt-hours in some intervals, as a new version with its reason."""
    from meterledger.usecases.review_usage import edit_day

    with refusing(), _system("edit held usage", [meter]) as system:
        item = _item(system, meter, day)
        made = edit_day(
            item,
            dict(_pair(one) for one in values),
            author=by,
            reason=reason,
            at=system.now,
            store=system.store,
            lake=system.lake,
            zone=system.view.time_zone,
        )
        _decided(item, "edited", edit=made, as_json=as_json)


def estimate(
    meter: Meter,
    day: Day,
    intervals: Annotated[
        str, typer.Option(help="Which intervals, like 40-43; without it those that are missing.")
    ] = "",
    cause: Annotated[str, typer.Option(help="Why there is no reading, in the sheet's words.")] = (
        "human_or_billing_error"
    ),
    by: By = "",
    reason: Reason = "",
    as_json: JsonFlag = False,
) -> None:
    """Take the sheet's ladder for what is missing, or in place of the intervals named."""
    from meterledger.entrypoints.cli.validate import cause_from
    from meterledger.usecases.review_usage import estimate_day

    with refusing(), _system("estimate held usage", [meter]) as system:
        item = _item(system, meter, day)
        made = estimate_day(
            item,
            author=by,
            reason=reason,
            at=system.now,
            store=system.store,
            lake=system.lake,
            view=system.view,
            slots=_slots(intervals),
            cause=cause_from(cause),
        )
        _decided(item, "estimated", edit=made, as_json=as_json)


def effort(
    meter: Meter,
    day: Day,
    kind: Annotated[str, typer.Option(help="What was done: poll, on_demand_read, field_visit.")],
    outcome: Annotated[str, typer.Option(help="What came of it, in a few words.")],
    by: By,
    as_json: JsonFlag = False,
) -> None:
    """Write down an effort to obtain an actual reading, as the sheet asks (GRR V.E.1)."""
    from meterledger.facts.usage_log import ReadingEffort
    from meterledger.kernel.ids import pseudonym

    with refusing(), _system("record an effort to read", [meter]) as system:
        each = day_from(day, option="DAY")
        for name, text in (("--kind", kind), ("--outcome", outcome), ("--by", by)):
            if not text.strip():
                raise BadArgument("An effort says what was done, by whom, and how it went",
                                  where=name, do="Give it in a few words")  # fmt: skip
        if not system.store.meter_installations([meter]):
            raise BadArgument(f"There is no meter {meter[:80]}", where="METER",
                              do="Give the number of a meter that is installed")  # fmt: skip
        told = ReadingEffort(
            pseudonym(meter, system.view.name), meter, each, kind, outcome, by, system.now
        )
        system.store.record_effort(told)
        answer = {"meter": meter, "day": day, "kind": kind, "outcome": outcome, "by": by}
        say(answer, as_json=as_json, words=lambda: print(f"Written down for meter {meter}."))


def _system(purpose: str, subjects: list[str]) -> Any:
    from meterledger.entrypoints.wiring import open_system
    from meterledger.usecases.ports import Viewer

    return open_system(viewer=Viewer("command line", purpose), subjects=subjects)


def _item(system: System, meter: str, day: str) -> DayToReview:
    from meterledger.usecases.review_usage import day_to_review

    return day_to_review(
        meter,
        day_from(day, option="DAY"),
        store=system.store,
        lake=system.lake,
        view=system.view,
    )


def _pair(text: str) -> tuple[int, int]:
    found = re.fullmatch(r" *([0-9]{1,4}) *= *(-?[0-9]{1,9}) *", text)
    wh = whole_from_text(found[2]) if found else None
    if found is None or wh is None:
        raise BadArgument(
            f"{shown(text)} is no interval with its watt-hours",
            where="--set",
            do="Write it like 40=120: the interval, counted from 0, and whole watt-hours",
        )
    return int(found[1]), wh


def _slots(text: str) -> list[int] | None:
    if not text:
        return None
    return [slot for part in text.split(",") for slot in _run(part)]


def _run(text: str) -> Iterator[int]:
    found = re.fullmatch(r" *([0-9]{1,4}) *(?:- *([0-9]{1,4}) *)?", text)
    if found is None or int(found[2] or found[1]) < int(found[1]):
        raise BadArgument(
            f"{shown(text)} are no intervals",
            where="--intervals",
            do="Write them like 40-43 or 40,41, counted from 0",
        )
    yield from range(int(found[1]), int(found[2] or found[1]) + 1)


def _finding(one: FindingOnFile) -> dict[str, Any]:
    review = one.review
    return {
        "code": one.logged.finding.code,
        "weight": one.logged.finding.weight.value,
        "state": one.state.value,
        "sentence": one.logged.finding.sentence,
        "evidence": {name: str(value) for name, value in one.logged.finding.evidence.items()},
        "thresholds": dict(one.logged.thresholds),
        "run": one.logged.run,
        "learned_at": one.logged.learned_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "review": None
        if review is None
        else {"act": review.act.value, "by": review.author, "reason": review.reason},
    }


def _day(item: DayToReview) -> dict[str, Any]:
    return {
        "meter": item.meter_id,
        "day": item.day.isoformat(),
        "lake_sequence": item.sequence,
        "interval_seconds": item.interval_seconds,
        "energy_wh": str(item.energy_wh),
        "missing": item.missing_count,
        "findings": [_finding(one) for one in item.findings],
        "intervals": [
            {
                "interval": slot,
                "wh": None if wh is None else str(wh),
                "usual_wh": None if usual is None else str(usual),
                "method": method.word,
            }
            for slot, (wh, usual, method) in enumerate(
                zip(item.values, item.usual or (None,) * len(item.values), item.methods,
                    strict=True)
            )
        ],
        "estimates": [
            {
                "method": one.estimate.method.word,
                "cause": one.estimate.cause.value,
                "provision": one.estimate.provision,
                "citation": one.estimate.citation,
                "energy_wh": str(one.estimate.energy_wh),
                "inputs": dict(one.estimate.inputs),
                "lake_sequence": one.sequence,
            }
            for one in item.estimates
        ],
        "reviews": [
            {"act": one.act.value, "by": one.author, "reason": one.reason} for one in item.reviews
        ],
        "efforts": [
            {"kind": one.kind, "outcome": one.outcome, "by": one.by} for one in item.efforts
        ],
        "ways_out": [act.value for act in item.ways_out],
    }  # fmt: skip


def _print_day(item: DayToReview) -> None:
    print(f"Meter {item.meter_id}, {item.day}: {item.energy_wh} Wh, {item.missing_count} of "
          f"{len(item.own.slots)} intervals missing")  # fmt: skip
    for one in item.findings:
        print(f"  {one.logged.finding.code} ({one.state.value}): {one.logged.finding.sentence}")
        for name, value in one.logged.finding.evidence.items():
            print(f"      {name}: {value}")
    for slot, (wh, usual) in enumerate(
        zip(item.values, item.usual or (None,) * len(item.values), strict=True)
    ):
        told = "-" if wh is None else str(wh)
        print(f"  {slot:3d}  {told:>8} Wh   usually {'-' if usual is None else usual} Wh")
    if item.ways_out:
        print(f"  Ways out: {', '.join(act.value for act in item.ways_out)}")


def _decided(item: DayToReview, word: str, *, as_json: bool, edit: UsageEdit | None = None) -> None:
    answer: dict[str, Any] = {"meter": item.meter_id, "day": item.day.isoformat(), "outcome": word}
    if edit is not None:
        answer |= {"before_wh": str(edit.before_wh), "after_wh": str(edit.after_wh),
                   "intervals": edit.interval_count}  # fmt: skip
    told = f"Meter {item.meter_id}, {item.day}: {word}."
    if edit is not None:
        noun = "interval" if edit.interval_count == 1 else "intervals"
        told += f" {edit.interval_count} {noun}, {edit.before_wh} Wh are {edit.after_wh} Wh now."
    say(answer, as_json=as_json, words=lambda: print(told))
