"""Late charges on pages: one with what it was computed on and every clause; those of an account.

Lives here      rows of the page, from the charge's record; reading the form that forgives it.
Lives elsewhere words (``late_words``), deciding (``usecases``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from meterledger.entrypoints.late_words import bill_that_shows, reason_words
from meterledger.entrypoints.web.clauses import citation_address
from meterledger.entrypoints.web.errors import status_after
from meterledger.entrypoints.web.money_words import entry_words
from meterledger.entrypoints.web.policy import acting
from meterledger.entrypoints.wiring import System
from meterledger.facts.late_charges import LateCharge
from meterledger.kernel.citation import Citation
from meterledger.kernel.money import cents_from_text
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.usecases.late_charges import reverse_late_charge

PARTS = {
    "new_usd": "became delinquent",
    "arrears_usd": "arrears of earlier bills",
    "late_charge_usd": "an earlier late charge",
    "deposit_usd": "a deposit, left out",
    "missing_report_usd": "for want of a meter report",
    "our_delay_usd": "late by us, left out",
    "special_usd": "no charge for service, left out",
}
NAMED = ("bill", "late")
"""Items that have words of their own; all others are told by their kind."""
RULES = {
    "late.delinquent_date": "When it was delinquent",
    "late.government_account": "Whose account it is",
    "late.agreement": "What an agreement spares",
    "late.charge": "The charge",
}


@dataclass(frozen=True, slots=True)
class WhyRow:
    """A finding and its clause, with the page that shows it."""

    finding: str
    clause: str
    address: str | None


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An open item, and which part of it is what. What it is not is empty: a bill, a charge."""

    name: str
    bill_id: str
    late_charge: str
    charged_day: date
    open_cents: int
    parts: tuple[tuple[str, int], ...]
    why: tuple[WhyRow, ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """Who forgives a charge, and why, as it was typed."""

    author: str = ""
    approver: str = ""
    reason: str = ""


@acting(
    "look at a late charge",
    subjects=lambda late_charge_id: [late_charge_id],
    accounts=lambda request, system, late_charge_id: [
        system.store.late_charge(late_charge_id).account_id
    ],
)
def late_charge_page(request: HttpRequest, system: System, late_charge_id: str) -> HttpResponse:
    """One charge: its inputs, each rule's findings with their clauses, and what stands now; two
    people may forgive it here.
    """
    typed, refusal = Typed(), None
    if request.method == "POST":
        typed = Typed(
            *(str(request.POST.get(one, ""))[:1000] for one in ("author", "approver", "reason"))
        )
        try:
            reverse_late_charge(
                late_charge_id,
                by=typed.author,
                approved_by=typed.approver,
                reason=typed.reason,
                on=system.today,
                learned_at=system.now,
                store=system.store,
            )
        except Refusal as caught:
            refusal = caught.of_one_case()
        else:
            return redirect(f"{reverse('late-charge', args=[late_charge_id])}?done=forgiven")
    charge = system.store.late_charge(late_charge_id)
    record = json.loads(charge.record)
    view = system.view
    account = charge.account_id
    bills = system.store.account_money([account], with_due_days=True)[account].bills
    context = {
        "charge": charge,
        "shown": bill_that_shows(charge, bills),
        "bill_words": entry_words(f"bill:{charge.bill_id}"),
        "reversal": system.store.late_charge_reversal(late_charge_id),
        "items": [_item(one, charge, view) for one in record["items"]],
        "by_mail": [
            (one["payment"], _why(one["reasons"], view)) for one in record["in_time_by_mail"]
        ],
        "mail_until": date.fromisoformat(record["mail_in_time_until"]),
        "rulings": [
            (RULES.get(one["rule"], one["rule"]), one["rule"], _why(one["reasons"], view))
            for one in record["rulings"]
        ],
        "reasons": [reason_words(one) for one in charge.codes],
        "readings": record["reading_keys"],
        "typed": typed,
        "refusal": refusal,
        "done": request.GET.get("done", "") == "forgiven",
    }
    return render(request, "web/late_charge.html", context, status=status_after(refusal))


def late_charges_of_account(system: System, account_id: str) -> list[tuple[LateCharge, bool]]:
    """The account's charges, the newest first, and whether each still stands."""
    return [
        (one, system.store.late_charge_reversal(one.late_charge_id) is None)
        for one in reversed(system.store.late_charges_of_account(account_id))
    ]


def _item(told: dict[str, Any], charge: LateCharge, view: BookView) -> ItemRow:
    def cents(name: str) -> int:
        return cents_from_text(told[name], where=charge.late_charge_id)

    prefix, _, key = told["item"].partition(":")
    return ItemRow(
        name=entry_words(told["item"]) if prefix in NAMED else f"{told['kind']} {key}",
        bill_id=key if prefix == "bill" else "",
        late_charge=key if prefix == "late" else "",
        charged_day=date.fromisoformat(told["charged_day"]),
        open_cents=cents("open_usd"),
        parts=tuple((words, cents(name)) for name, words in PARTS.items() if name in told),
        why=_why(told.get("reasons", ()), view),
    )


def _why(reasons: Any, view: BookView) -> tuple[WhyRow, ...]:
    found = []
    for one in reasons:
        citation = Citation.from_json(one["citation"])
        finding = one["finding"][:1].upper() + one["finding"][1:]
        address = citation_address(view, citation, known=view.known_on)
        found.append(WhyRow(finding, citation.text, address))
    return tuple(found)
