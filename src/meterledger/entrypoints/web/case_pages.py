"""Cases that meters' events opened: the list, and one case with what may be done about it.

Lives here      gathering what the two pages show; reading the form of a step.
Lives elsewhere thresholds (``metering.event_cases``), opening and settling
                (``usecases.receive_events``).
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from meterledger.entrypoints.web.errors import status_after
from meterledger.entrypoints.web.policy import acting, personal
from meterledger.entrypoints.wiring import System
from meterledger.facts.events import CaseOnFile, CaseState
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.ports import NotFound
from meterledger.usecases.receive_events import settle_case

MOST_SHOWN = 500
STATE_WORDS = {
    CaseState.IN_WORK: ("Somebody is at it", "It stays in the list, with your name."),
    CaseState.OPEN: ("Nobody is at it", "Give it back to its queue."),
    CaseState.CLOSED: ("Close it", "It is over; new events open a new case."),
}


class NotSettled(Refusal):
    """The form of a step was sent without one."""


@personal("list cases", subjects=lambda: ["all meters"])
def cases_page(request: HttpRequest, system: System) -> HttpResponse:
    """Cases that are not over, the oldest first; of one queue, or with those that are over."""
    everything, queue = request.GET.get("all") == "1", request.GET.get("queue", "")[:80]
    every = [one for one in system.store.cases() if everything or one.state is not CaseState.CLOSED]
    queues = sorted({one.case.queue for one in every})
    rows = [one for one in every if queue in ("", one.case.queue)]
    context = {
        "rows": rows[:MOST_SHOWN],
        "count": len(rows),
        "more": max(0, len(rows) - MOST_SHOWN),
        "queues": queues,
        "queue": queue,
        "everything": everything,
    }
    return render(request, "web/usage_cases.html", context)


@acting("settle a case", subjects=lambda case_id: [case_id])
def case_page(request: HttpRequest, system: System, case_id: str) -> HttpResponse:
    """One case: why it was opened, on what evidence, what was done, and the next step."""
    one = _case(system, case_id)
    refusal: Refusal | None = None
    typed = {name: str(request.POST.get(name, ""))[:2000] for name in ("state", "by", "reason")}
    if request.method == "POST":
        try:
            settle_case(
                case_id,
                state=_state(typed["state"]),
                by=typed["by"],
                reason=typed["reason"],
                now=system.now,
                store=system.store,
            )
        except Refusal as caught:
            refusal = caught
        else:
            return redirect("usage-case", case_id=case_id, permanent=False)
    evidence = set(one.case.evidence)
    context = {
        "one": one,
        "events": [
            each
            for each in system.store.events(meter_ids=[one.case.meter_id])
            if each.event_id in evidence
        ],
        "steps": [
            (state, *words) for state, words in STATE_WORDS.items() if state is not one.state
        ],
        "is_closed": one.state is CaseState.CLOSED,
        "typed": typed,
        "refusal": refusal,
    }
    return render(request, "web/usage_case.html", context, status=status_after(refusal))


def _case(system: System, case_id: str) -> CaseOnFile:
    parts = case_id.split(":")
    meter = ":".join(parts[1:-1])
    for one in system.store.cases(meter_ids=[meter]):
        if one.case.case_id == case_id:
            return one
    raise NotFound.of_case(case_id)


def _state(text: str) -> CaseState:
    try:
        return CaseState(text)
    except ValueError:
        raise NotSettled("No step was chosen", do="Choose what is to become of it") from None
