"""What a return of a debit, or a notification of change, leads to: by its code, as dated data.

Lives here      again, stop the bank account, never again, or a person.
Lives elsewhere the codes (``tariffs/.../payment_channels``), files (``stores/gateways/nacha``),
                taking the payment back (``usecases``).
Read first      tariffs/union_electric_mo6/payment_channels/README.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from meterledger.facts.ach import CORRECTED
from meterledger.facts.ach_orders import ReturnAct
from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Decision, Reason
from meterledger.rulebook.terms import Terms

AGAIN, AGAIN_MOST = "ach_return_again_codes", "ach_return_again_most"
WITHIN, WAIT = "ach_return_again_within_days", "ach_return_again_wait_days"
STOP, NEVER = "ach_return_stop_codes", "ach_return_never_codes"
MEANINGS, CHANGE_MEANINGS = "ach_return_meanings", "ach_change_meanings"
CHANGE_STOP = "ach_change_stop_codes"


@dataclass(frozen=True, slots=True)
class DebitReturnFacts:
    """A debit that came back: its code, how often it was presented, and when first."""

    code: str
    attempt: int
    first_day: date
    returned_day: date


@dataclass(frozen=True, slots=True)
class AfterReturn:
    """What to do; ``again_on`` is the day of the next debit where there is one."""

    act: ReturnAct
    again_on: date | None = None


def decide_return(facts: DebitReturnFacts, terms: Terms) -> Decision[AfterReturn]:
    """Again, stop, never again, or a person, by the lists of the day of the return.

    :raises NoRuleInForce: if the book has no lists for the day
    """
    never, stop, again = terms.listing(NEVER), terms.listing(STOP), terms.listing(AGAIN)
    says = meaning_of(facts.code, terms)
    if facts.code in never.value:
        found = f"{says}: the bank account is never debited again"
        return _decided(AfterReturn(ReturnAct.NEVER), found, never.citation)
    if facts.code in stop.value:
        found = f"{says}: the bank account is not debited any more"
        return _decided(AfterReturn(ReturnAct.STOP), found, stop.citation)
    if facts.code not in again.value:
        found = f"{says}: a person looks before anything is debited"
        return _decided(AfterReturn(ReturnAct.ASK), found, never.citation)
    most, within, wait = terms.whole(AGAIN_MOST), terms.whole(WITHIN), terms.whole(WAIT)
    if facts.attempt > most.value:
        found = (
            f"{says}: it was presented {facts.attempt} times, and {most.value} times again is all"
        )
        return _decided(AfterReturn(ReturnAct.ASK), found, most.citation)
    next_day = facts.returned_day + timedelta(days=wait.value)
    if next_day > facts.first_day + timedelta(days=within.value):
        found = f"{says}: it is {within.value} days and more since {facts.first_day}"
        return _decided(AfterReturn(ReturnAct.ASK), found, within.citation)
    found = f"{says}: it is presented again on {next_day}"
    return _decided(AfterReturn(ReturnAct.AGAIN, next_day), found, again.citation)


def decide_change(code: str, terms: Terms) -> Decision[ReturnAct]:
    """Whether a notification of change stops the bank account until it is entered again."""
    stop = terms.listing(CHANGE_STOP)
    says = meaning_of(code, terms)
    if code in stop.value:
        found = f"{says}: nothing is debited until the bank account is entered again"
        return Decision(ReturnAct.CHANGE, (Reason(found, stop.citation),))
    return Decision(ReturnAct.ASK, (Reason(f"{says}: a person looks", stop.citation),))


def corrects(code: str, terms: Terms) -> str:
    """Where the corrected data of a code say what: ``routing:1-9 account:13-29``; empty for a
    code that the book does not list as one that changes a bank account.

    :raises NoRuleInForce: if the book has no list for the day
    """
    return CORRECTED.get(code, "") if code in terms.listing(CHANGE_STOP).value else ""


def meaning_of(code: str, terms: Terms) -> str:
    """``R01 insufficient funds``; a code that the book does not know says so."""
    listed = terms.listing(CHANGE_MEANINGS if code.startswith("C") else MEANINGS).value
    known = {one.partition(" ")[0]: one for one in listed}
    return known.get(code, f"{code}, a code without a known meaning")


def _decided(after: AfterReturn, found: str, citation: Citation) -> Decision[AfterReturn]:
    return Decision(after, (Reason(found, citation),))
