"""Which bills of a correction are adjusted, and how an undercharge may be repaid.

Lives here      putting the rules of adjustments together for all bills that one case corrects: the
                two directions apart, periods counted over every bill since the oldest wrong one.
Lives elsewhere the rules (``adjust_residential``, ``adjust_bounds``, ``estimate_trueup``), right
                amounts (``rating``), the corrected bill (``corrected``), doing it (journeys).
Read first      GRR V.G.1 and V.G.2; docs/operating/corrections.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from meterledger.billing.adjust_bounds import (
    BOUNDS,
    MeterErrorFacts,
    NextStep,
    decide_meter_error_bounds,
)
from meterledger.billing.adjust_residential import (
    Direction,
    RepaymentFacts,
    ResidentialErrorFacts,
    WrongPeriod,
    decide_repayment,
    decide_residential_adjustment,
)
from meterledger.billing.estimate_trueup import TrueUpFacts, decide_true_up
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.terms import Terms


@dataclass(frozen=True, slots=True)
class BillInError:
    """A bill as it was issued, and what it comes to now. Bills that stay are given as they are."""

    bill_id: str
    days: DaySpan
    billed_cents: int
    correct_cents: int
    estimated: bool = False

    @property
    def difference_cents(self) -> int:
        """What is right less what was billed: above zero for an undercharge."""
        return self.correct_cents - self.billed_cents


@dataclass(frozen=True, slots=True)
class CorrectionEvidence:
    """What is known of a case: when it was found, and what limits it.

    ``meter_in_service_since`` and ``first_occupancy`` bound the error of a meter of a customer who
    is not residential; ``meter_error`` says that it is one.
    """

    discovered: date
    inquired: date | None = None
    notified: date | None = None
    meter_error_within_limits: bool = False
    obstruction_or_misrepresentation: bool = False
    wished_months: int | None = None
    residential: bool = True
    meter_error: bool = False
    meter_in_service_since: date | None = None
    first_occupancy: date | None = None


@dataclass(frozen=True, slots=True)
class RepaymentOffer:
    """Instalments that sum to the amount exactly."""

    amount_cents: int
    months_offered: int
    months: int
    instalment_cents: int
    last_instalment_cents: int

    def __post_init__(self) -> None:
        paid = self.instalment_cents * (self.months - 1) + self.last_instalment_cents
        ensure(paid == self.amount_cents, "instalments sum to what is repaid")


@dataclass(frozen=True, slots=True)
class LimitedCorrection:
    """What of a case is adjusted: the bills, both directions, and what stays as it was billed."""

    adjusted: frozenset[str]
    overcharge_cents: int
    undercharge_cents: int
    left_cents: int
    repayment: RepaymentOffer | None

    def why_left(self, reasons: Sequence[Reason]) -> Reason:
        """The reason for which all stays as it was billed, of those of this decision.

        The last one, unless it finds less than the least amount where nothing at all is within
        the limit: then the limit is why, and it stands before.
        """
        last = reasons[-1]
        nothing = last.finding.startswith(f"{usd_display(Cents(0))} over all periods")
        return reasons[-2] if nothing else last


def decide_correction(
    bills: Sequence[BillInError], evidence: CorrectionEvidence, terms: Terms
) -> Decision[LimitedCorrection]:
    """Which bills are adjusted. Overcharges and undercharges are limited each by itself.

    ``bills`` are all of the service from the oldest wrong one on, oldest first; a period without a
    bill has no name.

    :raises AdjustmentContradicts: if a day of the evidence is after the day that counts
    """
    ensure(any(one.difference_cents for one in bills), "a correction corrects something")
    adjusted: set[str] = set()
    reasons: list[Reason] = []
    if not evidence.residential:
        adjusted, bound = _within_bounds(bills, evidence, terms)
        reasons += bound
    else:
        for direction in Direction:
            wrong = [one for one in bills if _wrong_by(one, direction) > 0]
            if wrong:
                within, why = _within_limits(bills, wrong, direction, evidence, terms)
                adjusted |= within
                reasons += why
    corrected = [one for one in bills if one.bill_id in adjusted]
    over = sum(max(0, -one.difference_cents) for one in corrected)
    under = sum(max(0, one.difference_cents) for one in corrected)
    offer, offered = _repayment(corrected, under - over, evidence, terms)
    outcome = LimitedCorrection(
        adjusted=frozenset(adjusted),
        overcharge_cents=over,
        undercharge_cents=under,
        left_cents=sum(one.difference_cents for one in bills if one.bill_id not in adjusted),
        repayment=offer,
    )
    return Decision(outcome, (*reasons, *offered))


def _wrong_by(one: BillInError, direction: Direction) -> int:
    over = direction is Direction.OVERCHARGE
    return -one.difference_cents if over else one.difference_cents


def _within_limits(
    bills: Sequence[BillInError],
    wrong: Sequence[BillInError],
    direction: Direction,
    evidence: CorrectionEvidence,
    terms: Terms,
) -> tuple[set[str], tuple[Reason, ...]]:
    """The bills of one direction that are adjusted; periods between wrong ones count as periods."""
    oldest = wrong[0].days.from_day
    facts = ResidentialErrorFacts(
        direction=direction,
        periods=tuple(
            WrongPeriod(
                begins=one.days.from_day,
                billed_cents=Cents(one.billed_cents),
                correct_cents=Cents(one.correct_cents if one in wrong else one.billed_cents),
            )
            for one in bills
            if one.days.from_day >= oldest
        ),
        discovered=evidence.discovered,
        inquired=evidence.inquired,
        notified=evidence.notified,
        meter_error_within_limits=evidence.meter_error_within_limits,
        obstruction_or_misrepresentation=evidence.obstruction_or_misrepresentation,
    )
    decision = decide_residential_adjustment(facts, terms)
    first = decision.outcome.first_period
    noun = "bill is" if len(wrong) == 1 else "bills are"
    how_many = Reason(
        f"{len(wrong)} {noun} wrong by an {direction.value}", decision.reasons[0].citation
    )
    why = (how_many, *decision.reasons[1:])
    if not decision.outcome.adjusted or first is None:
        return set(), why
    return {one.bill_id for one in wrong if one.days.from_day >= first}, why


def _within_bounds(
    bills: Sequence[BillInError], evidence: CorrectionEvidence, terms: Terms
) -> tuple[set[str], tuple[Reason, ...]]:
    """Customers who are not residential: a person decides, a meter's error within two bounds."""
    wrong = [one for one in bills if one.difference_cents]
    since, occupied = evidence.meter_in_service_since, evidence.first_occupancy
    if evidence.meter_error and since is not None and occupied is not None:
        began = wrong[0].days.from_day
        decision = decide_meter_error_bounds(MeterErrorFacts(began, since, occupied), terms)
        outcome = decision.outcome
        within = [one for one in wrong if one.days.until_day > outcome.corrected_from]
        if outcome.next_step is not NextStep.RESIDENTIAL_LIMITS:
            return {one.bill_id for one in within}, decision.reasons
        found: set[str] = set()
        reasons = list(decision.reasons)
        for direction in Direction:
            of_it = [one for one in within if _wrong_by(one, direction) > 0]
            if of_it:
                some, why = _within_limits(bills, of_it, direction, evidence, terms)
                found |= some
                reasons += why
        return found, tuple(reasons)
    found_words = (
        "the limits of residential customers do not bind, and no others are held: a person decides "
        "that the whole is adjusted"
    )
    reason = Reason(found_words, terms.clause(BOUNDS).citation)
    return {one.bill_id for one in wrong}, (reason,)


def _repayment(
    adjusted: Sequence[BillInError], net_cents: int, evidence: CorrectionEvidence, terms: Terms
) -> tuple[RepaymentOffer | None, tuple[Reason, ...]]:
    """The longer of the two offers, of what is left to pay after the case's own credits."""
    under = [one for one in adjusted if one.difference_cents > 0]
    if not evidence.residential or net_cents < 1:
        return None, ()
    wished = evidence.wished_months
    amount = Cents(net_cents)
    after_error = decide_repayment(
        RepaymentFacts(len(under), amount, evidence.discovered, wished), terms
    )
    offer = RepaymentOffer(
        net_cents,
        after_error.outcome.months_offered,
        after_error.outcome.months,
        after_error.outcome.instalment_cents,
        after_error.outcome.last_instalment_cents,
    )
    reasons = after_error.reasons
    estimated = sum(one.estimated for one in under)
    if estimated > offer.months_offered:
        true_up = decide_true_up(TrueUpFacts(estimated, amount, wished), terms)
        offer = RepaymentOffer(
            net_cents,
            true_up.outcome.months_offered,
            true_up.outcome.months,
            true_up.outcome.instalment_cents,
            true_up.outcome.last_instalment_cents,
        )
        reasons = true_up.reasons
    return offer, reasons
