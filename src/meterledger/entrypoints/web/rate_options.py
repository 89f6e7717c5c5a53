"""The page that compares rate options: an account's own twelve periods on each option open to it.

Lives here      rows, bars and words of the page.
Lives elsewhere the comparison (``usecases.compare_schedules``), the change itself (command line).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from meterledger.entrypoints.web.clauses import citation_address
from meterledger.entrypoints.web.policy import personal
from meterledger.entrypoints.wiring import System
from meterledger.kernel.citation import Citation
from meterledger.kernel.local_days import local_day_of
from meterledger.usecases.compare_schedules import Compared, Comparison, compare_schedules


@dataclass(frozen=True, slots=True)
class OptionRow:
    """One option: its answer, its name, and how long its bar is, in percent of the dearest."""

    answer: Comparison
    name: str
    bar_percent: int
    present: bool

    @property
    def standing(self) -> str:
        """The weakest standing of its lines, in words."""
        return self.answer.standing.replace("_", " ")


@personal("compare rate options", subjects=lambda account_id: [account_id])
def compare_page(request: HttpRequest, system: System, account_id: str) -> HttpResponse:
    """Twelve periods of own usage on every option open, the cheapest first, and a switch's day."""
    system.store.account(account_id)
    found = compare_schedules(
        account_id=account_id,
        span=None,
        known_at=system.now,
        asked=local_day_of(system.now, system.view.time_zone),
        store=system.store,
        lake=system.lake,
        book=system.book,
    )
    context = {
        "account_id": account_id,
        "found": found,
        "span": (found.windows[0].from_day, found.windows[-1].until_day),
        "kwh": f"{found.energy_wh // 1000:,}.{found.energy_wh % 1000:03d}",
        "estimated": f"{found.estimated_wh // 1000:,}.{found.estimated_wh % 1000:03d}"
        if found.estimated_wh
        else "",
        "rows": _rows(system, found),
        "windows": _windows(found),
        "outcome": None if found.switch is None else found.switch.decision.outcome,
        "reasons": [] if found.switch is None else _reasons(system, found),
    }
    return render(request, "web/compare.html", context)


def _ordered(found: Compared) -> list[Comparison]:
    return sorted(found.answers, key=lambda one: (one.total_cents is None, one.total_cents or 0))


def _rows(system: System, found: Compared) -> list[OptionRow]:
    dearest = max((one.total_cents or 0 for one in found.answers), default=0)
    last = found.windows[-1].last_day
    return [
        OptionRow(
            answer=one,
            name=system.view.schedule(one.schedule, last).name,
            bar_percent=100 * (one.total_cents or 0) // dearest if dearest > 0 else 0,
            present=one.schedule == found.schedule,
        )
        for one in _ordered(found)
    ]


def _windows(found: Compared) -> list[tuple[object, str, list[int | None]]]:
    """Each window with its energy, and its total on each option in the order of the rows."""
    columns = [one.windows_cents for one in _ordered(found)]
    return [
        (
            window,
            f"{found.windows_wh[at] // 1000:,}",
            [None if column is None else column[at] for column in columns],
        )
        for at, window in enumerate(found.windows)
    ]


def _reasons(system: System, found: Compared) -> list[tuple[str, Citation, str | None]]:
    reasons = found.switch.decision.reasons if found.switch else ()
    return [
        (one.finding, one.citation, citation_address(system.view, one.citation)) for one in reasons
    ]
