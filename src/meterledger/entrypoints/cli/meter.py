"""``meterledger meter``: what is known of a meter; install, exchange, remove, configure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

import typer

from meterledger.entrypoints.cli import meter_account, meter_events, meter_multiplier, meter_read
from meterledger.entrypoints.cli.answer import (
    MULTIPLIER,
    JsonFlag,
    WholeNumber,
    day_from,
    refusing,
    say,
)

MeterArgument = Annotated[str, typer.Argument(help="Number of the meter.")]
At = Annotated[
    str, typer.Option(help="When it was done, with its offset: 2025-07-10T10:07:00-05:00.")
]
Reason = Annotated[str, typer.Option(help="Why it was done, in a few words.")]
Closing = Annotated[
    list[str] | None,
    typer.Option(help="What the leaving meter showed, like kWh=04321; again for more."),
]
Opening = Annotated[
    list[str] | None,
    typer.Option(help="What the coming meter showed, like kWh=00000; again for more."),
]
KnownBy = Annotated[
    str, typer.Option(help="How the place is known: installer_scan, back_office or inferred.")
]
Confidence = Annotated[
    int,
    typer.Option(
        click_type=WholeNumber(0, 100), help="How sure that is: 0 (a guess) to 100 (seen)."
    ),
]
Evidence = Annotated[str, typer.Option(help="What that rests on, like a work order.")]
Multiplier = Annotated[
    int | None,
    typer.Option(click_type=MULTIPLIER, help="Multiplier; without it, that of the meter before."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    meter = typer.Typer(
        help="Meters: what is known of one; visits, set-up, events and cases.",
        no_args_is_help=True,
    )
    meter.command("show")(show)
    meter.command("exchange")(exchange)
    meter.command("install")(install)
    meter.command("remove")(remove)
    meter.command("correct")(correct)
    meter.command("uncross")(uncross)
    meter.command("configure")(configure)
    meter.command("load")(load)
    meter_multiplier.register(meter)
    meter_events.register(meter)
    meter_read.register(meter)
    meter_account.register(meter)
    app.add_typer(meter, name="meter")


@contextmanager
def _system(purpose: str, *subjects: str) -> Iterator[Any]:
    from meterledger.entrypoints.wiring import open_system
    from meterledger.usecases.ports import Viewer

    with open_system(viewer=Viewer("command line", purpose), subjects=subjects) as system:
        yield system


def show(meter: MeterArgument, as_json: JsonFlag = False) -> None:
    """Show a meter: what it is, how it is set up, where it was, how sure, and what was done."""
    with refusing():
        from meterledger.entrypoints.cli.meter_words import file_json, print_file

        with _system("show a meter", meter) as system:
            answer = file_json(system.store.meter_file(meter), system.view.time_zone)
        say(answer, as_json=as_json, words=lambda: print_file(answer))


def exchange(
    service_point: Annotated[str, typer.Argument(help="Service point whose meter is exchanged.")],
    to: Annotated[str, typer.Option(help="Number of the meter that comes.")],
    at: At,
    reason: Reason,
    known_by: KnownBy,
    confidence: Confidence,
    evidence: Evidence,
    closing: Closing = None,
    opening: Opening = None,
    multiplier: Multiplier = None,
    as_json: JsonFlag = False,
) -> None:
    """Exchange a meter: one leaves and another comes, at one instant and at once or not at all."""
    with refusing():
        from meterledger.usecases.change_meters import exchange_meter

        visit = _visit(service_point, at, reason, closing, opening, multiplier)
        linked = _linked(known_by, confidence, evidence)
        with _system("exchange a meter", service_point) as system:
            work = exchange_meter(visit, to, linked, **_when(system))
            touched = _touched(system, [service_point], visit.at)
        _say_work(
            work,
            as_json,
            touched,
            lambda: f"Meter {work.removed_meter} left {service_point}, and meter {to} came, {at}.",
        )


def install(
    meter: MeterArgument,
    service_point: Annotated[str, typer.Option(help="Service point to which it comes.")],
    at: At,
    reason: Reason,
    known_by: KnownBy,
    confidence: Confidence,
    evidence: Evidence,
    opening: Opening = None,
    multiplier: Annotated[
        int, typer.Option(click_type=MULTIPLIER, help="The meter's multiplier.")
    ] = 1,
    before: Annotated[
        str, typer.Option(help="The known meter that took its place, if it is told of late.")
    ] = "",
    closing: Closing = None,
    as_json: JsonFlag = False,
) -> None:
    """Install a meter at a service point that has none; `service start` does it for new service.

    One that was there before a known meter is told of late with --before: it left when that came.
    """
    with refusing():
        from meterledger.usecases.change_meters import install_meter

        visit = _visit(service_point, at, reason, closing, opening, multiplier)
        linked = _linked(known_by, confidence, evidence)
        with _system("install a meter", service_point) as system:
            work = install_meter(meter, visit, linked, **_when(system), before=before)
            touched = _touched(system, [service_point], visit.at)
        _say_work(work, as_json, touched, lambda: f"Meter {meter} came to {service_point}, {at}.")


def remove(
    meter: MeterArgument,
    service_point: Annotated[str, typer.Option(help="Service point which it leaves.")],
    at: At,
    reason: Reason,
    closing: Closing = None,
    as_json: JsonFlag = False,
) -> None:
    """Remove a meter; the service point has none from that instant on."""
    with refusing():
        from meterledger.usecases.change_meters import remove_meter

        visit = _visit(service_point, at, reason, closing, None, None)
        with _system("remove a meter", service_point) as system:
            work = remove_meter(meter, visit, **_when(system))
            touched = _touched(system, [service_point], visit.at)
        _say_work(work, as_json, touched, lambda: f"Meter {meter} left {service_point}, {at}.")


def correct(
    service_point: Annotated[str, typer.Argument(help="Service point of the exchange.")],
    was: Annotated[str, typer.Option(help="When it was recorded to be, as `meter show` says.")],
    reason: Reason,
    at: Annotated[
        str | None, typer.Option(help="When it really was; without it, the instant was right.")
    ] = None,
    closing: Closing = None,
    opening: Opening = None,
    as_json: JsonFlag = False,
) -> None:
    """Correct a recorded exchange: its instant, or what the registers showed."""
    with refusing():
        from meterledger.entrypoints.cli.meter_words import instant_from
        from meterledger.usecases.change_meters import correct_exchange

        wrong = instant_from(was, option="--was")
        visit = _visit(service_point, at or was, reason, closing, opening, None)
        with _system("correct an exchange", service_point) as system:
            work = correct_exchange(wrong, visit, **_when(system))
            touched = _touched(system, [service_point], min(wrong, visit.at))
        _say_work(
            work,
            as_json,
            touched,
            lambda: (
                f"The exchange at {service_point} is corrected: it was at {at or was}. "
                "Bills already issued stand as they are."
            ),
        )


def uncross(
    meter: MeterArgument,
    other: Annotated[str, typer.Argument(help="Number of the meter it was taken for.")],
    on: Annotated[str, typer.Option(help="First day on which each belongs to the other's place.")],
    reason: Reason,
    known_by: KnownBy,
    confidence: Confidence,
    evidence: Evidence,
    as_json: JsonFlag = False,
) -> None:
    """Put a crossed pair right: two meters that were taken for each other change places."""
    with refusing():
        from meterledger.usecases.change_meters import uncross_meters
        from meterledger.usecases.touched_bills import touched_bills

        day = day_from(on, option="--on")
        linked = _linked(known_by, confidence, evidence)
        with _system("uncross meters", meter, other) as system:
            work = uncross_meters(
                meter, other, from_day=day, reason=reason, linked=linked, **_when(system)
            )
            there = system.store.meter_installations([meter, other])
            points = [one.service_point_id for known in there.values() for one in known]
            touched = touched_bills(points, day, system.store)
        _say_work(
            work,
            as_json,
            touched,
            lambda: (
                f"From {on} meters {meter} and {other} are each at the other's place. "
                "Bills already issued stand as they are."
            ),
        )


def configure(
    meter: MeterArgument,
    on: Annotated[str, typer.Option(help="First day on which it is set up so.")],
    billed_on: Annotated[str, typer.Option(help="What a bill takes: register or interval.")],
    kind: Annotated[
        str | None, typer.Option(help="How it is read: manual, amr or ami; needed once.")
    ] = None,
    interval_seconds: Annotated[
        int | None,
        typer.Option(
            click_type=WholeNumber(1, 86_400), help="Length of its intervals, where it keeps some."
        ),
    ] = None,
    registers: Annotated[
        list[str] | None,
        typer.Option("--register", help="A register, like kWh:delivered:kWh:5; again for more."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--setting", help="Another setting, like firmware=1.2; again for more."),
    ] = None,
    maker: Annotated[str, typer.Option(help="Maker of the device.")] = "",
    model: Annotated[str, typer.Option(help="Model of the device.")] = "",
    serial: Annotated[str, typer.Option(help="The maker's number of the device.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Say how a meter is set up from a day on; the same again changes nothing."""
    with refusing():
        from meterledger.entrypoints.cli.answer import BadArgument
        from meterledger.entrypoints.cli.meter_words import (
            choice_from,
            configuration_json,
            pairs_from,
            register_from,
        )
        from meterledger.facts.meters import BilledOn, Meter, MeterConfiguration, MeterKind
        from meterledger.kernel.span import Validity
        from meterledger.usecases.describe_meters import configure_meter

        day = day_from(on, option="--on")
        billed = choice_from(BilledOn, billed_on, option="--billed-on")
        found = tuple(register_from(text) for text in registers or ())
        if len({one.name for one in found}) < len(found):
            raise BadArgument("Two registers have one name", where="--register",
                              do="Name each of them once")  # fmt: skip
        if billed is BilledOn.INTERVAL and not (interval_seconds or 0) > 0:
            raise BadArgument("A meter billed on intervals has a length of them",
                              where="--interval-seconds", do="Give it, like 900")  # fmt: skip
        told = tuple(sorted(pairs_from(settings or (), option="--setting")))
        how = choice_from(MeterKind, kind, option="--kind") if kind is not None else None
        with _system("configure a meter", meter) as system:
            setup = MeterConfiguration(
                meter, billed, interval_seconds, found, told, Validity(day), system.now
            )
            device = Meter(meter, how, system.now, maker, model, serial) if how else None
            changed = configure_meter(setup, device, learned_at=system.now, store=system.store)
        say(
            {"meter": meter, "changed": changed, **configuration_json(setup)},
            as_json=as_json,
            words=lambda: print(
                f"Meter {meter} is set up so from {on}: fingerprint {setup.fingerprint}."
                if changed
                else f"Meter {meter} is known to be set up so: nothing changed."
            ),
        )


def load(
    name: Annotated[str, typer.Argument(help="Name of the load, like WIFI-12.")],
    service_point: Annotated[str, typer.Option(help="Service point that has no meter.")],
    device: Annotated[str, typer.Option(help="What takes the energy, like Wi-Fi.")],
    volt_amperes: Annotated[
        int,
        typer.Option(click_type=WholeNumber(0, 10**7), help="Load of one device, in volt-amperes."),
    ],
    on: Annotated[str, typer.Option(help="First day on which it is there.")],
    hours: Annotated[
        list[str], typer.Option(help="When it is on, every day, like 18:00-24:00; again for more.")
    ],
    count: Annotated[
        int, typer.Option(click_type=WholeNumber(0, 10**6), help="How many devices.")
    ] = 1,
    until: Annotated[str | None, typer.Option(help="First day without it.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Record a load that has no meter: bills of its service point are calculated from it."""
    with refusing():
        from meterledger.entrypoints.cli.answer import BadArgument
        from meterledger.entrypoints.cli.meter_words import hours_from
        from meterledger.facts.meters import UnmeteredLoad
        from meterledger.kernel.span import Validity
        from meterledger.usecases.describe_meters import record_unmetered_load

        day = day_from(on, option="--on")
        out = None if until is None else day_from(until, option="--until")
        if out is not None and out <= day:
            raise BadArgument(f"{until} is not after {on}", where="--until",
                              do="Give the first day without it")  # fmt: skip
        if count < 1 or volt_amperes < 1:
            raise BadArgument("A load takes some energy", where="--count, --volt-amperes",
                              do="Give whole numbers from 1")  # fmt: skip
        stretches = hours_from(hours)
        with _system("record a load", service_point) as system:
            told = UnmeteredLoad(
                name, service_point, device, count, volt_amperes, stretches,
                Validity(day, out), system.now,
            )  # fmt: skip
            changed = record_unmetered_load(told, view=system.view, store=system.store)
        say(
            {"load": name, "service_point": service_point, "changed": changed},
            as_json=as_json,
            words=lambda: print(
                f"Load {name} at {service_point} is recorded from {on}."
                if changed
                else f"Load {name} is known so: nothing changed."
            ),
        )


def _visit(
    service_point: str,
    at: str,
    reason: str,
    closing: list[str] | None,
    opening: list[str] | None,
    multiplier: int | None,
) -> Any:
    from meterledger.entrypoints.cli.meter_words import instant_from, reads_from
    from meterledger.usecases.meter_checks import Visit

    return Visit(
        service_point,
        instant_from(at, option="--at"),
        reason,
        reads_from(closing or (), option="--closing"),
        reads_from(opening or (), option="--opening"),
        multiplier,
    )


def _linked(known_by: str, confidence: int, evidence: str) -> Any:
    from meterledger.entrypoints.cli.meter_words import choice_from
    from meterledger.facts.meters import LinkSource
    from meterledger.usecases.meter_checks import Linked

    return Linked(choice_from(LinkSource, known_by, option="--known-by"), confidence, evidence)


def _when(system: Any) -> dict[str, Any]:
    return {
        "learned_at": system.now,
        "zone_name": system.view.time_zone,
        "store": system.store,
    }


def _touched(system: Any, service_points: list[str], at: datetime) -> list[str]:
    """Issued bills of the days from a visit on."""
    from meterledger.kernel.local_days import local_day_of
    from meterledger.usecases.touched_bills import touched_bills

    day = local_day_of(at, system.view.time_zone)
    return touched_bills(service_points, day, system.store)


def _say_work(work: Any, as_json: bool, touched: list[str], words: Callable[[], str]) -> None:
    from meterledger.entrypoints.cli.meter_words import work_json

    def told() -> None:
        print(words())
        if touched:
            noun = "This bill is" if len(touched) == 1 else "These bills are"
            print(f"{noun} of days that it changes: {', '.join(touched)}.")
            print("What they come to now is in `meterledger rebill list`.")

    say({**work_json(work), "touched_bills": touched}, as_json=as_json, words=told)
