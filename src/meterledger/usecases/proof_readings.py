"""The readings of a proof file: intervals of meters, what registers showed, loads without a meter.

Lives here      in which shape a bill's readings stand; energy of registers and loads as operations.
Lives elsewhere charges (``proof_charges``), amounts (``proof_amounts``), the file (``prove_bill``).
Read first      docs/reference/proof_file.md, "Readings".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from meterledger.facts.bills import Bill
from meterledger.facts.meters import Register
from meterledger.facts.places import MeterInstallation
from meterledger.facts.registers import BilledRead, RegisterShare
from meterledger.facts.usage import TiledInterval, UsageBatch, window_seconds
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.ensure import ensure
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.forms import number_text
from meterledger.usage import ExchangedUsage, scale_by_multipliers
from meterledger.usecases.due_bills import DueBill
from meterledger.usecases.flow_of_exchange import Read, flow_of_exchange
from meterledger.usecases.given_beside import GivenBeside
from meterledger.usecases.joined_services import JoinedDue
from meterledger.usecases.ports import Lake
from meterledger.usecases.proof_values import Operation, ProofValues, op, thousandths
from meterledger.usecases.register_windows import files_on_registers, gather, register_window
from meterledger.usecases.replay_bill import Recalled, ReplayStore
from meterledger.usecases.unmetered_usage import POWER_FACTOR
from meterledger.usecases.window_usage import usage_of_exchange, usage_of_window

INSTEAD = "Use `meterledger replay`, which computes any bill"

DAY_MINUTES, QUARTER_SECONDS = 1440, 900
WATT_HOURS = {"Wh": 1, "kWh": 1_000, "MWh": 1_000_000}

Place = dict[str, Any]


class CannotProve(Refusal):
    """No proof file can be made of this bill."""


def places_of(
    bill: Bill, recalled: Recalled, store: ReplayStore, lake: Lake, values: ProofValues
) -> list[Place]:
    """The energy delivered at each service point: intervals with the hash that the bill's record
    pins, or registers.
    """
    due = recalled.due
    how = (recalled, store, lake)
    mine = JoinedDue(due.service, due.window.days, due.installations)
    if bill.usage.registers:
        return [_registers(mine, bill.usage.registers, 1, bill, recalled, store, values)]
    if not bill.usage.points:
        own = _intervals(due.installations, due.window.days, *how)
        return [{**own, "sha256": bill.usage.sha256}]
    places: list[Place] = []
    first = 1
    for one, point in zip((mine, *due.joined), bill.usage.points, strict=True):
        if shares := point.usage.registers:
            places.append(_registers(one, shares, first, bill, recalled, store, values))
            first += len(shares)
            continue
        place = _intervals(one.installations, one.days, *how)
        places.append(
            {**place, "sha256": point.usage.sha256}
            if point.days == bill.days
            else _on_all_days(place, bill.days, recalled.view.time_zone)
        )
    return places


def _on_all_days(place: Place, window: DaySpan, zone_name: str) -> Place:
    """A place that is on the bill for some days only: on the others it has nothing, in hours.

    The record pins a hash of its own days; this one is of all.
    """
    begin, until = window_seconds(window, zone_name)
    first, last = place["meters"][0], place["meters"][-1]
    ends = last["start"] + sum(_lengths(last))
    meters = [*place["meters"]]
    meters = [_nothing(first, begin, first["start"]), *meters, _nothing(last, ends, until)]
    meters = [one for one in meters if one["wh"]]
    numbers: list[int] = []
    for one in meters:
        at = one["start"]
        for seconds, wh in zip(_lengths(one), one["wh"], strict=True):
            numbers += [at, seconds, wh * one["multiplier"]]
            at += seconds
    data = np.array(numbers, dtype="<i8").tobytes()
    return {"hash_of": "intervals", "meters": meters, "sha256": sha256_hex(data)}


def _lengths(meter: dict[str, Any]) -> list[int]:
    seconds = meter["seconds"]
    return [seconds] * len(meter["wh"]) if isinstance(seconds, int) else seconds


def _nothing(meter: dict[str, Any], begin: int, until: int) -> dict[str, Any]:
    count = (until - begin) // QUARTER_SECONDS
    return {**meter, "start": begin, "seconds": QUARTER_SECONDS, "wh": [0] * count}


def received_of(given: GivenBeside, recalled: Recalled, lake: Lake) -> Place:
    """The energy received of a net-metered bill, of each of its meters."""
    if isinstance(given.received, UsageBatch):
        return _of_one(given.received, recalled.due)
    return _of_exchange(lake.received, recalled)


def reactive_of(recalled: Recalled, lake: Lake) -> Place:
    """The reactive energy of each of the bill's meters."""
    due = recalled.due
    if len(due.installations) > 1:
        return _of_exchange(lake.reactive, recalled)
    (found,) = lake.reactive([due.meter], due.window.days, at_sequence=recalled.sequence)
    return _of_one(scale_by_multipliers(found, [due.installations[0].multiplier]), due)


def _of_one(usage: UsageBatch, due: DueBill) -> Place:
    """Energy received or reactive energy of one meter; the record pins no hash of it."""
    (installed,) = due.installations
    place = _plain(due.meter, installed.multiplier, due.window.days, usage)
    return {**place, "sha256": sha256_hex(_energy(usage).astype("<i8").tobytes())}


def _of_exchange(read: Read, recalled: Recalled) -> Place:
    """The same of meters that were exchanged inside the window."""
    due, view = recalled.due, recalled.view
    found = flow_of_exchange(
        read,
        due.installations,
        due.window.days,
        zone=view.time_zone,
        utility=view.name,
        at_sequence=recalled.sequence,
    )
    numbers = [n for one in found.tiled.intervals for n in (one.start, one.seconds, one.energy_wh)]
    hashed = sha256_hex(np.array(numbers, dtype="<i8").tobytes())
    return {**_exchanged(found), "sha256": hashed}


def _exchanged(found: ExchangedUsage) -> Place:
    meters = [
        _meter(stay.meter, stay.multiplier, part)
        for stay, part in zip(found.stays, found.parts, strict=True)
    ]
    return {"hash_of": "intervals", "meters": meters}


def loads_of(bill: Bill, values: ProofValues) -> list[Operation]:
    """The kWh of each load without a meter, before they are added and rounded; as operations.

    :raises NoRuleInForce: if the book has no power factor
    """
    factor = values.view.number(POWER_FACTOR).on(bill.days.last_day)
    told = number_text(factor.value)
    by_factor = values.given("power_factor", told, factor.citation.text)
    found: list[Operation] = []
    for number, load in enumerate(bill.usage.loads, 1):
        source = f"load {load.load_id}: {load.device}"
        count = values.give(load_count(number), str(load.count), source, bill.days)
        days = DaySpan(load.from_day, load.until_day)
        values.only_on(count, days, "0")
        kva = values.given(f"kva_of_load_{number}", thousandths(load.volt_amperes), source)
        hours_of = _hours(load.hours, values)
        hours = values.give(f"hours_of_load_{number}", hours_of, source, bill.days)
        on = {"hours": {"of": hours, "period": "on"}}
        energy = op("product", {"value": count}, kva, by_factor, on)
        found.append({"parts": {"cut_with": [count], "of": energy}})
    return found


def load_count(number: int) -> str:
    """The name under which it is given how many devices of a load are there."""
    return f"count_of_load_{number}"


def _hours(hours: Sequence[tuple[int, int]], values: ProofValues) -> dict[str, Any]:
    """The hours of a load as a calendar of hours has them: on or off, alike on all days."""
    windows: list[list[Any]] = []
    at = 0
    for begin, end in sorted(hours):
        windows += [[at, begin, "off"]] if at < begin else []
        windows.append([begin, end, "on"])
        at = end
    windows += [[at, DAY_MINUTES, "off"]] if at < DAY_MINUTES else []
    seasons = {values.season(day) for day in values.window.days()}
    return {"by_season": {one: {"every_day": windows} for one in seasons}, "holidays": None}


def reading_count(proof: dict[str, Any]) -> int:
    """How many readings stand in the file: intervals, and the two reads of each register."""
    names = [name for name in proof["values"] if name.startswith("given:register_")]
    count: int = sum(name.endswith(("_opens", "_closes")) for name in names)
    for place in (one for flow in proof["readings"].values() for one in flow):
        count += sum(len(one["wh"]) for one in place.get("meters", ()))
    return count


def _intervals(
    installations: Sequence[MeterInstallation],
    days: DaySpan,
    recalled: Recalled,
    store: ReplayStore,
    lake: Lake,
) -> Place:
    view = recalled.view
    how: dict[str, Any] = {
        "zone": view.time_zone,
        "at_sequence": recalled.sequence,
        "lake": lake,
        "kept": store,
    }
    if len(installations) > 1:
        return _exchanged(usage_of_exchange(installations, days, utility=view.name, **how))
    (installed,) = installations
    meter = pseudonym(installed.meter_id, view.name)
    found = usage_of_window({meter: installed}, days, **how)
    if meter in found.tiled:
        told = _meter(meter, installed.multiplier, found.tiled[meter].intervals)
        return {"hash_of": "intervals", "meters": [told]}
    (whole,) = found.whole
    return _plain(meter, installed.multiplier, days, whole.usage)


def _energy(usage: UsageBatch) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.concatenate([day.energy_wh[0] for day in usage.days])


def _plain(meter: str, multiplier: int, days: DaySpan, usage: UsageBatch) -> Place:
    """Intervals of one length of one meter, before its multiplier."""
    energy = _energy(usage)
    ensure(bool((energy % multiplier == 0).all()), "a multiplier came after")
    start, _ = window_seconds(days, usage.zone)
    told = {
        "meter": meter,
        "multiplier": multiplier,
        "start": start,
        "seconds": usage.interval_seconds,
        "wh": (energy // multiplier).tolist(),
    }
    return {"hash_of": "energy", "meters": [told]}


def _meter(meter: str, multiplier: int, part: Sequence[TiledInterval]) -> dict[str, Any]:
    """A meter's intervals of any length, before its multiplier."""
    ensure(all(one.energy_wh % multiplier == 0 for one in part), "a multiplier came after")
    seconds = [one.seconds for one in part]
    return {
        "meter": meter,
        "multiplier": multiplier,
        "start": part[0].start,
        "seconds": seconds[0] if len(set(seconds)) == 1 else seconds,
        "wh": [one.energy_wh // multiplier for one in part],
    }


def _registers(
    due: JoinedDue,
    shares: Sequence[RegisterShare],
    first: int,
    bill: Bill,
    recalled: Recalled,
    store: ReplayStore,
    values: ProofValues,
) -> Place:
    """The kWh that registers of a point moved by, with what is billed ahead of their reads.

    They are numbered from ``first`` on.
    """
    view = recalled.view
    known = register_window(
        due.service,
        replace(recalled.due.window, days=due.days),
        due.installations,
        gather(
            [(due.service, due.installations)],
            due.days,
            view=view,
            at_sequence=recalled.sequence,
            store=store,
        ),
        files_on_registers([one.meter_id for one in due.installations], recalled.known_at, store),
        known_at=recalled.known_at,
        on=bill.issued_day,
        sequence=recalled.sequence,
        view=view,
        store=store,
    )
    each = [
        _register(f"register_{number}", share, stay.metered.register, values)
        for number, (share, stay) in enumerate(zip(shares, known.stays, strict=True), first)
    ]
    return {"kwh": op("sum", *each)}


def _register(
    name: str, share: RegisterShare, register: Register, values: ProofValues
) -> Operation:
    """What one register moved by: of each read the whole watt-hours, times the multiplier."""
    unit = Fraction(WATT_HOURS[share.unit], 1000)
    of = f"register {share.register} of meter {share.meter}"

    def read(what: str, one: BilledRead) -> Operation:
        shown = number_text(one.shown * unit / 10**register.decimals)
        source = f"{of}: {one.basis.value}, billed at {one.figures} {share.unit}"
        return values.given(f"{name}_{what}", shown, source)

    closes = read("closes", share.closing)
    if share.rolled_over:
        turn = values.given(f"{name}_turns_at", number_text(10**register.digits * unit), of)
        closes = op("sum", closes, turn)
    moved = op("less", op("down", closes), op("down", read("opens", share.opening)))
    found = op("product", moved, values.given(f"{name}_multiplier", str(share.multiplier), of))
    ahead = (
        values.given(f"{name}_ahead_at_{what}", thousandths(one.ahead_wh), f"{of}, billed ahead")
        for what, one in (("closing", share.closing), ("opening", share.opening))
        if one.ahead_wh
    )
    if share.closing.ahead_wh:
        found = op("sum", found, next(ahead))
    return op("less", found, next(ahead)) if share.opening.ahead_wh else found
