"""One late charge: the rules asked, the reasons as codes, and the record it is replayed to.

Lives here      facts for the rules, the charge with its canonical record.
Lives elsewhere what is unpaid (``late_charge_base``), the rules (``arrears``).
Read first      docs/operating/late_charges.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from meterledger.arrears import (
    AGREEMENT_CHARGE,
    DELINQUENT_DATE,
    GOVERNMENT_ACCOUNT,
    LATE_CHARGE,
    AgreementCharge,
    AgreementFacts,
    AgreementKind,
    CustomerSide,
    DelinquentDateFacts,
    GovernmentFacts,
    GovernmentTerms,
    Holder,
    LateChargeFacts,
)
from meterledger.facts.late_charges import (
    GovernmentAccount,
    LateBill,
    LateCharge,
    LateHistory,
    LateReason,
)
from meterledger.kernel.canonical import canonical_bytes, sha256_hex
from meterledger.kernel.decision import Reason
from meterledger.kernel.money import Cents, usd_text
from meterledger.kernel.standing import weakest
from meterledger.rulebook.book import BookView
from meterledger.rulebook.forms import plain_form
from meterledger.usecases.decide import Ruling, decide_filled
from meterledger.usecases.late_charge_base import (
    RESIDENTIAL,
    SaidElsewhere,
    Unpaid,
    government_on,
    grace_until,
)
from meterledger.usecases.late_charge_revisions import TODAY, DecidedBy


@dataclass(frozen=True, slots=True)
class Moment:
    """The day of the bill, the instant at which all is read as known, and the book of then; by
    which revision of the calculation it is decided.
    """

    on: date
    known_at: datetime
    view: BookView
    by: DecidedBy = TODAY


def charge_of(
    unpaid: Unpaid,
    bill: LateBill,
    history: LateHistory,
    *,
    said: SaidElsewhere,
    moment: Moment,
    replaces: LateCharge | None = None,
) -> tuple[LateCharge | None, set[LateReason]]:
    """The charge on what is unpaid after one delinquent date; None with the reasons of a no.

    :raises NoRuleInForce: if the book is silent on the day
    """
    reasons = _left_out(unpaid)
    if unpaid.chargeable_cents == 0:
        return None, reasons or {LateReason.PAID}
    asked = _Asked(unpaid, bill, history, said, moment)
    reasons |= asked.codes()
    if asked.cents == 0:
        return None, reasons if reasons & _SPARING else reasons | {LateReason.TOO_SMALL}
    if replaces is not None:
        reasons.add(LateReason.CORRECTED)
    return asked.charge(reasons, replaces), reasons


_SPARING = {
    LateReason.AGREEMENT_KEPT,
    LateReason.AGREEMENT_MISSED,
    LateReason.GOVERNMENT,
    LateReason.MISSING_REPORT,
}


def _left_out(unpaid: Unpaid) -> set[LateReason]:
    parts = {
        "deposit_cents": LateReason.DEPOSIT,
        "special_cents": LateReason.SPECIAL,
        "our_delay_cents": LateReason.OUR_DELAY,
    }
    return {reason for part, reason in parts.items() if unpaid.of(part)}


class _Asked:
    """The rules asked about one delinquent date, in their order."""

    def __init__(
        self,
        unpaid: Unpaid,
        bill: LateBill,
        history: LateHistory,
        said: SaidElsewhere,
        moment: Moment,
    ) -> None:
        self.unpaid, self.bill, self.history, self.moment = unpaid, bill, history, moment
        self.rulings: list[Ruling] = [
            decide_filled(
                rule=DELINQUENT_DATE,
                facts=DelinquentDateFacts(bill.asked_by),
                day=bill.issued_day,
                view=moment.view,
            )
        ]
        told = government_on(bill.issued_day, history.government)
        self.government = None if told is None else government_terms(told, unpaid.day)
        if self.government is not None:
            self._ask(GOVERNMENT_ACCOUNT, GovernmentFacts(self.government, unpaid.day))
        spared = self._agreement(said)
        self.facts = self._facts(spared)
        own = self._ask(LATE_CHARGE, self.facts)
        missed = 0 if self.agreement is None else self.agreement.late_charge_cents
        self.cents = int(own.late_charge_cents) + int(missed)
        self.base_cents = int(own.base_cents)
        if self.agreement is not None:
            self.base_cents += int(self.agreement.charged_on_cents)

    def _ask(self, rule: Any, facts: object) -> Any:
        view = self.moment.view
        ruling = decide_filled(rule=rule, facts=facts, day=self.moment.on, view=view)
        self.rulings.append(ruling)
        return ruling.decision.outcome

    @property
    def side(self) -> CustomerSide:
        """On which side of the tariff the account is served."""
        named = self.moment.view.service_class(self.bill.schedule, self.bill.days.last_day).value
        is_home = named == RESIDENTIAL
        return CustomerSide.RESIDENTIAL if is_home else CustomerSide.NON_RESIDENTIAL

    def _agreement(self, said: SaidElsewhere) -> int:
        """What of the unpaid the agreement keeps out of the ordinary base."""
        self.agreement: AgreementCharge | None = None
        told = said.agreement
        if told is None:
            return 0
        facts = AgreementFacts(
            kind=AgreementKind(told.kind),
            customer=self.side,
            balance_not_due_cents=Cents(told.balance_not_due_cents),
            missed_instalment_cents=Cents(told.missed_instalment_cents),
            ended_by_default=told.ended_by_default,
            # Before the delinquent date a payment was in time anyway.
            paid_as_agreed_cents=Cents(
                sum(cents for day, cents in told.paid_as_agreed if day > self.unpaid.day)
            ),
        )
        self.agreement = self._ask(AGREEMENT_CHARGE, facts)
        kept = self.agreement.spared_cents + self.agreement.charged_on_cents
        return int(kept)

    def _facts(self, under_agreement: int) -> LateChargeFacts:
        """The parts as the rule asks for them: an agreement takes the oldest debt first."""
        unpaid = self.unpaid
        arrears, late = unpaid.of("arrears_cents"), unpaid.of("late_charge_cents")
        new = unpaid.of("new_cents")
        left = under_agreement
        taken = min(left, arrears)
        arrears, left = arrears - taken, left - taken
        taken = min(left, late)
        late, left = late - taken, left - taken
        under = under_agreement - left + min(left, new)
        deposit = unpaid.of("deposit_cents")
        return LateChargeFacts(
            unpaid_cents=Cents(unpaid.chargeable_cents + deposit),
            deposit_arrears_cents=Cents(deposit),
            arrears_cents=Cents(arrears),
            earlier_late_charges_cents=Cents(late),
            agreement_cents=Cents(under),
            customer=self.side if under else None,
            missing_report_cents=Cents(unpaid.of("missing_report_cents")),
            government=self.government,
        )

    def codes(self) -> set[LateReason]:
        """The reasons as codes, from what the rules were asked and answered."""
        facts, found = self.facts, set()
        new = facts.unpaid_cents - sum(
            (
                facts.deposit_arrears_cents,
                facts.arrears_cents,
                facts.earlier_late_charges_cents,
                facts.agreement_cents,
                facts.missing_report_cents,
            )
        )
        if new > 0:
            found.add(LateReason.NEW)
        if facts.arrears_cents:
            found.add(LateReason.AGAIN)
        if facts.earlier_late_charges_cents:
            found.add(LateReason.COMPOUND)
        if facts.missing_report_cents:
            found.add(LateReason.MISSING_REPORT)
        if self.government is not None:
            found.add(LateReason.GOVERNMENT)
        if self.agreement is not None and facts.agreement_cents:
            missed = self.agreement.charged_on_cents > 0
            found.add(LateReason.AGREEMENT_MISSED if missed else LateReason.AGREEMENT_KEPT)
        return found

    def charge(self, reasons: set[LateReason], replaces: LateCharge | None) -> LateCharge:
        """The charge with its record."""
        moment, unpaid, account = self.moment, self.unpaid, self.history.account_id
        name = f"{account}:{unpaid.day.isoformat()}"
        if replaces is not None:
            earlier = [one for one in self.history.charges if one.delinquent_day == unpaid.day]
            name = f"{name}:{len(earlier) + 1}"
        standing = weakest(one.standing for one in self.rulings)
        codes = tuple(one.value for one in LateReason if one in reasons)
        record = canonical_bytes(
            {
                "late_charge": name,
                "account": account,
                "bill": self.bill.bill_id,
                "delinquent_day": unpaid.day.isoformat(),
                "mail_in_time_until": grace_until(unpaid.day, moment.view).isoformat(),
                # Which bill shows it is not known yet: the bill of the day may be held.
                "shown_on_the_bill_of" if moment.by.names_the_bill else "decided_on": (
                    moment.on.isoformat()
                ),
                "late_charge_usd": usd_text(self.cents),
                "base_usd": usd_text(self.base_cents),
                "items": [_item(one) for one in unpaid.items],
                "in_time_by_mail": [
                    {"payment": name, "reasons": _told([reason])} for name, reason in unpaid.by_mail
                ],
                "facts": plain_form(self.facts),
                "rulings": [one.as_json() for one in self.rulings],
                "codes": list(codes),
                "standing": standing.value,
                "reading_keys": sorted({key for one in self.rulings for key in one.reading_keys}),
                **({"replaces": replaces.late_charge_id} if replaces is not None else {}),
                "pins": {
                    "known_at": moment.known_at.isoformat(),
                    "book_sha256": moment.view.sha256,
                    "calculation_revision": moment.by.revision,
                },
            }
        )
        return LateCharge(
            late_charge_id=name,
            account_id=account,
            bill_id=self.bill.bill_id,
            delinquent_day=unpaid.day,
            on=moment.on,
            cents=self.cents,
            base_cents=self.base_cents,
            codes=codes,
            rests_on=tuple(one.item.item_id for one in unpaid.items),
            clause=self.rulings[-1].decision.reasons[-1].citation.text,
            standing=standing.value,
            record=record,
            record_sha256=sha256_hex(record),
            book_sha256=moment.view.sha256,
            known_at=moment.known_at,
            replaces=None if replaces is None else replaces.late_charge_id,
        )


def government_terms(told: GovernmentAccount, day: date) -> GovernmentTerms:
    """What is kept of a government's account, as the rules ask for it."""
    percent = None if told.percent_by_law is None else Fraction(told.percent_by_law)
    return GovernmentTerms(
        holder=Holder(told.holder),
        legal_basis=told.legal_basis,
        percent_by_law=percent,
        delinquent_date_by_law=None if told.days_after_issue is None else day,
    )


def _item(one: Any) -> dict[str, object]:
    parts = (
        "new_cents",
        "arrears_cents",
        "late_charge_cents",
        "deposit_cents",
        "missing_report_cents",
        "our_delay_cents",
        "special_cents",
    )
    told: dict[str, object] = {
        "item": one.item.item_id,
        "kind": one.item.kind.value,
        "charged_day": one.item.charged_day.isoformat(),
        "charged_usd": usd_text(one.item.charged_cents),
        "open_usd": usd_text(one.item.open_cents),
    }
    for part in parts:
        cents = getattr(one, part)
        if cents:
            told[part.replace("_cents", "_usd")] = usd_text(cents)
    if one.reasons:
        told["reasons"] = _told(one.reasons)
    return told


def _told(reasons: Sequence[Reason]) -> list[dict[str, object]]:
    return [{"finding": one.finding, "citation": one.citation.as_json()} for one in reasons]
