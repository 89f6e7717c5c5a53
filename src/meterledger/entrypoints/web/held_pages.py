"""Held bills: the queue with its filters, one case with its evidence and ways out, and the runs.

Lives here      gathering what the pages show; reading the forms.
Lives elsewhere what may be done (``usecases/settle_held``), where a cause is corrected
                (``held_ways``), the chart's geometry (``chart``).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from meterledger.billing import HoldKind, WayOut, hold_kind, shields_autopay
from meterledger.entrypoints.held_words import ACT_WORDS, chosen, of_the_case
from meterledger.entrypoints.issuing import refuse_wrong_clock
from meterledger.entrypoints.web.chart import Chart, stretch_chart
from meterledger.entrypoints.web.errors import status_after
from meterledger.entrypoints.web.held_ways import (
    correct_at,
    days_of_case,
    meters_of_case,
    service_of_case,
)
from meterledger.entrypoints.web.policy import acting, personal
from meterledger.entrypoints.wiring import System
from meterledger.facts.bills import Bill, read_record
from meterledger.facts.held import GateFinding, HeldCase, HeldState, RunRecord, RunState
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.usecases.look_at_held import bill_of_case
from meterledger.usecases.settle_held import (
    CannotSettle,
    Desk,
    Settled,
    approve_held,
    exclude_held,
    kind_of_case,
    let_go_run,
    release_held,
    reopen_held,
    rerun_held,
    waive_held,
    ways_out,
)

MOST_SHOWN = 500
MOST_BILLS = 13
AGES = (0, 7, 14, 30, 60)
RELEASE, APPROVE, RERUN, EXCLUDE, REOPEN = "release", "approve", "rerun", "exclude", "reopen"
WAIVE = "waive"
ACTS = {
    RELEASE: ("Release it", "The bill is right: it leaves as it stands, calculated once more."),
    APPROVE: ("Approve it", "You are another person than who decided it, and you agree."),
    RERUN: ("Run it again", "It is calculated again, and leaves if nothing holds it any more."),
    EXCLUDE: (
        "Exclude it",
        "Neither it nor any later period of this service is billed until somebody reopens it; "
        "every run counts it.",
    ),
    WAIVE: (
        "Leave this period uncharged",
        "Another person approves it; then its bill is made, asks nothing, and later periods go on.",
    ),
    REOPEN: (
        "Reopen it",
        "The decision is taken back, and the next run looks at it as at any other.",
    ),
}


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A held bill as the queue shows it."""

    case: HeldCase
    kind: HoldKind
    age_days: int


@dataclass(frozen=True, slots=True)
class BillRow:
    """A bill before the held one, or the held one: its days, energy a day and total."""

    days: DaySpan
    energy_wh: int
    total_cents: int
    bill_id: str

    @property
    def daily_wh(self) -> int:
        """Watt-hours a day, rounded down."""
        return self.energy_wh // self.days.day_count


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed into the form, to show it again when it is refused."""

    act: str = ""
    author: str = ""
    reason: str = ""
    seen: str = ""
    """How the case stood on the page that was decided on."""


@personal("look at held bills", subjects=lambda: ["held bills"])
def queue_page(request: HttpRequest, system: System) -> HttpResponse:
    """Every held bill that the filters leave, the oldest first."""
    code, owner = request.GET.get("code", "")[:60], request.GET.get("owner", "")[:60]
    state = request.GET.get("state", "")[:60]
    told = request.GET.get("age", "0")
    age = int(told) if told in map(str, AGES) else 0
    cases = system.store.held_cases()
    found = chosen(cases, system.today, code=code, owner=owner, state=state, older_than=age)
    found.sort(key=_oldest_first)
    owners = sorted({kind_of_case(one).owner for one in cases})
    states = Counter(one.state for one in cases)
    context = {
        "rows": [
            QueueRow(one, kind_of_case(one), one.age_days(system.today))
            for one in found[:MOST_SHOWN]
        ],
        "count": len(cases),
        "shown": len(found),
        "more": max(0, len(found) - MOST_SHOWN),
        "waiting": states[HeldState.OPEN] + states[HeldState.AWAITS_APPROVAL],
        "excluded": states[HeldState.EXCLUDED],
        "released": states[HeldState.RELEASED],
        "states": [(one.value, states[one]) for one in HeldState if states[one]],
        "codes": _codes(cases),
        "owners": owners,
        "state": state,
        "ages": AGES[1:],
        "code": code,
        "owner": owner,
        "age": age,
        "stop": system.store.standing_stop(),
    }
    return render(request, "web/held_queue.html", context)


def _oldest_first(case: HeldCase) -> tuple[date, date]:
    """The day on which it was held first; of one run the oldest service first."""
    return case.opened.on, case.days.from_day if case.days else date.min


def _codes(cases: list[HeldCase]) -> list[tuple[str, str, int]]:
    """What holds bills: each code with its words and how many, by the words."""
    counted = Counter((kind_of_case(one).words, one.seen.code) for one in cases)
    return [(code, words, number) for (words, code), number in sorted(counted.items())]


@acting(
    "decide a held bill",
    subjects=lambda case_id: [case_id],
    accounts=lambda request, system, case_id: [system.store.held_case(case_id).account_id],
)
def case_page(request: HttpRequest, system: System, case_id: str) -> HttpResponse:
    """One held bill: why, its evidence and history, its steps, and the ways out as a form."""
    typed, refusal, settled = Typed(), None, None
    if request.method == "POST":
        typed = _typed(request)
        try:
            settled = _settle(case_id, typed, system)
        except Refusal as caught:
            refusal = caught
        else:
            # Where another let it go at the same instant, our run issued nothing, and it has left.
            if settled.run is None or settled.run.issued or not settled.case.is_open:
                return redirect(_after(case_id, typed.act))
            typed = Typed()
    case = system.store.held_case(case_id)
    history = _history(case, system)
    rows = [*history, *_held_row(case)]
    would, why_not = _would_be(case, system)
    ways = _acts(case)
    meters = meters_of_case(case, system)
    days = days_of_case(case, meters, system) if case.is_open else []
    context: dict[str, Any] = {
        "case": case,
        "kind": kind_of_case(case),
        "age_days": case.age_days(system.today),
        "history": rows,
        "chart": _chart(rows),
        "would": would,
        "why_not": of_the_case(why_not, case),
        "typed": typed,
        "stands": _stands(case),
        "refusal": refusal,
        "still_held": settled is not None and not refusal,
        "done": request.GET.get("done", ""),
        "acts": [(act, *ACTS[act]) for act in ways if act != RERUN],
        "rerun": ACTS[RERUN] if RERUN in ways else None,
        "findings": [(one, _evidence(one, rows)) for one in case.seen.findings],
        "may_leave_as_it_is": RELEASE in ways,
        "not_drawn": RELEASE in ways and _is_shielded(case, system),
        "days": days,
        "meters": meters,
        "waiting": [one for one in days if one.waits],
        "sentence": of_the_case(case.seen.sentence, case),
        "correct": correct_at(case, meters, days, system),
        "steps": [
            (ACT_WORDS[one.act.value], one, of_the_case(one.sentence, case)) for one in case.steps
        ],
        "bill_id": case.steps[-1].bill_id,
    }
    return render(request, "web/held_case.html", context, status=status_after(refusal))


@acting("look at runs of bills and let them go", subjects=lambda: ["runs of bills"])
def runs_page(request: HttpRequest, system: System) -> HttpResponse:
    """What each run came to, and the form that lets a stopped one go."""
    typed, refusal = Typed(), None
    if request.method == "POST":
        typed = _typed(request)
        try:
            let_go_run(
                typed.act,
                by=typed.author,
                reason=typed.reason,
                store=system.store,
                now=system.now,
            )
        except Refusal as caught:
            refusal = caught
        else:
            return redirect("held-runs")
    runs: list[RunRecord] = system.store.bill_runs()
    let_go = {one.run_id: one for one in runs if one.state is RunState.LET_GO}
    context = {
        "runs": [
            (one, let_go.get(one.run_id), _held_words(one))
            for one in runs
            if one.state is not RunState.LET_GO
        ],
        "stop": system.store.standing_stop(),
        "typed": typed,
        "refusal": refusal,
    }
    return render(request, "web/held_runs.html", context, status=status_after(refusal))


def _held_words(run: RunRecord) -> list[tuple[str, int]]:
    """What held the bills of a run, in words, the most of them first."""
    counted: Counter[str] = Counter()
    for code, number in run.counts.by_code:
        counted[hold_kind(code).words] += number
    return counted.most_common()


def _typed(request: HttpRequest) -> Typed:
    def word(name: str) -> str:
        return str(request.POST.get(name, ""))[:2000]

    return Typed(word("act"), word("author"), word("reason"), word("seen"))


def _after(case_id: str, act: str) -> str:
    return f"{reverse('held-case', args=[case_id])}?{urlencode({'done': act})}"


def _acts(case: HeldCase) -> list[str]:
    """The ways out of a case as it stands, the most likely first."""
    if not case.is_open:
        return []
    if case.state is HeldState.EXCLUDED:
        return [REOPEN]
    if case.state is HeldState.AWAITS_APPROVAL:
        return [APPROVE, REOPEN, EXCLUDE]
    ways = ways_out(case)
    found = [RELEASE] if WayOut.RELEASE in ways else []
    left = [WAIVE] if case.seen.total_cents else []
    return [*found, RERUN, *left, EXCLUDE]


def _stands(case: HeldCase) -> str:
    """How a case stands, in a few words: what is decided on a page is decided of this."""
    codes = ",".join(one.code for one in case.seen.findings) or case.seen.code
    return f"{case.state.value}, {case.seen.total_cents}, {codes}"


def _settle(case_id: str, typed: Typed, system: System) -> Settled:
    """Make the decision of a form.

    :raises CannotSettle: if it is none
    """
    decide = {
        RELEASE: release_held,
        APPROVE: approve_held,
        EXCLUDE: exclude_held,
        WAIVE: waive_held,
        REOPEN: reopen_held,
    }
    if typed.act not in (*decide, RERUN):
        raise CannotSettle("No decision was chosen", do="Choose one of the ways out")
    refuse_wrong_clock(system)
    if typed.seen and typed.seen != _stands(system.store.held_case(case_id)):
        raise CannotSettle(
            "The case is not what it was when this page was opened",
            where=f"case {case_id}",
            why="A run has found something else since, or somebody has decided",
            do="Look at it again below, and decide then",
        )
    desk = Desk(system.store, system.lake, system.book, system.today, system.now)
    if typed.act == RERUN:
        return rerun_held(case_id, desk=desk)
    return decide[typed.act](case_id, by=typed.author, reason=typed.reason, desk=desk)


def _is_shielded(case: HeldCase, system: System) -> bool:
    """Whether its account is on autopay, and the bill, let out, is not drawn by itself."""
    if not shields_autopay(case.seen.findings):
        return False
    return bool(system.store.enrollments(account_ids=[case.account_id], on=system.today))


def _evidence(finding: GateFinding, bills: list[BillRow]) -> list[tuple[str, str, str]]:
    """What a finding goes by: name, value, and the page of the threshold or of the bill."""
    known = {one.bill_id for one in bills if one.bill_id}
    found = []
    for name, value in finding.evidence:
        address = ""
        if name.startswith(("gate_", "regular_", "validation_")):
            address = reverse("clause", args=[name])
        elif value in known:
            address = reverse("bill", args=[value])
        found.append((name, value, address))
    return found


def _history(case: HeldCase, system: System) -> list[BillRow]:
    """Live bills of the agreement's account and service point, oldest first."""
    point = _service_point(case, system)
    rows = []
    for one in system.store.bills_of_account(case.account_id)[-3 * MOST_BILLS :]:
        body = read_record(one.record)
        if point in ("", body["service_point"]):
            energy = int(body["usage"]["energy_wh"])
            rows.append(BillRow(one.days, energy, one.total_cents, one.bill_id))
    return rows[-MOST_BILLS:]


def _service_point(case: HeldCase, system: System) -> str:
    service = service_of_case(case, system)
    return "" if service is None else service.agreement.service_point_id


def _held_row(case: HeldCase) -> list[BillRow]:
    seen = case.seen
    if not case.is_open or case.days is None or seen.total_cents is None or not seen.energy_wh:
        return []
    return [BillRow(case.days, seen.energy_wh, seen.total_cents, "")]


def _would_be(case: HeldCase, system: System) -> tuple[Bill | None, str]:
    """The bill as it would leave today, and why there is none; nothing of a case that has ended."""
    if not case.is_open:
        return None, ""
    return bill_of_case(
        case,
        store=system.store,
        lake=system.lake,
        book=system.book,
        on=system.today,
        known_at=system.now,
    )


def _chart(rows: list[BillRow]) -> Chart | None:
    if not any(row.energy_wh > 0 for row in rows):
        return None
    return stretch_chart([(row.days, max(0, row.energy_wh)) for row in rows])
