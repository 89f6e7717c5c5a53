"""Replay a late charge: decide it again from what was known then, by the revision it names.

Lives here      the history of then, the revisions tried, the comparison of bytes.
Lives elsewhere deciding (``late_charge_decide``), revisions (``late_charge_revisions``).
Read first      docs/operating/late_charges.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from meterledger.facts.late_charges import LateCharge, LateHistory, LateReason
from meterledger.rulebook.book import TariffBook
from meterledger.rulebook.pinned import as_pinned
from meterledger.usecases.late_charge_base import SaidElsewhere
from meterledger.usecases.late_charge_decide import consider
from meterledger.usecases.late_charge_ports import Elsewhere, LateCharges, elsewhere_then
from meterledger.usecases.late_charge_revisions import (
    REVISIONS,
    TODAY,
    DecidedBy,
    rules_of,
)
from meterledger.usecases.late_charges import said_of


@dataclass(frozen=True, slots=True)
class LateReplay:
    """A charge decided again, and whether it came to the same bytes."""

    stored: LateCharge
    again: LateCharge | None
    same_bytes: bool
    reasons: tuple[LateReason, ...]
    by: DecidedBy = TODAY
    """The rules under which it came to the same bytes; where it did not, the newest of its
    revision."""
    tried: int = 1
    """How many rules the name of its revision stood for."""

    @property
    def note(self) -> str:
        """What is to be said of the revision; empty where its name is of one rule."""
        if self.tried == 1:
            return ""
        name = self.by.revision
        if not self.same_bytes:
            return (
                f"Its record names revision {name}, which stood for {self.tried} rules; it comes "
                "to other bytes under each"
            )
        if self.by.companys_day != REVISIONS[name][0].companys_day:
            return (
                f"Revision {name}, by the rule of its time: a bill of a combined statement was "
                "late after its own due day, not the statement's"
            )
        if self.by.only_freed:
            return ""
        return (
            f"Revision {name}, by the rule of its time: a bill that was corrected beside the "
            "charge lowered it whatever the correction freed"
        )


def replay_late_charge(
    late_charge_id: str,
    *,
    store: LateCharges,
    book: TariffBook,
    elsewhere: Elsewhere | None = None,
    as_known: datetime | None = None,
) -> LateReplay:
    """Decide a charge again from what was known when it was made, or at ``as_known``, under the
    revision of the calculation that its record names. Where that name stood for several rules, what
    comes to the same bytes is the one it was decided by.

    :raises NotFound: if there is no such charge
    :raises RevisionUnknown: if its revision is not known here
    """
    stored = store.late_charge(late_charge_id)
    known_at = as_known or stored.known_at
    account = stored.account_id
    history = store.late_histories([account], known_at).get(account, LateHistory(account))
    history = without_charges_since(history, stored)
    then = elsewhere or elsewhere_then(store)

    def said_on(day: date) -> SaidElsewhere | None:
        return said_of([account], day, known_at, then).get(account)

    day = known_at.date()
    view = book.as_known(day) if as_known else as_pinned(book, day, stored.book_sha256)
    rules = _rules_of(stored)
    tried: list[LateReplay] = []
    for by, look_again in _ways(stored, rules):
        found = consider(
            history,
            on=stored.on,
            known_at=known_at,
            view=view,
            said=said_on(stored.on),
            said_on=said_on,
            look_again=look_again,
            by=by,
        )
        again = next((one for one in found.charges if one.late_charge_id == late_charge_id), None)
        reasons = tuple(one for one in LateReason if one in found.reasons)
        same = again is not None and again.record == stored.record
        done = LateReplay(stored, again, same, reasons, by, len(rules))
        if same:
            return done
        tried.append(done)
    return tried[0]


def revision_of(stored: LateCharge) -> str:
    """The revision of the calculation that a charge's record names."""
    return str(json.loads(stored.record)["pins"]["calculation_revision"])


def _rules_of(stored: LateCharge) -> tuple[DecidedBy, ...]:
    """The rules that the name of its revision stood for, the newest first, as far as they differ:
    for what is charged first, in its day alone.
    """
    rules = rules_of(revision_of(stored), where=stored.late_charge_id)
    if stored.replaces is not None:
        return rules
    return tuple({one.companys_day: one for one in reversed(rules)}.values())[::-1]


def _ways(stored: LateCharge, rules: Sequence[DecidedBy]) -> list[tuple[DecidedBy, bool]]:
    """How a charge may have been decided.

    What takes a charge's place is made by the run before a bill, which looks at corrected bills,
    or by a correction, which looks further; its record is of the one or of the other.
    """
    if stored.replaces is None:
        return [(by, False) for by in rules]
    return [(by, look_again) for by in rules for look_again in (False, True)]


def without_charges_since(history: LateHistory, stored: LateCharge) -> LateHistory:
    """The history as it was when a charge was made: without it, and what was made with it."""
    made = {
        one.late_charge_id
        for one in history.charges
        if one.known_at >= stored.known_at or one.late_charge_id == stored.late_charge_id
    }
    gone = {f"late:{name}" for name in made}
    taken_back = {
        one.entry_id
        for one in history.movements
        if one.reverses is not None
        and one.reverses.startswith("late:")
        and one.learned_at >= stored.known_at
    }
    return replace(
        history,
        charges=tuple(one for one in history.charges if one.late_charge_id not in made),
        movements=tuple(
            one
            for one in history.movements
            if one.entry_id not in gone and one.entry_id not in taken_back
        ),
        waits=tuple(one for one in history.waits if one.learned_at < stored.known_at),
    )
