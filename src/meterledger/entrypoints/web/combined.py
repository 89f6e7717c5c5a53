"""A combination's page: its accounts, and each combined statement with the bills it adds.

Lives here      gathering what the page shows.
Lives elsewhere the journeys (``usecases/combinations``, ``usecases/combined_statements``).
"""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from meterledger.entrypoints.combined_paper import combined_paper
from meterledger.entrypoints.combined_words import several_people
from meterledger.entrypoints.web.clauses import citation_address
from meterledger.entrypoints.web.policy import personal
from meterledger.entrypoints.wiring import System
from meterledger.facts.combination import CombinedBill, CombinedStatement
from meterledger.kernel.decision import Reason
from meterledger.usecases.combinations import whose_accounts


def statements_of_bill(
    system: System, combination_id: str, bill_id: str
) -> list[tuple[CombinedStatement, CombinedBill]]:
    """The combined statements that a bill stands on, the oldest first, each with how it does."""
    if not combination_id:
        return []
    return [
        (statement, one)
        for statement in system.store.combination(combination_id).statements
        for one in statement.bills
        if one.bill_id == bill_id
    ]


def _accounts_of(request: HttpRequest, system: System, combination_id: str, **_: str) -> list[str]:
    return [one.account_id for one in system.store.combination(combination_id).accounts]


@personal(
    "read a combined statement",
    subjects=lambda combination_id, **_: [combination_id],
    accounts=_accounts_of,
)
def combined_document(
    request: HttpRequest, system: System, combination_id: str, statement_id: str
) -> HttpResponse:
    """A combined statement as paper."""
    return HttpResponse(
        combined_paper(combination_id, statement_id, system),
        content_type="application/pdf",
        headers={"Content-Disposition": 'inline; filename="combined-statement.pdf"'},
    )


@personal(
    "look at a combination",
    subjects=lambda combination_id: [combination_id],
    accounts=_accounts_of,
)
def combination_page(request: HttpRequest, system: System, combination_id: str) -> HttpResponse:
    """A combination with its statements, the newest first."""
    file = system.store.combination(combination_id)
    view = system.view

    def why(reasons: Sequence[Reason]) -> list[dict[str, object]]:
        return [
            {
                "finding": one.finding[:1].upper() + one.finding[1:],
                "clause": one.citation.text,
                "address": citation_address(view, one.citation, known=view.known_on),
            }
            for one in reasons
        ]

    today = system.today
    people = whose_accounts(file.accounts_on(today), today, system.now, system.store)
    told = {
        "combination": file.combination,
        "several": several_people(people),
        "why": why(file.combination.reasons),
        "accounts": file.accounts,
        "statements": [(one, why(one.reasons)) for one in reversed(file.statements)],
    }
    return render(request, "web/combination.html", told)
