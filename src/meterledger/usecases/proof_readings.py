"""The readings of a proof file: intervals of one meter or of several, or what registers showed.

Lives here      in which of three shapes a bill's readings stand, and what none of them can hold.
Lives elsewhere the parameters and amounts (``proof_amounts``), the file (``prove_bill``).
Read first      docs/reference/proof_file.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from meterledger.facts.bills import Bill
from meterledger.facts.usage import TiledInterval, UsageBatch, window_seconds
from meterledger.kernel.ensure import ensure
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.ports import Lake
from meterledger.usecases.register_windows import files_on_registers, gather, register_window
from meterledger.usecases.replay_bill import Recalled, ReplayStore
from meterledger.usecases.window_usage import usage_of_exchange, usage_of_window

INSTEAD = "Use `meterledger replay`, which computes any bill"


class CannotProve(Refusal):
    """No proof file can be made of this bill."""


def readings_of(bill: Bill, recalled: Recalled, store: ReplayStore, lake: Lake) -> dict[str, Any]:
    """What the file says of the bill's readings: ``values_wh``, ``meters`` or ``registers``.

    :raises CannotProve: if an interval lies in two local days, or nothing was read at all
    """
    if bill.usage.loads:
        raise CannotProve(
            "The bill stands on loads without a meter",
            where=bill.bill_id,
            why="Their energy is calculated, and the proof file holds readings",
            do=INSTEAD,
        )
    told = _registers(bill, recalled, store) if bill.usage.registers else None
    told = told or _intervals(bill, recalled, store, lake)
    told["sha256"] = bill.usage.sha256
    if bill.usage.estimated is not None:
        told["estimated"] = bill.usage.estimated.told(int)
    return told


def reading_count(readings: dict[str, Any]) -> int:
    """How many readings stand in the file: intervals, or the two reads of each register."""
    if "registers" in readings:
        return 2 * len(readings["registers"])
    if "meters" in readings:
        return sum(len(one["intervals"]) for one in readings["meters"])
    return len(readings["values_wh"])


def _intervals(bill: Bill, recalled: Recalled, store: ReplayStore, lake: Lake) -> dict[str, Any]:
    due, view = recalled.due, recalled.view
    how: dict[str, Any] = {
        "zone": view.time_zone,
        "at_sequence": recalled.sequence,
        "lake": lake,
        "kept": store,
    }
    if len(due.installations) > 1:
        exchanged = usage_of_exchange(due.installations, due.window.days, utility=view.name, **how)
        meters = [
            _meter(stay.meter, stay.multiplier, part, bill, view.time_zone)
            for stay, part in zip(exchanged.stays, exchanged.parts, strict=True)
        ]
        return {"meters": meters}
    (installed,) = due.installations
    found = usage_of_window({due.meter: installed}, due.window.days, **how)
    if due.meter in found.tiled:
        intervals = found.tiled[due.meter].intervals
        meter = _meter(due.meter, installed.multiplier, intervals, bill, view.time_zone)
        return {"meters": [meter]}
    (whole,) = found.whole
    return _values(whole.usage, bill)


def _values(usage: UsageBatch, bill: Bill) -> dict[str, Any]:
    start, _ = window_seconds(bill.days, usage.zone)
    values = np.concatenate([day.energy_wh[0] for day in usage.days])
    return {
        "meter": bill.usage.meter,
        "start": start,
        "interval_seconds": usage.interval_seconds,
        "values_wh": values.tolist(),
    }


def _meter(
    meter: str, multiplier: int, part: Sequence[TiledInterval], bill: Bill, zone_name: str
) -> dict[str, Any]:
    """A meter's intervals, before its multiplier, with the hash that the bill's record pins."""
    for one in part:
        first, last = (
            local_day_of(datetime.fromtimestamp(at, UTC), zone_name)
            for at in (one.start, one.end - 1)
        )
        if first != last:
            raise CannotProve(
                f"An interval of the bill begins on {first} and ends on {last}",
                where=bill.bill_id,
                why="The proof file holds intervals that lie in one local day each",
                do=INSTEAD,
            )
    ensure(all(one.energy_wh % multiplier == 0 for one in part), "a multiplier came after")
    shares = {one.meter: one.sha256 for one in bill.usage.meters}
    return {
        "meter": meter,
        "multiplier": multiplier,
        "start": part[0].start,
        "intervals": [[one.seconds, one.energy_wh // multiplier] for one in part],
        "sha256": shares.get(meter, bill.usage.sha256),
    }


def _registers(bill: Bill, recalled: Recalled, store: ReplayStore) -> dict[str, Any]:
    """The registers as the bill's record tells them, and each one's figures: digits, decimals."""
    due, view = recalled.due, recalled.view
    known = register_window(
        due.service,
        due.window,
        due.installations,
        gather(
            [(due.service, due.installations)],
            due.window.days,
            zone_name=view.time_zone,
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
    registers = [stay.metered.register for stay in known.stays]
    return {
        "registers": [one.told(int) for one in bill.usage.registers],
        "dials": [[one.digits, one.decimals] for one in registers],
    }
