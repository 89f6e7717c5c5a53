"""By which rung of the ladder a person estimated what a bill calls estimated by a person.

The record of a bill counts the intervals of which a person decided. The rung stands in the log of
estimates, and is told from there as it was known when the bill was made: bytes of bills stay.

Lives here      which logged estimates stood in the bill's version of the lake; the reasons told.
Lives elsewhere the decision (``review_usage``), the mark and its share (``bill_estimates``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from meterledger.facts.bills import read_record
from meterledger.facts.estimates import Method
from meterledger.facts.places import BillableService
from meterledger.facts.usage_log import LoggedEstimate, UsageEdit
from meterledger.kernel.decision import Reason
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms
from meterledger.usage import method_words
from meterledger.usecases.joined_services import meters_on_bill
from meterledger.usecases.ports import StoredBill

BY_PERSON = f" estimated by {method_words(Method.BY_HAND)}"
"""How the bill's own reason of them ends."""
IN_RECORD = b'"method":"by_hand"'
"""What stands in the record of such a bill, and in no other."""
REVIEW = "review"
"""The run of estimates that a person made, as ``review_usage`` writes it."""


class HandLog(Protocol):
    """What is asked of the store."""

    def estimates_of_meter(
        self, meter_id: str, days: DaySpan | None = None
    ) -> list[LoggedEstimate]:
        """Estimates of a meter, of all days or of these."""

    def edits_of_meter(self, meter_id: str) -> list[UsageEdit]:
        """Edits of a meter's values, oldest first."""


class _Rung(NamedTuple):
    method: Method
    provision: str


class _Slot(NamedTuple):
    rung: _Rung
    seconds: int


def rungs_of(
    bill: StoredBill, *, service: BillableService, view: BookView, store: HandLog
) -> list[Reason]:
    """A reason for each rung behind a person's estimates on the bill, none where it has none.

    Where log and record count differently, only a single rung is sure and told. ``service`` and
    ``view`` are as known when the bill was made.
    """
    if IN_RECORD not in bill.record:
        return []
    (count,) = [
        one["interval_count"]
        for one in read_record(bill.record)["usage"]["estimated"]["by"]
        if one["method"] == Method.BY_HAND.word
    ]
    rungs: Counter[_Rung] = Counter()
    for meter in dict.fromkeys(one.meter_id for one in meters_on_bill(service, bill.days)):
        rungs += _standing(
            [
                one
                for one in store.estimates_of_meter(meter, bill.days)
                if one.run == REVIEW and one.sequence <= bill.lake_sequence
            ],
            [
                one
                for one in store.edits_of_meter(meter)
                if one.before_sequence < bill.lake_sequence and one.at <= bill.known_at
            ],
        )
    if sum(rungs.values()) != count:
        rungs = Counter(dict.fromkeys(rungs, count) if len(rungs) == 1 else {})
    terms = Terms(view, bill.days.last_day)
    return [
        Reason(
            f"the person took the sheet's ladder: {number} "
            f"{'interval' if number == 1 else 'intervals'} estimated by "
            f"{method_words(rung.method)}",
            terms.clause(rung.provision).citation,
        )
        for rung, number in sorted(rungs.items())
    ]


def with_rungs(record: dict[str, Any], rungs: Sequence[Reason]) -> dict[str, Any]:
    """The record for telling: the rungs stand after its own reason of a person's estimates."""
    if not rungs:
        return record
    told = [{"finding": one.finding, "citation": one.citation.as_json()} for one in rungs]
    reasons: list[dict[str, Any]] = []
    for one in record["reasons"]:
        reasons += [one, *told] if one["finding"].endswith(BY_PERSON) else [one]
    return record | {"reasons": reasons}


def _standing(by_person: Sequence[LoggedEstimate], edits: Sequence[UsageEdit]) -> Counter[_Rung]:
    """Intervals by rung, of those that a person's estimate was the last to say.

    An edit of intervals in a row takes them back; of one with others between, nobody can tell here
    which they are, and they stay counted.
    """
    own = {(one.day, one.estimate.made_at) for one in by_person}
    steps: list[tuple[int, int, LoggedEstimate | UsageEdit]] = [
        *((one.sequence, 0, one) for one in by_person),
        *((one.before_sequence, 1, one) for one in edits if (one.day, one.at) not in own),
    ]
    slots: dict[int, _Slot] = {}
    for _, _, step in sorted(steps, key=lambda one: one[:2]):
        if isinstance(step, LoggedEstimate):
            made = step.estimate
            seconds = (made.until - made.start) // step.interval_count
            slot = _Slot(_Rung(made.method, made.provision), seconds)
            slots |= dict.fromkeys(range(made.start, made.until, seconds), slot)
            continue
        for start in [one for one in slots if step.start <= one < step.until]:
            if step.interval_count * slots[start].seconds == step.until - step.start:
                del slots[start]
    return Counter(one.rung for one in slots.values())
