"""The form that asks for relief: which months, and what is taken off which charge.

Lives here      the form, and reading it.
Lives elsewhere what may be done (``usecases/relief``), agreeing and ending (``relief_pages``).
Read first      docs/operating/relief.md.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from meterledger.billing import LoadCause
from meterledger.entrypoints.relief_words import desk_of, term_from
from meterledger.entrypoints.web.errors import status_after
from meterledger.entrypoints.web.policy import accounts_typed, acting
from meterledger.entrypoints.wiring import System
from meterledger.facts.relief import ReliefTerm
from meterledger.kernel.money import shown
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.written_days import day_from_text
from meterledger.usecases.ports import NotFound
from meterledger.usecases.relief import ReliefAsked, ReliefRefused, ask_relief

CAUSES = (
    LoadCause.CONSTRUCTION,
    LoadCause.START_UP,
    LoadCause.FIRE,
    LoadCause.ACT_OF_GOD,
    LoadCause.OTHER,
)
"""What the form offers; whether it is enough, the rule says."""
MOST = 4000
BLANKS = " \t"


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed, to show it again when it is refused."""

    account: str = ""
    service_point: str = ""
    cause: str = ""
    months: str = ""
    less: str = ""
    author: str = ""
    reason: str = ""


@acting("ask for relief", subjects=lambda: ["relief"], accounts=accounts_typed("account"))
def ask_page(request: HttpRequest, system: System) -> HttpResponse:
    """An agreement is asked for here, and approved by another person on its own page."""
    sent = request.POST if request.method == "POST" else request.GET
    typed = Typed(**{one.name: str(sent.get(one.name, ""))[:MOST] for one in fields(Typed)})
    refusal = None
    if request.method == "POST":
        try:
            made = ask_relief(
                asked_by(typed), by=typed.author, reason=typed.reason, desk=desk_of(system)
            )
        except Refusal as caught:
            refusal = caught.of_one_case()
        else:
            address = reverse("relief", args=[made.agreement.relief_id])
            return redirect(f"{address}?{urlencode({'done': 'ask'})}")
    context = {
        "typed": typed,
        "known": _known("".join(typed.account.split()), system),
        "causes": [one.value for one in CAUSES],
        "refusal": refusal,
    }
    return render(request, "web/ask_relief.html", context, status=status_after(refusal))


def _known(account: str, system: System) -> str:
    """The account that was named, where there is one."""
    try:
        return system.store.account(account).account_id if account else ""
    except NotFound:
        return ""


def asked_by(typed: Typed) -> ReliefAsked:
    """What the form asks for. :raises ReliefRefused: if a word of it is none"""
    where = "the form"
    causes = {one.value: one for one in CAUSES}
    if typed.cause not in causes:
        raise ReliefRefused("No cause was chosen", where=where, do="Choose what disturbs the load")
    return ReliefAsked(
        account_id="".join(typed.account.split()),
        cause=causes[typed.cause],
        months=tuple(map(_month, typed.months.replace(",", " ").split())),
        terms=terms_typed(typed.less),
        service_point_id=typed.service_point.strip(),
    )


def terms_typed(text: str) -> tuple[ReliefTerm, ...]:
    """What is taken off, a charge a line."""
    found = []
    for line in text.replace("\r\n", "\n").split("\n"):
        code, parted, told = line.partition("=")
        if parted or code.strip():
            term = f"{code.strip(BLANKS)}{parted}{told.strip(BLANKS)}"
            found.append(term_from(term, where="the charges"))
    return tuple(found)


def _month(text: str) -> date:
    day = day_from_text(text)
    if day is None:
        raise ReliefRefused(
            f"{shown(text)} is no day",
            where="the months",
            do="Write first days of billing periods like 2026-07-01",
        )
    return day
