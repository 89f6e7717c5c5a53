"""The step of a close that trues up estimated bills whose readings have come since (GRR V.E).

Lives here      which estimates no longer stand, whose accounts they are, what it came to in words.
Lives elsewhere the true-up and what holds it back (``rebill_due``), by hand: ``rebill --due``.
Read first      docs/operating/corrections.md.

It comes after the day's validation and before late charges and bills: they stand on what is right.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from meterledger.facts.places import BillableService
from meterledger.facts.usage_log import LoggedEstimate
from meterledger.kernel.local_days import day_start_utc
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.terms import Terms
from meterledger.usage import estimated_slots
from meterledger.usecases.close_desk import CloseDesk
from meterledger.usecases.close_told import StepTold
from meterledger.usecases.find_corrections import now_of
from meterledger.usecases.rebill_due import TrueUps, true_up_estimates
from meterledger.usecases.usage_days import DayOfMeters, read_day

LOOKS_BACK = "true_up_look_back_days"
"""How old an estimate may be that a night comes back to. `rebill --due` goes back without end."""
FIRST_DAY = date(1990, 1, 1)


def true_up_what_came(desk: CloseDesk, told: StepTold) -> None:
    """Correct bills that rest on estimates and need not any more; tell which wait for a person.

    :raises NoRuleInForce: if the book does not say how far back a night looks
    """
    until = desk.day + timedelta(days=1)
    days = Terms(desk.view, desk.day).whole(LOOKS_BACK).value
    recent = DaySpan(until - timedelta(days=days), until)
    meters = _replaced(desk.store.estimated_days(recent), desk)
    now = now_of(desk.store, known_at=desk.now, book=desk.book, lake=desk.lake)
    now = replace(now, on=desk.day)
    done = TrueUps()
    with desk.bar("True-ups", len(desk.cycles) if meters else 0) as advance:
        for cycle in desk.cycles if meters else ():
            accounts = {
                one.account.account_id
                for one in desk.store.services_of_cycle(cycle, desk.now)
                if _meters(one) & meters
            }
            done.add(
                true_up_estimates(
                    store=desk.store,
                    now=now,
                    accounts=sorted(accounts),
                    issued=DaySpan(FIRST_DAY, until),
                    estimated_alone=True,
                )
            )
            advance(1)
    corrected = [one for run in done.runs for one in run.corrected]
    told.counts |= {
        "looked at": done.looked_at,
        "trued up now": len(corrected),
        "left as billed": len(done.same) + sum(len(run.left) for run in done.runs),
        "corrected meanwhile": len(done.meanwhile),
        "wait for a person": len(done.waiting),
        "refused": len(done.refused),
    }
    told.cents["difference"] = sum(one.difference_cents for one in corrected)
    told.refused += [(f"bill {one.stored.bill_id}", one.why) for one in done.held]
    told.refused += [(f"bill {name}", why) for name, why in done.refused]
    if done.meanwhile:
        told.note = f"somebody corrected {', '.join(done.meanwhile)} while the night looked"


def _replaced(logged: Iterable[LoggedEstimate], desk: CloseDesk) -> set[str]:
    """Meters of which an estimate may stand no longer: nearly all do, and their bills with them.

    What is not in the lake, as an estimate of a register, is looked at with its bill.
    """
    found: set[str] = set()
    in_lake: dict[date, list[LoggedEstimate]] = {}
    for one in logged:
        if one.interval_count and one.sequence:
            in_lake.setdefault(one.day, []).append(one)
        else:
            found.add(one.meter_id)
    sequence = desk.store.lake_sequence()
    for day, estimates in in_lake.items():
        meters = sorted({one.estimate.meter for one in estimates})
        blocks, _ = read_day(desk.lake, meters, day, at_sequence=sequence)
        rows = {
            meter: (one, row) for one in blocks for row, meter in enumerate(one.block.meters)
        }  # fmt: skip
        begin = int(day_start_utc(day, desk.view.time_zone).timestamp())
        found |= {
            one.meter_id
            for one in estimates
            if not _stands(one, rows.get(one.estimate.meter), begin)
        }
    return found


def _stands(logged: LoggedEstimate, place: tuple[DayOfMeters, int] | None, begin: int) -> bool:
    if place is None:
        return False
    found, row = place
    ours = estimated_slots(found.values)
    seconds, made = found.block.interval_seconds, logged.estimate
    slots = slice((made.start - begin) // seconds, (made.until - begin) // seconds)
    return ours is not None and ours[row, slots].size > 0 and bool(ours[row, slots].all())


def _meters(service: BillableService) -> set[str]:
    """Numbers of the meters of a service, and of those that are billed with it."""
    found = {one.meter_id for one in service.installations}
    return found.union(*(_meters(one.service) for one in service.joined))
