"""For what usage data may be used inside, what leaves the house, and what its owner sees of it.

Lives here      permitted purposes, disclosure to others, the customer's own view.
Lives elsewhere that a read is logged (``stores``), the layers of security (``layers``).
Read first      the company's page on advanced meters: "Use of data" and "Privacy".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

CHAPTER, ROOM = "company_privacy", "access"
PURPOSES, PURPOSE_LIST = "ami.use.purposes", "ami_use_purposes"
DASHBOARD, CHANNEL = "ami.use.customer_dashboard", "ami_use_customer_dashboard_channel"
CONFIDENTIAL = "ami.privacy.confidential"
OWNED, OWNER = "ami.privacy.customer_owns", "ami_privacy_customer_owns_owner"
CONDITIONS = "ami.privacy.disclosure_conditions"
ALLOWED = "ami_privacy_disclosure_conditions_allowed"
BUSINESS_READING = "privacy.official_business_codes"
CODES, WORDS = "code_basis_and_audit", "purpose_in_words"


class DaysReversed(Refusal):
    """A span of days that ends before it begins."""


class UnknownAccessReading(Refusal):
    """The book's chosen reading is one that this rule does not know."""


class UsePurpose(Enum):
    """For what somebody inside wants to use data of meters."""

    BILLING = "billing"
    TROUBLESHOOTING = "troubleshooting"
    EQUIPMENT_OR_SERVICE = "equipment or service problems"
    PROGRAM_EVALUATION = "program evaluation"
    MARKETING = "marketing"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class InternalUseFacts:
    """Somebody inside who wants to use usage or operational data."""

    purpose: UsePurpose = fact("For what the data is wanted.")


@dataclass(frozen=True, slots=True)
class InternalUse:
    """Whether the use is one of those the company names."""

    allowed: bool = fact("Whether data may be used for it without more.")


def decide_internal_use(facts: InternalUseFacts, terms: Terms) -> Decision[InternalUse]:
    """Whether a purpose is among those for which the company says that data is used.

    Another purpose is refused here: it needs a basis of its own (``access.disclosure``).
    """
    listed = terms.listing(PURPOSE_LIST)
    if facts.purpose.value in listed.value:
        found = f"data serves {facts.purpose.value}"
        return Decision(InternalUse(True), (Reason(found, listed.citation),))
    found = f"{facts.purpose.value} is none of the stated uses: {', '.join(listed.value)}"
    return Decision(InternalUse(False), (Reason(found, listed.citation),))


class Asker(Enum):
    """Who asks for a customer's data."""

    OWNER = "the customer"
    OUTSIDE = "an outside party"


@dataclass(frozen=True, slots=True)
class DisclosureFacts:
    """Somebody who asks for personal information or usage of a customer."""

    asker: Asker = fact("Who asks.")
    asked_on: date = fact("The day of asking.")
    permission_from: date | None = fact(
        "First day of the customer's permission for this party; null if none was given."
    )
    permission_until: date | None = fact(
        "Day on which that permission ends (it is out); null if it has no end."
    )
    official_business: bool = fact("Whether it is said to be the company's official business.")
    purpose_code: str | None = fact("The code of the purpose; null if none.")
    basis: str | None = fact("The contract or the legal ground that it rests on; null if none.")
    purpose_words: str | None = fact("The purpose in free words; null if none.")
    audit_entry: bool = fact("Whether the disclosure is written to the log.")
    law: str | None = fact("The law or the order that requires it; null if none.")


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Whether the data goes out, and on which ground."""

    disclosed: bool = fact("Whether it is given.")
    ground: str | None = fact("On which of the stated grounds; null if refused.")


def decide_disclosure(facts: DisclosureFacts, terms: Terms) -> Decision[Disclosure]:
    """Whether a customer's data is given to somebody: confidential unless a stated ground holds.

    The customer owns it and gets it. Nothing goes out without an entry in the log, the customer's
    own copy included.

    :raises DaysReversed: if a permission ends before it begins
    :raises UnknownAccessReading: if the book reads "official business" in a way not known here
    """
    begin, end = facts.permission_from, facts.permission_until
    if end is not None and (begin is None or end <= begin):
        raise DaysReversed(
            f"A permission until {end} that begins {f'on {begin}' if begin else 'never'} is none",
            where="facts.permission_until",
            do="Give the first day of the permission and a later day on which it ends",
        )
    confidential, conditions = terms.clause(CONFIDENTIAL), terms.listing(ALLOWED)
    if not facts.audit_entry:
        found = "no entry in the log is made of it: nothing is given unlogged"
        return Decision(Disclosure(False, None), (Reason(found, confidential.citation),))
    if facts.asker is Asker.OWNER:
        owner = terms.text(OWNER)
        found = f"the {owner.value} owns the data and asks for it"
        return Decision(Disclosure(True, "ownership"), (Reason(found, owner.citation),))
    permitted, required = (
        one for one in conditions.value if one in ("customer permission", "required by law")
    )
    business = next(one for one in conditions.value if one not in (permitted, required))
    not_given: list[str] = []
    if begin is not None and begin <= facts.asked_on and (end is None or facts.asked_on < end):
        found = f"the customer has permitted it from {begin}{f' until {end}' if end else ''}"
        return Decision(Disclosure(True, permitted), (Reason(found, conditions.citation),))
    not_given.append(
        "the customer has not permitted it"
        if begin is None
        else f"the customer's permission does not hold on {facts.asked_on}"
    )
    if facts.law:
        found = f"the law requires it: {facts.law}"
        return Decision(Disclosure(True, required), (Reason(found, conditions.citation),))
    not_given.append("no law requires it")
    if facts.official_business:
        missing = _missing_of_business(facts, terms)
        if not missing:
            found = f"it is official business: {facts.purpose_code or facts.purpose_words}"
            return Decision(Disclosure(True, business), (Reason(found, conditions.citation),))
        not_given.append(f"official business wants {' and '.join(missing)}")
    else:
        not_given.append("it is not official business")
    reasons = (
        Reason("personal information and data stay confidential", confidential.citation),
        Reason("; ".join(not_given), conditions.citation),
    )
    return Decision(Disclosure(False, None), reasons)


def _missing_of_business(facts: DisclosureFacts, terms: Terms) -> list[str]:
    reading = terms.reading(BUSINESS_READING)
    wanted: tuple[tuple[str, str | None], ...]
    if reading == CODES:
        wanted = (
            ("a purpose code", facts.purpose_code),
            ("a contract or legal basis", facts.basis),
        )
    elif reading == WORDS:
        wanted = (("a purpose in words", facts.purpose_words),)
    else:
        raise UnknownAccessReading(
            f"The book reads '{BUSINESS_READING}' as '{reading}'",
            do=f"Use a release that knows this reading, or choose '{CODES}' or '{WORDS}'",
        )
    return [name for name, given in wanted if not given]


@dataclass(frozen=True, slots=True)
class OwnViewFacts:
    """A customer who wants to see usage of some days."""

    signed_in: bool = fact("Whether the customer has signed in to the account.")
    from_day: date = fact("First day wanted.")
    until_day: date = fact("Day until which it is wanted (it is out).")
    occupied_from: date = fact("First day of the customer's own service there.")
    occupied_until: date | None = fact("Day on which it ended (it is out); null if it goes on.")


@dataclass(frozen=True, slots=True)
class OwnView:
    """The days that are shown."""

    shown: bool = fact("Whether anything is shown.")
    from_day: date | None = fact("First day shown; null if none.")
    until_day: date | None = fact("Day until which it is shown (it is out); null if none.")


def decide_own_view(facts: OwnViewFacts, terms: Terms) -> Decision[OwnView]:
    """Which days of usage a customer is shown: those of the customer's own service, and no others.

    :raises DaysReversed: if days end before they begin
    """
    for name, begin, until in (
        ("until_day", facts.from_day, facts.until_day),
        ("occupied_until", facts.occupied_from, facts.occupied_until),
    ):
        if until is not None and until <= begin:
            raise DaysReversed(
                f"Days from {begin} until {until} are none",
                where=f"facts.{name}",
                do="Give a later day: the last day itself is out",
            )
    channel, confidential = terms.text(CHANNEL), terms.clause(CONFIDENTIAL)
    if not facts.signed_in:
        found = f"the {channel.value} asks for the customer's sign-in"
        return Decision(OwnView(False, None, None), (Reason(found, channel.citation),))
    begin = max(facts.from_day, facts.occupied_from)
    until = min(facts.until_day, facts.occupied_until or facts.until_day)
    others = "days of another occupant stay confidential"
    if until <= begin:
        return Decision(OwnView(False, None, None), (Reason(others, confidential.citation),))
    reasons = [Reason(f"the {channel.value} shows customers their data", channel.citation)]
    if (begin, until) != (facts.from_day, facts.until_day):
        reasons.append(Reason(others, confidential.citation))
    return Decision(OwnView(True, begin, until), tuple(reasons))


RULES = (
    Rule(
        id="access.internal_use",
        title="For what data of meters is used inside",
        room=ROOM,
        kind="procedure",
        chapter=CHAPTER,
        provisions=(PURPOSES,),
        governing_day="the day of the use",
        facts=InternalUseFacts,
        outcome=InternalUse,
        values=(PURPOSE_LIST,),
        decide=decide_internal_use,
    ),
    Rule(
        id="access.disclosure",
        title="Giving a customer's data to somebody",
        room=ROOM,
        kind="procedure",
        chapter=CHAPTER,
        provisions=(CONFIDENTIAL, OWNED, CONDITIONS),
        governing_day="the day of asking",
        facts=DisclosureFacts,
        outcome=Disclosure,
        values=(ALLOWED, OWNER),
        readings=(BUSINESS_READING,),
        decide=decide_disclosure,
    ),
    Rule(
        id="access.own_view",
        title="What customers see of their own usage",
        room=ROOM,
        kind="procedure",
        chapter=CHAPTER,
        provisions=(DASHBOARD, CONFIDENTIAL),
        governing_day="the day of looking",
        facts=OwnViewFacts,
        outcome=OwnView,
        values=(CHANNEL,),
        decide=decide_own_view,
    ),
)
