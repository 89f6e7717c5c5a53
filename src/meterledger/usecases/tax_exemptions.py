"""Certificates of exemption: record one, end one, list them; which issued bills one touches.

Lives here      checking what is told against the book; where a premise is taxed from a day on.
Lives elsewhere what a certificate exempts (``billing.tax_exemptions``), correcting the bills that
                it touches (``rebill``), keeping it (``stores``).
Read first      docs/operating/taxes.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Protocol

from meterledger.billing import (
    LARGE_USE,
    NO_TAX_PLACE,
    LargeUseFacts,
    exemption_day,
    exemption_of,
    grounds_of,
)
from meterledger.facts.bills import read_record
from meterledger.facts.places import TaxPlace
from meterledger.facts.taxes import (
    NOT_SALES_TAXED_HERE,
    TAX_OF_CODE,
    ExemptionKind,
    SalesTaxPlace,
    TaxExemption,
    TaxKind,
)
from meterledger.kernel.money import cents_from_text, usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan, Validity
from meterledger.rulebook.book import BookView
from meterledger.rulebook.forms import number_text
from meterledger.usecases.decide import decide_filled
from meterledger.usecases.exemptions_go_on import carrying_on
from meterledger.usecases.periods_of_service import ServicesAsked
from meterledger.usecases.ports import NotFound, StoredBill
from meterledger.usecases.rule_registry import rule_named

LONGEST_NUMBER = 64


class ExemptionRefused(Refusal):
    """A certificate cannot be recorded or ended as asked."""


class ExemptionStore(ServicesAsked, Protocol):
    """What these journeys need of the store."""

    def record_exemption(self, exemption: TaxExemption) -> TaxExemption:
        """Keep a certificate, or Conflict."""

    def end_exemption(
        self,
        exemption: TaxExemption,
        until_day: date,
        learned_at: datetime,
        carried: Sequence[TaxExemption] = (),
    ) -> TaxExemption:
        """Believe that it, and those that carry it on, hold until ``until_day``, or Conflict."""

    def exemptions_of_account(self, account_id: str, known_at: datetime) -> list[TaxExemption]:
        """The account's certificates as known then."""

    def bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Live bills of the account, oldest first."""


class TaxedPlaceStore(Protocol):
    """What is needed to say where a premise is taxed."""

    def tax_premise(self, place: TaxPlace | SalesTaxPlace) -> bool:
        """Record where a premise is taxed from a day on, or Conflict."""


@dataclass(frozen=True, slots=True)
class ExemptionRequest:
    """What an agent is told. ``average_kwh`` is the finding behind an exemption by large use."""

    account_id: str
    tax: TaxKind
    kind: ExemptionKind
    certificate: str
    from_day: date
    until_day: date | None = None
    share: Fraction = Fraction(1)
    agreement_id: str = ""
    average_kwh: Fraction | None = None


@dataclass(frozen=True, slots=True)
class TouchedBill:
    """A live bill that was made with another certificate than the one that counts now, or none.

    ``used`` and ``counts`` are the numbers of the certificates, empty for none.
    """

    bill_id: str
    days: DaySpan
    issued_day: date
    tax_cents: int
    used: str
    counts: str

    def as_json(self) -> dict[str, str]:
        """As commands answer it."""
        return {
            "bill": self.bill_id,
            "from": self.days.from_day.isoformat(),
            "to": self.days.until_day.isoformat(),
            "issued": self.issued_day.isoformat(),
            "tax_usd": usd_text(self.tax_cents),
            "certificate_used": self.used,
            "certificate_that_counts": self.counts,
        }


@dataclass(frozen=True, slots=True)
class Exempt:
    """A certificate as it is believed now, and the issued bills that it touches."""

    exemption: TaxExemption
    touched: tuple[TouchedBill, ...]

    def as_json(self) -> dict[str, Any]:
        """As commands answer it."""
        return {
            **exemption_json(self.exemption),
            "bills_touched": [one.as_json() for one in self.touched],
        }


def record_exemption(
    request: ExemptionRequest, *, learned_at: datetime, view: BookView, store: ExemptionStore
) -> Exempt:
    """Record a certificate; the same again changes nothing. Answers the issued bills it touches.

    :raises ExemptionRefused: if its words cannot be, or it is no ground of exemption by the book
    :raises Conflict: if there is no such account or agreement, or another holds on those days
    :raises NoRuleInForce: if the book is silent on exemptions on its first day
    """
    _refuse_words(request)
    _refuse_no_ground(request, view)
    exemption = store.record_exemption(
        TaxExemption(
            account_id=request.account_id,
            agreement_id=request.agreement_id,
            tax=request.tax,
            kind=request.kind,
            certificate=request.certificate,
            share=request.share,
            days=Validity(request.from_day, request.until_day),
            learned_at=learned_at,
        )
    )
    return Exempt(exemption, tuple(bills_touched_by_exemption(exemption, view=view, store=store)))


def end_exemption(
    *,
    account_id: str,
    certificate: str,
    until_day: date,
    learned_at: datetime,
    view: BookView,
    store: ExemptionStore,
    tax: TaxKind | None = None,
) -> Exempt:
    """End a certificate: ``until_day`` is the first day on which it does not hold.

    It ends for every agreement by which a change of the rate option has carried it on.

    :raises NotFound: if the account has no such certificate
    :raises ExemptionRefused: if it has several of that number, and nobody said for which tax
    :raises Conflict: if it has ended by then, or would hold on no day
    """
    named = [
        one
        for one in store.exemptions_of_account(account_id, learned_at)
        if one.certificate == certificate and tax in (None, one.tax)
    ]
    if not named:
        raise NotFound(
            f"There is no certificate {certificate[:LONGEST_NUMBER]} of account {account_id}",
            do=f"List what there is with `meterledger tax list {account_id}`",
        )
    open_ones = [one for one in named if one.days.until_day is None] or named
    same = open_ones[:1] if len(open_ones) == 1 else carrying_on(open_ones, learned_at, store)
    if not same:
        raise ExemptionRefused(
            f"{len(open_ones)} certificates of account {account_id} have the number {certificate}",
            do="Say of which tax with --tax, or end them by hand one after the other",
        )
    ended = store.end_exemption(same[0], until_day, learned_at, same[1:])
    return Exempt(ended, tuple(bills_touched_by_exemption(ended, view=view, store=store)))


def bills_touched_by_exemption(
    exemption: TaxExemption, *, view: BookView, store: ExemptionStore
) -> list[TouchedBill]:
    """Live bills of the account whose tax was asked by another certificate than counts now.

    A certificate recorded or ended late leads to their correction: `meterledger rebill list` has
    the same bills with the difference to the cent, as soon as the certificate is known.
    """
    believed = store.exemptions_of_account(exemption.account_id, exemption.learned_at)
    found = []
    for bill in store.bills_of_account(exemption.account_id):
        asked = _asked(bill, exemption.tax)
        if asked is None:
            continue
        tax_cents, used = asked
        day = exemption_day(bill.days, view)
        counting = exemption_of(believed, exemption.tax, bill.agreement_id, day)
        counts = ("", "") if counting is None else (counting.certificate, _share(counting))
        if used != counts:
            found.append(
                TouchedBill(bill.bill_id, bill.days, bill.issued_day, tax_cents, used[0], counts[0])
            )
    return found


def _asked(bill: StoredBill, tax: TaxKind) -> tuple[int, tuple[str, str]] | None:
    """What a bill asks of a tax, and by which certificate and its share; None where it does not."""
    names = {"gross_receipts"} if tax is TaxKind.GROSS_RECEIPTS else {"state_sales", "local_sales"}
    lines = [
        one
        for one in read_record(bill.record)["lines"]
        if TAX_OF_CODE.get(one["code"]) in names and "rate_series" in one["inputs"]
    ]
    if not lines:
        return None
    used = lines[0]["inputs"]
    cents = sum(cents_from_text(one["usd"], where=bill.bill_id) for one in lines)
    return cents, (used.get("certificate", ""), used.get("certificate_share", ""))


def _share(exemption: TaxExemption) -> str:
    return number_text(exemption.share)


def exemption_json(exemption: TaxExemption) -> dict[str, Any]:
    """A certificate as commands answer it."""
    return {
        "account": exemption.account_id,
        "agreement": exemption.agreement_id,
        "tax": exemption.tax.value,
        "kind": exemption.kind.value,
        "certificate": exemption.certificate,
        "share": _share(exemption),
        "from": exemption.days.from_day.isoformat(),
        "until": exemption.days.until_day.isoformat() if exemption.days.until_day else None,
        "learned_at": exemption.learned_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def tax_premise(
    *,
    premise_id: str,
    from_day: date,
    learned_at: datetime,
    view: BookView,
    store: TaxedPlaceStore,
    municipality: str | None = None,
    jurisdiction: str | None = None,
) -> list[TaxPlace | SalesTaxPlace]:
    """Say where a premise is taxed from a day on; answers what was news.

    :raises ExemptionRefused: if nothing is said
    :raises NoRuleInForce: if the place has no rate on the day
    :raises Conflict: if there is no such premise, or something begins there then or later
    """
    days = Validity(from_day)
    places: list[TaxPlace | SalesTaxPlace] = []
    if municipality is not None:
        if municipality != NO_TAX_PLACE:
            view.number(f"municipal_gross_receipts_{municipality}").on(from_day)
        places.append(TaxPlace(premise_id, municipality, days, learned_at))
    if jurisdiction is not None:
        if jurisdiction != NOT_SALES_TAXED_HERE:
            view.number(f"sales_tax_local_{jurisdiction}").on(from_day)
        places.append(SalesTaxPlace(premise_id, jurisdiction, days, learned_at))
    if not places:
        raise ExemptionRefused(
            f"Nothing is said of premise {premise_id}",
            do="Name its municipality, its sales-tax jurisdiction, or both; 'none' for neither",
        )
    return [one for one in places if store.tax_premise(one)]


def _refuse_words(request: ExemptionRequest) -> None:
    where = f"account {request.account_id}"
    number = request.certificate
    if not number.strip() or len(number) > LONGEST_NUMBER or not number.isprintable():
        raise ExemptionRefused(
            f"A certificate has a number of 1 to {LONGEST_NUMBER} printable letters",
            where=where,
            do="Give the number as it stands on the certificate, or that of the finding",
        )
    if not 0 < request.share <= 1:
        raise ExemptionRefused(
            f"A share of {number_text(request.share)} of the use cannot be exempt",
            where=where,
            do="Give a share above 0 and at most 1, like 0.6 or 3/5",
        )
    if request.until_day is not None and request.until_day <= request.from_day:
        raise ExemptionRefused(
            f"A certificate from {request.from_day} until {request.until_day} holds on no day",
            where=where,
            do="Give the first day on which it does not hold, after its first day",
        )


def _refuse_no_ground(request: ExemptionRequest, view: BookView) -> None:
    grounds = grounds_of(request.tax, request.from_day, view)
    where = f"account {request.account_id}"
    if request.kind.value not in grounds:
        raise ExemptionRefused(
            f"'{request.kind.value}' is no ground of exemption from {_words(request.tax)} tax",
            where=where,
            why=f"The book knows {', '.join(grounds)}",
            do="Give another ground, or add it to the book with its clause",
        )
    if request.kind is not ExemptionKind.LARGE_USE:
        return
    if request.average_kwh is None:
        raise ExemptionRefused(
            "Nobody said how much the customer uses on average",
            where=where,
            do="Give the average of a month in kWh with --average-kwh",
        )
    ruling = decide_filled(
        rule=rule_named(LARGE_USE),
        facts=LargeUseFacts(request.average_kwh),
        day=request.from_day,
        view=view,
    )
    if not ruling.decision.outcome.excluded:
        reason = ruling.decision.reasons[0]
        raise ExemptionRefused(
            f"The customer is taxed: {reason.finding}",
            where=where,
            why=reason.citation.text,
            do="Record nothing; the tax is asked",
        )


def _words(tax: TaxKind) -> str:
    return tax.value.replace("_", "-")
