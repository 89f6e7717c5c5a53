"""Revisions of the late charge's calculation: how a charge is decided once more under each.

Lives here      what differs between revisions; which rules a revision's name stood for.
Lives elsewhere the decision (``late_charge_decide``), replay (``late_charges``), the sheet's own
                revisions, which are the book's.
Read first      docs/decisions/0021-older-revisions-are-kept.md; docs/operating/late_charges.md.

A charge's record names its revision. They differ in what a corrected bill does to a charge that was
made, in what a record says of the bill that shows the charge, and in the day after which a bill of
a combined statement is late.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from meterledger.kernel.refusal import Refusal


class RevisionUnknown(Refusal):
    """A late charge was decided by a revision that is not known here."""


@dataclass(frozen=True, slots=True)
class DecidedBy:
    """The rules of one revision.

    ``only_freed``: a bill beside that was corrected lowers a charge only where it had taken what
    pays the charge's base. ``forgiven_stands``: a charge that was forgiven after another was made
    on it stays in that one's base; so a correction lowers it by what it freed and no more.
    ``names_the_bill``: the record names the bill of the day as the one that shows the charge,
    though that bill may be held and never issued; else it says on which day it was decided.
    ``companys_day``: a bill of a combined statement is late after the statement's due day, else
    after its own. ``asks_when_sent``: a bill that went out late has a later day, and one that came
    back is not late before it goes out again.
    """

    revision: str
    only_freed: bool
    forgiven_stands: bool
    names_the_bill: bool = True
    companys_day: bool = False
    asks_when_sent: bool = False


TODAY = DecidedBy(
    "late-4",
    only_freed=True,
    forgiven_stands=True,
    names_the_bill=False,
    companys_day=True,
    asks_when_sent=True,
)

REVISIONS: dict[str, tuple[DecidedBy, ...]] = {
    # The name was not changed when the rule for bills beside was narrowed: no record tells which
    # of the two it is of. What comes to the record's bytes is the one.
    "late-1": (
        DecidedBy("late-1", only_freed=True, forgiven_stands=False),
        DecidedBy("late-1", only_freed=False, forgiven_stands=False),
    ),
    "late-2": (DecidedBy("late-2", only_freed=True, forgiven_stands=True),),
    # Nor was it changed when the Company's day came to rule.
    "late-3": (
        replace(TODAY, revision="late-3", asks_when_sent=False),
        replace(TODAY, revision="late-3", companys_day=False, asks_when_sent=False),
    ),
    TODAY.revision: (TODAY,),
}


def rules_of(revision: str, *, where: str) -> tuple[DecidedBy, ...]:
    """Which rules a revision's name stood for, the newest first.

    :raises RevisionUnknown: if the name is not known here
    """
    if revision not in REVISIONS:
        raise RevisionUnknown(
            f"It was decided by revision '{revision[:40]}' of the calculation, and this release "
            f"knows {', '.join(REVISIONS)}",
            where=where,
            do="Replay it with the release that decided it, or a later one",
        )
    return REVISIONS[revision]
