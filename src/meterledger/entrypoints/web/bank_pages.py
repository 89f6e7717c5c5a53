"""One line of the bank that nobody expected: what is said of it, and the forms to say more.

Lives here      gathering what the page shows; which journey a form is for.
Lives elsewhere reading the form (``bank_forms``), what may be done (``usecases/reconcile_bank``,
                ``usecases/bank_by_hand``), the list of lines (``finance_pages``), matches
                (``bank_match_pages``).
Read first      docs/operating/reconciliation.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from meterledger.entrypoints.web.bank_forms import PIECES_OFFERED, Typed, sent
from meterledger.entrypoints.web.errors import status_after
from meterledger.entrypoints.web.policy import acting
from meterledger.entrypoints.wiring import System
from meterledger.facts.bank import OpenLine
from meterledger.facts.money import has_sub_ledger
from meterledger.ledger import CASH, CHART, UNAPPLIED, account_name, control_of
from meterledger.usecases.bank_by_hand import match_by_hand
from meterledger.usecases.ports import NotFound
from meterledger.usecases.reconcile_bank import (
    LineRefused,
    decide_adjustment,
    explain_line,
    propose_adjustment,
)

EXPLAIN, PROPOSE, APPROVE, REJECT = "explain", "propose", "approve", "reject"
MATCH = "match"
ACTS = {
    MATCH: ("Match it by hand", "It is the money chosen below, to the cent. Nothing is posted."),
    APPROVE: ("Approve it", "You are another person than who proposed it: the line is posted."),
    REJECT: ("Turn it down", "Nothing is posted; the line stays open."),
    EXPLAIN: ("Say what it is", "Words move no money: the line stays open."),
    PROPOSE: ("Propose to post it", "Another person decides; nothing is posted before."),
}
DONE = {
    APPROVE: "The line is posted and matched.",
    REJECT: "The proposal is turned down; the line stays open.",
    EXPLAIN: "It is said; the line stays open.",
    PROPOSE: "It is proposed; another person decides.",
    MATCH: "It is matched by hand.",
}
CHOICES = tuple(
    (number, name)
    for number, name in CHART.items()
    if control_of(number) != CASH and not has_sub_ledger(number) and number != UNAPPLIED
)
"""Ledger accounts that a line may be proposed for; the journey refuses the others."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What a line may be matched with: money of ours that the bank has not shown, or a line."""

    name: str
    day: date
    words: str
    cents: int


@acting("decide a line of the bank", subjects=lambda line_id: [line_id])
def bank_line_page(request: HttpRequest, system: System, line_id: str) -> HttpResponse:
    """One open line: what the bank says, what people said, and what may be done as a form.

    A line that is matched leads to its match.
    """
    matched = system.store.bank_match_of(line_id) if request.method != "POST" else None
    if matched is not None:
        return redirect(reverse("bank-match", args=[matched.match_id]))

    def decide(typed: Typed) -> tuple[str, str]:
        _decide(line_id, typed, system)
        return _page_after(line_id, typed.act, system), typed.act

    form = sent(request, decide)
    if form.answer is not None:
        return form.answer
    one = _open_line(line_id, system)
    proposed = one.proposed
    pieces = [] if proposed else _pieces(one, system)
    acts = (APPROVE, REJECT) if proposed else (EXPLAIN, *([MATCH] if pieces else []), PROPOSE)
    context = {
        "part": "bank",
        "one": one,
        "age": (system.today - one.line.booked_day).days,
        "proposed": proposed,
        "proposed_name": account_name(proposed.ledger_account) if proposed else "",
        "acts": [(act, *ACTS[act]) for act in acts],
        "choices": CHOICES,
        "pieces": pieces,
        "typed": form.typed,
        "stands": str(len(one.steps)),
        "refusal": form.refusal,
        "done": DONE.get(request.GET.get("done", ""), ""),
    }
    return render(request, "web/bank_line.html", context, status=status_after(form.refusal))


def _page_after(line_id: str, act: str, system: System) -> str:
    if act == APPROVE:
        return reverse("finance-bank")
    made = system.store.bank_match_of(line_id) if act == MATCH else None
    if made is not None:
        return reverse("bank-match", args=[made.match_id])
    return reverse("bank-line", args=[line_id])


def _pieces(one: OpenLine, system: System) -> list[Piece]:
    """What the line may be matched with; of the same amount first, then the nearest in days."""
    line = one.line
    found = [
        Piece(each.expectation_id, each.day, f"{each.cause}, {each.ledger_account}", each.cents)
        for each in system.store.open_expectations()
    ]
    found += [
        Piece(
            each.line.line_id,
            each.line.booked_day,
            f"another line of the bank: {each.line.text or each.line.reference}",
            each.line.cents,
        )
        for each in system.store.open_bank_lines()
        if each.line.line_id != line.line_id and each.proposed is None
    ]
    found.sort(key=lambda each: (each.cents != line.cents, abs((each.day - line.booked_day).days)))
    return found[:PIECES_OFFERED]


def _open_line(line_id: str, system: System) -> OpenLine:
    """The line, while no match has it.

    :raises NotFound: if it is matched, or was never there
    """
    for one in system.store.open_bank_lines():
        if one.line.line_id == line_id:
            return one
    raise NotFound(
        f"No line {line_id[:60]} of the bank is open",
        why="It is matched, or there is none of this name",
        do="See what is open, and what was matched last, on the page of the bank",
    )


def _decide(line_id: str, typed: Typed, system: System) -> None:
    """Do what a form asks for.

    :raises LineRefused: if it asks for nothing, or the line is not what the page showed
    :raises NotFound: if the line is not open any more
    """
    where = f"bank line {line_id}"
    if typed.act not in ACTS:
        raise LineRefused("Nothing was chosen", where=where, do="Choose what becomes of the line")
    if not typed.author.strip() or not typed.reason.strip():
        raise LineRefused(
            "Who decides, and why, is missing", where=where, do="Give your name and the reason"
        )
    if typed.act == MATCH and system.store.bank_match_of(line_id) is not None:
        _match(line_id, typed, system)  # sent again, it is answered as before
        return
    if typed.seen and typed.seen != str(len(_open_line(line_id, system).steps)):
        raise LineRefused(
            "It is not what it was when this page was opened",
            where=where,
            why="Somebody has said something of it meanwhile",
            do="Look at it again below, and decide then",
        )
    word = typed.word(system)
    if typed.act == MATCH:
        _match(line_id, typed, system)
    elif typed.act == EXPLAIN:
        explain_line(line_id=line_id, **word)
    elif typed.act == PROPOSE:
        account = typed.ledger_account.strip()
        propose_adjustment(line_id=line_id, ledger_account=account, **word)
    else:
        decide_adjustment(line_id=line_id, approve=typed.act == APPROVE, **word)


def _match(line_id: str, typed: Typed, system: System) -> None:
    if not typed.pieces:
        raise LineRefused(
            "Nothing was chosen that the line could be",
            where=f"bank line {line_id}",
            do='Choose what it is the money of, below "Match it by hand"',
        )
    match_by_hand([line_id, *typed.pieces], **typed.word(system))
