"""Autopay: whether a bill is drawn on its due day, how much of it, or a person asks first.

Lives here      the ceiling tied to the customer's own bills, and everything that stops a debit.
Lives elsewhere the gate's shield (``billing/gate``), thresholds
                (``tariffs/.../payment_channels``), what is drawn (``usecases/autopay``).
Read first      docs/operating/payment_channels.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.money import usd_display
from meterledger.rulebook.terms import Terms

PERCENT, MONTHS = "autopay_ceiling_percent", "autopay_ceiling_months"
BILLS_MIN, NEW_USD = "autopay_ceiling_bills_min", "autopay_ceiling_new_usd"
HUNDRED = 100


class AutopayAct(Enum):
    """What happens to a bill of a customer on autopay."""

    DEBIT = "debit"
    ASK = "ask a person"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class AutopayFacts:
    """A bill on its due day, and all that could stop its debit.

    ``asked_cents`` is the amount due of the bill's statement: the balance before it and what the
    bill asks (on a budget plan the asked amount); ``open_cents`` what of that is open now;
    ``ordered_cents`` what is being drawn from the account already; ``deferred_cents`` what a kept
    agreement collects later, and ``disputed_cents`` what is in dispute; ``pending_cents`` what may
    have been paid already and is not known; ``past_cents`` what the customer's own bills of the
    months looked back on asked, without this one. ``shield`` are the reasons for which the bill
    gate would not let it be collected.
    """

    bill_id: str
    due_day: date
    asked_cents: int
    open_cents: int
    pending_cents: int
    past_cents: tuple[int, ...]
    most_cents: int | None
    ordered_cents: int = 0
    deferred_cents: int = 0
    disputed_cents: int = 0
    shield: tuple[Reason, ...] = ()
    is_cancelled: bool = False
    is_ordered: bool = False
    is_disputed_return: bool = False
    stopped: str = ""

    @property
    def drawable_cents(self) -> int:
        """What may be drawn: of what is asked, what is open and neither drawn nor set apart."""
        left = min(self.asked_cents, self.open_cents - self.ordered_cents)
        return left - self.deferred_cents - self.disputed_cents


@dataclass(frozen=True, slots=True)
class AutopayAnswer:
    """What to do, and the cents drawn where something is."""

    act: AutopayAct
    cents: int = 0
    ceiling_cents: int = 0


def ceiling_cents(past_cents: Sequence[int], terms: Terms) -> tuple[int, Reason]:
    """The most that is drawn without asking: a share of the highest of the customer's own bills.

    With few bills it is the amount for new customers. Rounded down: it is a limit.
    """
    least, new = terms.whole(BILLS_MIN), terms.cents(NEW_USD)
    if len(past_cents) < least.value:
        found = f"with {len(past_cents)} bills before, {usd_display(new.value)} is the ceiling"
        return int(new.value), Reason(found, new.citation)
    percent = terms.whole(PERCENT)
    highest = max(0, *past_cents)
    ceiling = highest * percent.value // HUNDRED
    found = (
        f"{percent.value} percent of the highest of {len(past_cents)} bills, "
        f"{usd_display(highest)}, is the ceiling: {usd_display(ceiling)}"
    )
    return ceiling, Reason(found, percent.citation)


def decide_autopay(facts: AutopayFacts, terms: Terms) -> Decision[AutopayAnswer]:
    """Draw the bill, ask a person, or do nothing.

    :raises NoRuleInForce: if the book has no ceiling for the day
    """
    ceiling, why_ceiling = ceiling_cents(facts.past_cents, terms)
    clause = why_ceiling.citation
    if facts.is_cancelled:
        return _nothing(f"bill {facts.bill_id} was canceled", clause)
    if facts.is_ordered:
        return _nothing(f"bill {facts.bill_id} was drawn already", clause)
    cents = facts.drawable_cents
    less = _less(facts, clause)
    if cents <= 0:
        return _nothing("nothing of the bill is open", clause, *less)
    found = [*facts.shield]
    if facts.stopped:
        found.append(Reason(facts.stopped, clause))
    if facts.is_disputed_return:
        found.append(
            Reason("a debit of this bill came back for a reason that asks a person", clause)
        )
    if facts.pending_cents > 0:
        found.append(
            Reason(
                f"{usd_display(facts.pending_cents)} may have been paid already; its outcome is "
                "unknown",
                clause,
            )
        )
    if cents > ceiling:
        found += [Reason(f"{usd_display(cents)} is above the ceiling", clause), why_ceiling]
    if facts.most_cents is not None and cents > facts.most_cents:
        found.append(
            Reason(
                f"{usd_display(cents)} is above {usd_display(facts.most_cents)}, the customer's "
                "own ceiling",
                clause,
            )
        )
    if found:
        return Decision(AutopayAnswer(AutopayAct.ASK, cents, ceiling), (*found, *less))
    drawn = Reason(f"{usd_display(cents)} is drawn on {facts.due_day}", clause)
    return Decision(AutopayAnswer(AutopayAct.DEBIT, cents, ceiling), (drawn, *less, why_ceiling))


def _less(facts: AutopayFacts, citation: Citation) -> list[Reason]:
    """Why less is drawn than the statement asks."""
    told = (
        (max(0, facts.asked_cents - facts.open_cents), "of what the statement asks is paid"),
        (facts.ordered_cents, "is being drawn already"),
        (facts.deferred_cents, "is collected later by an agreement that is kept"),
        (facts.disputed_cents, "is in dispute"),
    )
    return [
        Reason(f"{usd_display(cents)} {words}: it is not drawn", citation)
        for cents, words in told
        if cents
    ]


def _nothing(found: str, citation: Citation, *less: Reason) -> Decision[AutopayAnswer]:
    return Decision(AutopayAnswer(AutopayAct.NOTHING), (Reason(found, citation), *less))
