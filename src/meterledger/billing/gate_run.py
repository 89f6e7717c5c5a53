"""The breaker of a run: shares and medians over all windows so far, before any more leaves.

Lives here      the tally of a run and its measures, each a pure function of counts.
Lives elsewhere when it is asked and what stops (``usecases/issue_bills``).

A mass fault has no single odd bill: every bill is a little wrong. So the whole run is looked at.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

from meterledger.billing.gate_facts import finding
from meterledger.billing.gate_terms import GateTerms
from meterledger.facts.held import GateFinding

HELD, ESTIMATED, ZERO, MEDIAN = "run.held", "run.estimated", "run.zero", "run.median"


@dataclass(slots=True)
class RunTally:
    """What a run has looked at so far.

    ``looked_at`` windows were held or calculated; ``made`` of them were calculated, and a bill that
    the gate holds is in both. ``now_cents`` and ``before_cents`` are totals of the same accounts.
    """

    looked_at: int = 0
    held: int = 0
    made: int = 0
    estimated: int = 0
    zero: int = 0
    now_cents: list[int] = field(default_factory=list)
    before_cents: list[int] = field(default_factory=list)


def enough_for_breaker(tally: RunTally, terms: GateTerms) -> bool:
    """Whether the run is large enough for shares to say something."""
    return tally.looked_at >= terms["gate_run_windows_min"].value


def run_findings(tally: RunTally, terms: GateTerms) -> list[GateFinding]:
    """Measures beyond their bounds; empty for a run that may go on, or is too small to say."""
    if not enough_for_breaker(tally, terms):
        return []
    found = [
        _share(HELD, "windows are held", tally.held, tally.looked_at, terms),
        _share(ESTIMATED, "bills have estimated usage", tally.estimated, tally.made, terms),
        _share(ZERO, "bills have no energy", tally.zero, tally.made, terms),
        _median(tally, terms),
    ]
    return [one for one in found if one is not None]


def _share(code: str, words: str, part: int, whole: int, terms: GateTerms) -> GateFinding | None:
    limit = terms[f"gate_{code.replace('.', '_')}_most_percent"]
    if part * 100 <= limit.value * whole:
        return None
    sentence = f"{part} of {whole} {words}, more than {limit.value} percent"
    return finding(code, sentence, limit, [("part", part), ("whole", whole)])


def _median(tally: RunTally, terms: GateTerms) -> GateFinding | None:
    if len(tally.now_cents) < terms["gate_run_windows_min"].value:
        return None
    now = statistics.median_low(tally.now_cents)
    before = statistics.median_low(tally.before_cents)
    least, most = terms["gate_run_median_least_percent"], terms["gate_run_median_most_percent"]
    if least.value * before <= now * 100 <= most.value * before:
        return None
    limit = most if now * 100 > most.value * before else least
    sentence = (
        f"The median total is {now} cents and was {before} cents on the bills before of the same "
        f"{len(tally.now_cents)} accounts, outside {least.value} to {most.value} percent"
    )
    return finding(MEDIAN, sentence, limit, [("now_cents", now), ("before_cents", before)])
