"""Say how a meter is set up, and which loads have no meter, from a day on.

Lives here      ending the version before on the day a new one begins; saying the same twice.
Lives elsewhere keeping versions so that none overlap (``stores``), where meters are
                (``change_meters``), whether a load may go without a meter (``metering``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from fractions import Fraction

from meterledger.facts.meters import Meter, MeterConfiguration, UnmeteredLoad
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import Validity
from meterledger.metering import UNMETERED, Device
from meterledger.rulebook.book import BookView
from meterledger.rulebook.forms import number_text
from meterledger.usecases.decide import decide
from meterledger.usecases.meter_checks import SHOW, MeterStore, MeterWorkRefused
from meterledger.usecases.meter_ports import MeterChange, MeterFact, MeterFile
from meterledger.usecases.ports import NotFound


def configure_meter(
    configuration: MeterConfiguration,
    device: Meter | None,
    *,
    learned_at: datetime,
    store: MeterStore,
) -> bool:
    """Say how a meter is set up from a day on; False if it is known to be set up so already.

    ``device`` is needed where nobody has said yet what the meter is.

    :raises MeterWorkRefused: if the day lies before one that is known, or the device is not known
    :raises Conflict: if the device is known with other contents
    """
    meter = configuration.meter_id
    try:
        known = store.meter_file(meter)
    except NotFound:
        known = MeterFile(meter, None, (), (), (), ())
    if known.meter is None and device is None:
        raise MeterWorkRefused(
            "Nobody has said how the meter is read",
            where=f"meter {meter}",
            do="Say its kind: manual, amr or ami",
        )
    ended: list[MeterFact] = []
    begun: list[MeterFact] = [configuration]
    from_day = configuration.days.from_day
    before = [one for one in known.configurations if from_day in one.days]
    for one in known.configurations:
        if one.days.from_day > from_day:
            raise MeterWorkRefused(
                f"Another configuration is known from {one.days.from_day}",
                where=f"meter {meter}, {from_day}",
                do=f"Give that day or a later one. {SHOW}",
            )
    for one in before:
        if one.fingerprint == configuration.fingerprint:
            return False
        ended.append(one)
        if one.days.from_day < from_day:
            days = Validity(one.days.from_day, from_day)
            begun.append(replace(one, days=days, learned_at=learned_at))
    return store.change_meters(
        MeterChange("meter configured", meter, learned_at, tuple(ended), tuple(begun),
                    () if device is None else (device,))
    )  # fmt: skip


class NotWithoutMeter(Refusal):
    """A load is none that may be served without a meter."""


def record_unmetered_load(load: UnmeteredLoad, *, view: BookView, store: MeterStore) -> bool:
    """Say that devices at a service point take energy that nobody measures, from a day on.

    A version of the same load that is known ends on that day; False if it says the same. To record
    it is the company's choice that GRR IV.E leaves to it. What is less than was known of the load
    is always taken.

    :raises MeterWorkRefused: if a meter measures the service point on one of those days, or a
        later version is known
    :raises NotWithoutMeter: if the device is none of those that may be served without a meter, or
        the service point would have more than the most that may
    """
    at = load.learned_at
    there = store.installations_at([load.service_point_id]).get(load.service_point_id, [])
    for one in there:
        if one.days.overlaps(load.days):
            raise MeterWorkRefused(
                f"Meter {one.meter_id} measures there, {one.days}",
                where=f"service point {load.service_point_id}",
                why="What is measured is not calculated as well",
                do="Give the load a service point of its own",
            )
    ended: list[MeterFact] = []
    begun: list[MeterFact] = [load]
    known = store.unmetered_loads([load.service_point_id]).get(load.service_point_id, [])
    for version in (one for one in known if one.load_id == load.load_id):
        if replace(version, days=load.days, learned_at=at) == load and (
            version.days.until_day == load.days.until_day
        ):
            return False
        if version.days.from_day > load.days.from_day:
            raise MeterWorkRefused(
                f"A version of load {load.load_id} is known from {version.days.from_day}",
                where=f"service point {load.service_point_id}, {load.days.from_day}",
                do="Give that day or a later one",
            )
        if version.days.overlaps(load.days):
            ended.append(version)
            if version.days.from_day < load.days.from_day:
                days = Validity(version.days.from_day, load.days.from_day)
                begun.append(replace(version, days=days, learned_at=at))
    if not any(_is_less(load, version) for version in ended if isinstance(version, UnmeteredLoad)):
        _may_be_unmetered(load, [one for one in known if one.load_id != load.load_id], view)
    change = MeterChange("unmetered load", load.service_point_id, at, tuple(ended), tuple(begun))
    return store.change_meters(change)


def _is_less(load: UnmeteredLoad, before: UnmeteredLoad) -> bool:
    return load.device == before.device and _volt_amperes(load) <= _volt_amperes(before)


def _volt_amperes(load: UnmeteredLoad) -> int:
    return load.count * load.volt_amperes


def _may_be_unmetered(load: UnmeteredLoad, others: list[UnmeteredLoad], view: BookView) -> None:
    """Ask the rule of the load with all that is at its service point at the same time.

    A book that limits no loads is not asked.
    """
    if not set(UNMETERED.values) <= set(view.names()):
        return
    beside = [one for one in others if one.days.overlaps(load.days)]
    days = [load.days.from_day, *(one.days.from_day for one in beside)]
    together = [
        sum(_volt_amperes(one) for one in beside if day in one.days)
        for day in days
        if day in load.days
    ]
    kva = Fraction(_volt_amperes(load) + max(together), 1000)
    known = {one.value.lower(): one.value for one in Device}
    ruling = decide(
        rule=UNMETERED,
        facts={
            "device": known.get(load.device.strip().lower(), Device.OTHER.value),
            "kva": number_text(kva),
            "constant": True,
            "can_be_estimated": True,
            "company_agrees": True,
        },
        day=local_day_of(load.learned_at, view.time_zone),
        view=view,
    )
    if ruling.decision.outcome.allowed:
        return
    raise NotWithoutMeter(
        f"{load.count} x {load.device[:60]} of {load.volt_amperes} VA, {number_text(kva)} kVA with "
        "all that is there without a meter, cannot be served without one",
        where=f"service point {load.service_point_id}",
        why="; ".join(f"{one.finding} ({one.citation.text})" for one in ruling.decision.reasons),
        do="Install a meter there, or give the load another service point where it is at another "
        "point of delivery",
    )
