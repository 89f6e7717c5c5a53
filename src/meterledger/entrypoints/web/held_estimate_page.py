"""What is missing of a held bill's days, estimated by a person who names the cause.

Lives here      the page: the days with what is missing, and the form.
Lives elsewhere the estimates (``usecases/estimate_missing``), the bill's case (``held_pages``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from meterledger.entrypoints.web.errors import status_after
from meterledger.entrypoints.web.held_ways import HeldDay, days_of_case, meters_of_case
from meterledger.entrypoints.web.policy import acting
from meterledger.entrypoints.wiring import System
from meterledger.facts.estimates import EstimateCause
from meterledger.facts.held import HeldCase
from meterledger.facts.usage_log import ReadingEffort
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.estimate_missing import EstimatedDays, estimate_missing
from meterledger.usecases.estimate_records import efforts_for
from meterledger.usecases.review_usage import CannotReview

ESTIMATED = "estimate"


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed into the form, to show it again when it is refused."""

    cause: str = ""
    author: str = ""
    reason: str = ""


@acting(
    "estimate what is missing of a held bill",
    subjects=lambda case_id: [case_id],
    accounts=lambda request, system, case_id: [system.store.held_case(case_id).account_id],
)
def held_estimate_page(request: HttpRequest, system: System, case_id: str) -> HttpResponse:
    """The days of a held bill of which intervals are missing, and the form that estimates them."""
    case = system.store.held_case(case_id)
    typed, refusal = Typed(), None
    left: tuple[date, ...] = ()
    missing = _missing(case, system)
    if request.method == "POST":
        typed = _typed(request)
        try:
            made = _estimate(case, missing, typed, system)
        except Refusal as caught:
            refusal = caught.of_one_case()
        else:
            left = tuple(one for each in made for one in each.left)
            if not left:
                asked = urlencode({"done": ESTIMATED})
                return redirect(f"{reverse('held-case', args=[case_id])}?{asked}")
            missing = _missing(case, system)
    context = {
        "case": case,
        "missing": missing,
        "intervals": sum(one.missing for one in missing),
        "causes": [(one.value, one.value.replace("_", " ")) for one in EstimateCause],
        "typed": typed,
        "refusal": refusal,
        "left": left,
        "tried": _tried(case, missing, system),
    }
    return render(request, "web/held_estimate.html", context, status=status_after(refusal))


def _missing(case: HeldCase, system: System) -> list[HeldDay]:
    """Days of the case of which intervals are missing; none of a case that has ended."""
    if not case.is_open:
        return []
    return [one for one in days_of_case(case, meters_of_case(case, system), system) if one.missing]


def _tried(
    case: HeldCase, missing: list[HeldDay], system: System
) -> list[tuple[str, tuple[ReadingEffort, ...]]]:
    """By meter of which something is missing, the efforts to read it that are on record."""
    if case.days is None:
        return []
    return [
        (meter, efforts_for(meter, case.days, store=system.store, view=system.view))
        for meter in dict.fromkeys(one.meter_id for one in missing)
    ]


def _typed(request: HttpRequest) -> Typed:
    def word(name: str) -> str:
        return str(request.POST.get(name, ""))[:2000]

    return Typed(word("cause"), word("author"), word("reason"))


def _estimate(
    case: HeldCase, missing: list[HeldDay], typed: Typed, system: System
) -> list[EstimatedDays]:
    """Estimate what is missing, meter by meter.

    :raises CannotReview: if nothing is missing, or no cause, name or reason is given
    """
    where = f"case {case.case_id}"
    if not missing:
        raise CannotReview(
            "Nothing is missing of this bill's days",
            where=where,
            do="Run the bill again on the page of its case",
        )
    try:
        cause = EstimateCause(typed.cause)
    except ValueError:
        raise CannotReview(
            "No cause was chosen",
            where=where,
            why="An estimate has exactly one cause of the sheet's list",
            do="Choose one",
        ) from None
    return [
        estimate_missing(
            meter,
            [one.day for one in missing if one.meter_id == meter],
            author=typed.author,
            reason=typed.reason,
            cause=cause,
            at=system.now,
            store=system.store,
            lake=system.lake,
            view=system.view,
        )
        for meter in dict.fromkeys(one.meter_id for one in missing)
    ]
