"""What programmes do to energy: netting of what was received, and Solar Blocks that replace.

Lives here      the energy that is billed, what is beyond it, credits that have not expired.
Lives elsewhere who takes part, and keeping the credits (``programs``, the room), the price
                (``price``).
Read first      docs/reference/tariff_files.md, "A programme beside a schedule".
"""

from __future__ import annotations

from datetime import date

import numpy as np

from meterledger.facts.usage import Int64Array
from meterledger.facts.window_facts import NetCredits, WindowFacts
from meterledger.kernel.ensure import ensure
from meterledger.kernel.months import months_after
from meterledger.kernel.refusal import Refusal
from meterledger.rating.exact import share_by_weights
from meterledger.rating.parts import NetPlan
from meterledger.rating.plan_shapes import RatePlan
from meterledger.rulebook.schedule import ChargeKind


class ProgramFactsNeeded(Refusal):
    """A programme needs to know something of a window that was not given."""


def need_program_facts(plan: RatePlan, facts: WindowFacts) -> None:
    """Refuse where a programme's facts are not given, or do not fit the window.

    :raises ProgramFactsNeeded: naming what is missing
    """
    if plan.solar is not None and facts.solar_blocks is None:
        raise _needed(plan, "how many Solar Blocks are subscribed", "Give the number of blocks")
    if plan.net is None:
        return
    if facts.received is None:
        raise _needed(
            plan, "what energy was received", "Give the meter's received energy; 0 where none was"
        )
    credits = facts.credits
    if credits is None:
        raise _needed(
            plan,
            "which credits of earlier periods are left",
            "Give each credit's day of issue and what is left of it; none where there is none",
        )
    until = plan.window.until_day.toordinal()
    if (credits.cents < 0).any() or (credits.issued > until).any():
        raise ProgramFactsNeeded(
            "A credit of an earlier period is negative, or issued after the window",
            where=str(plan.window),
            do="Give credits that were issued before, each with what is left of it",
        )


def _needed(plan: RatePlan, what: str, do: str) -> ProgramFactsNeeded:
    return ProgramFactsNeeded(
        f"A programme beside schedule {plan.schedule.code} needs to know {what}",
        where=str(plan.window),
        do=do,
    )


def netted_wh(
    net_plan: NetPlan, delivered: Int64Array, received: Int64Array
) -> tuple[Int64Array, Int64Array]:
    """Energy that is billed, in the first segment of its place, and the excess of each window.

    Shapes: [N x segments x periods] both, the excess Int64 [N]. No line for energy ends within a
    place, so in which of its segments the energy stands is no matter.
    """
    ensure(delivered.shape == received.shape, "received energy is placed as delivered energy is")
    ensure(len(net_plan.places) == delivered.shape[1], "every segment lies in one place")
    first = [net_plan.places.index(place) for place in sorted(set(net_plan.places))]
    net = np.add.reduceat(delivered - received, first, axis=1)
    by_place = net.reshape(net.shape[0], -1)
    total = by_place.sum(axis=1)
    shared = share_by_weights(np.maximum(total, 0), np.maximum(by_place, 0))
    billed = np.zeros(delivered.shape, dtype=np.int64)
    billed[:, first, :] = shared.reshape(net.shape)
    return billed, np.maximum(-total, 0)


def replaced_wh(plan: RatePlan, quantity: Int64Array, blocks: Int64Array) -> Int64Array:
    """What Solar Blocks replace of each line's watt-hours, Int64 [N x lines].

    ``quantity`` is what the lines would bill without them.
    """
    found = np.zeros(quantity.shape, dtype=np.int64)
    if plan.solar is None:
        return found
    ensure(bool((blocks >= 0).all()) and bool((blocks < 10**9).all()), "blocks are counted")
    for group in plan.solar.groups:
        of_group = quantity[:, list(group)]
        replaced = np.minimum(blocks * plan.solar.block_wh, of_group.sum(axis=1))
        found[:, list(group)] = share_by_weights(replaced, of_group)
    return found


def live_credits(plan: RatePlan, credits: NetCredits) -> Int64Array:
    """What is left of each credit that has not expired by the day after the window; as given."""
    if plan.net is None or credits.issued.size == 0:
        return np.zeros(credits.cents.shape, dtype=np.int64)
    live = {0: False}
    for ordinal in np.unique(credits.issued[credits.issued > 0]).tolist():
        last = months_after(date.fromordinal(ordinal), plan.net.expires_months)
        live[ordinal] = plan.window.until_day <= last
    keys = np.array(sorted(live), dtype=np.int64)
    flags = np.array([live[key] for key in keys.tolist()])
    counts = flags[np.searchsorted(keys, credits.issued)]
    return np.where(counts, credits.cents, 0)


def credits_after(
    plan: RatePlan, credits: NetCredits, used_cents: Int64Array, granted_cents: Int64Array
) -> NetCredits:
    """The credits that are left after a bill, oldest first, with the one that it grants last.

    ``used_cents`` is what the bill took off, Int64 [N], not negative; expired ones are gone.
    """
    live = live_credits(plan, credits)
    before = np.cumsum(live, axis=1) - live
    used = np.clip(used_cents[:, None] - before, 0, live)
    left = live - used
    issued = np.where(left > 0, credits.issued, 0)
    granted_on = np.where(granted_cents > 0, plan.window.until_day.toordinal(), 0)
    return NetCredits(
        issued=np.concatenate([issued, granted_on[:, None]], axis=1),
        cents=np.concatenate([left, granted_cents[:, None]], axis=1),
    )


def excess_line(plan: RatePlan) -> int | None:
    """The place of the line that grants a credit, if the plan has one."""
    kinds = [line.rule.kind for line in plan.lines]
    return kinds.index(ChargeKind.NET_EXCESS) if ChargeKind.NET_EXCESS in kinds else None
