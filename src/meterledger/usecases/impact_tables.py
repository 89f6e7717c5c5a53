"""An impact by groups of accounts: by rate option, decile of use, programme and place.

Lives here      the groups, their sums, and how changes are spread; each table sums to the whole.
Lives elsewhere the prices (``impact``), words and pictures (``entrypoints/impact_report``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from meterledger.facts.impact import Impact
from meterledger.facts.usage import Int64Array
from meterledger.kernel.ensure import ensure

NOT_KNOWN = "not known"
DECILES = 10
STEPS_USD = (-100, -50, -20, -10, -5, -1, 0, 1, 5, 10, 20, 50, 100)
"""Edges of the picture of changes, dollars a year."""


@dataclass(frozen=True, slots=True)
class GroupImpact:
    """Accounts that have something in common. ``middle_cents`` is the median change of them."""

    name: str
    accounts: int
    energy_wh: int
    issued_cents: int
    before_cents: int
    after_cents: int
    more: int
    less: int
    middle_cents: int

    @property
    def change_cents(self) -> int:
        """How much more they would pay together."""
        return self.after_cents - self.before_cents


def deciles(impact: Impact) -> Int64Array:
    """Of each account, by its energy a day: 1 for the tenth that used least, up to 10.

    A day, and not in all: who moved in last month is no small user.
    """
    count = len(impact.accounts)
    days = np.maximum(1, impact.until_days - impact.first_days)
    mwh_a_day = impact.energy_wh * 1_000 // days
    order = np.lexsort((np.arange(count), mwh_a_day))
    found = np.empty(count, dtype=np.int64)
    found[order] = np.arange(count) * DECILES // max(1, count) + 1
    return found


def by_option(impact: Impact) -> list[GroupImpact]:
    """By the rate option of the account's newest bill."""
    return _grouped(impact, impact.schedules)


def by_place(impact: Impact) -> list[GroupImpact]:
    """By the municipality that the premise lies in."""
    return _grouped(impact, impact.places)


def by_decile(impact: Impact) -> list[GroupImpact]:
    """By the account's place among all in energy used a day."""
    return _grouped(impact, [f"{one:2d}" for one in deciles(impact).tolist()])


def by_programme(impact: Impact) -> list[GroupImpact]:
    """By income programme, where a file said who is in one; what is not known is said so."""
    return _grouped(impact, impact.programs or [NOT_KNOWN] * len(impact.accounts))


def for_part_of_the_time(impact: Impact) -> dict[str, int]:
    """Of each programme, the accounts that were in it on some days of their bills, not on all."""
    found: dict[str, int] = {}
    if impact.programs is None or impact.program_days is None:
        return found
    billed = impact.until_days - impact.first_days
    part = (impact.program_days > 0) & (impact.program_days < billed)
    for name, some in zip(impact.programs, part.tolist(), strict=True):
        found[name] = found.get(name, 0) + int(some)
    return found


def whole(impact: Impact) -> GroupImpact:
    """All accounts together."""
    found = _grouped(impact, ["all"] * len(impact.accounts))
    return found[0] if found else GroupImpact("all", 0, 0, 0, 0, 0, 0, 0, 0)


def spread(impact: Impact) -> list[tuple[str, int]]:
    """How many accounts change by how much: steps in dollars over the whole time."""
    change = impact.change_cents
    found = [(f"less by over ${-STEPS_USD[0]}", int((change < 100 * STEPS_USD[0]).sum()))]
    for low, high in pairwise(STEPS_USD):
        if high <= 0:
            inside = (change >= 100 * low) & (change < 100 * high)
            found.append((f"less by ${-high} to ${-low}", int(inside.sum())))
        else:
            inside = (change > 100 * low) & (change <= 100 * high)
            found.append((f"more by ${low} to ${high}", int(inside.sum())))
    found.append((f"more by over ${STEPS_USD[-1]}", int((change > 100 * STEPS_USD[-1]).sum())))
    found.insert(1 + STEPS_USD.index(0), ("the same", int((change == 0).sum())))
    ensure(sum(count for _, count in found) == len(change), "each account stands in one step")
    return found


def _grouped(impact: Impact, labels: Sequence[str]) -> list[GroupImpact]:
    names, of = np.unique(np.array(labels, dtype=object).astype(str), return_inverse=True)
    change = impact.change_cents
    found = []
    for number, name in enumerate(names.tolist()):
        rows = np.flatnonzero(of == number)
        some = change[rows]
        found.append(
            GroupImpact(
                name=name.strip(),
                accounts=len(rows),
                energy_wh=int(impact.energy_wh[rows].sum()),
                issued_cents=int(impact.issued_cents[rows].sum()),
                before_cents=int(impact.before_cents[rows].sum()),
                after_cents=int(impact.after_cents[rows].sum()),
                more=int((some > 0).sum()),
                less=int((some < 0).sum()),
                middle_cents=int(np.sort(some)[len(some) // 2]),
            )
        )
    ensure(
        sum(one.change_cents for one in found) == int(change.sum())
        and sum(one.issued_cents for one in found) == int(impact.issued_cents.sum()),
        "the groups make up the whole",
    )
    return found
