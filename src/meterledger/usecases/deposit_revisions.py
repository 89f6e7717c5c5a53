"""Revisions of what our own books say of a customer, as records of deposits rest on it.

Lives here      what differs between revisions; which rules a revision's name stood for.
Lives elsewhere the facts (``deposit_history``), replay (``deposit_replay``), the sheet's own
                revisions, which are the book's.
Read first      docs/decisions/0021-older-revisions-are-kept.md; docs/operating/deposits.md.

A record names its revision. The first records named none: what is in no record is ``deposit-1``,
which stood for several rules, one after another. What comes to a record's facts is the one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from meterledger.kernel.refusal import Refusal


class RevisionUnknown(Refusal):
    """A deposit was decided by a revision that is not known here."""


@dataclass(frozen=True, slots=True)
class FactsBy:
    """The rules of one revision: by which of them a bill was paid, in time, and with how much."""

    revision: str
    waits_for_mail: bool = True
    """A receipt of unknown outcome that came by mail within the grace may have paid the bill."""
    counts_day_of_bill: bool = True
    """A payment of the day of a bill is paid of what was owed before it, and in its period."""
    counts_mail_in_grace: bool = True
    """What came by mail within its grace is paid in time, also as an amount."""
    knows_checkouts: bool = True
    """A checkout of unknown outcome is money that may have come, and parts of it add up."""
    written_off_is_owed: bool = True
    """A write-off pays nothing."""
    knows_relief: bool = True
    """A bill came to what it charges less what an agreement takes off it (GRR V.H.4)."""
    asks_when_sent: bool = True
    """A bill is late after the day by which the customer was asked for it, as late charges have it:
    one that went out late has a later one, one that came back has none before it goes out, and one
    of a combined statement has the Company's. Else after its own due day.
    """
    knows_the_law: bool = True
    """A bill of a government is late after the day that its law names, where one is told."""


TODAY = FactsBy("deposit-5")

_WITHOUT_LAW = FactsBy("deposit-4", knows_the_law=False)
_BY_OWN_DAY = replace(_WITHOUT_LAW, revision="deposit-3", asks_when_sent=False)
_WITHOUT_RELIEF = replace(_BY_OWN_DAY, revision="deposit-2", knows_relief=False)
_FOURTH = replace(_WITHOUT_RELIEF, revision="deposit-1", waits_for_mail=False)
_THIRD = replace(_FOURTH, counts_day_of_bill=False)
_SECOND = replace(_THIRD, counts_mail_in_grace=False)
_FIRST = replace(_SECOND, knows_checkouts=False)

REVISIONS: dict[str, tuple[FactsBy, ...]] = {
    "deposit-1": (_FOURTH, _THIRD, _SECOND, _FIRST, replace(_FIRST, written_off_is_owed=False)),
    "deposit-2": (_WITHOUT_RELIEF,),
    "deposit-3": (_BY_OWN_DAY,),
    "deposit-4": (_WITHOUT_LAW,),
    TODAY.revision: (TODAY,),
}
UNNAMED = "deposit-1"
"""What records are of that name no revision."""


def facts_by(revision: str, *, where: str) -> tuple[FactsBy, ...]:
    """Which rules a revision's name stood for, the newest first.

    :raises RevisionUnknown: if the name is not known here
    """
    if revision not in REVISIONS:
        raise RevisionUnknown(
            f"It was decided by revision '{revision[:40]}' of what our books say, and this release "
            f"knows {', '.join(REVISIONS)}",
            where=where,
            do="Replay it with the release that decided it, or a later one",
        )
    return REVISIONS[revision]
