"""Who got no bill: agreements whose last billed day is more than one cycle ago, each with why.

Lives here      the monitor, cycle by cycle, so that a city fits.
Lives elsewhere which windows are due (``billing.window``), held cases (``held_ports``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from meterledger.billing import hold_kind, reading_cycle_count
from meterledger.facts.held import HeldCase, HeldState
from meterledger.facts.places import BillableService
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms
from meterledger.usecases.issue_bills import first_due

LONGEST = "regular_period_days_max"


class UnbilledStore(Protocol):
    """What the monitor reads."""

    def services_of_cycle(self, cycle: int, known_at: datetime) -> list[BillableService]:
        """All agreements of the accounts of a reading cycle."""

    def held_cases(
        self, *, account_id: str | None = None, with_ended: bool = False
    ) -> list[HeldCase]:
        """Open cases, the oldest first."""


@dataclass(frozen=True, slots=True)
class Unbilled:
    """An agreement without a bill. ``since`` is its last billed day (out), or its first day."""

    account_id: str
    agreement_id: str
    cycle: int
    since: date
    days: DaySpan | None
    code: str
    reason: str
    owner: str
    case_id: str

    @property
    def do(self) -> str:
        """What to do next, as a sentence with the command."""
        if self.code == "excluded":
            return (
                "When its reason is settled, reopen it with `meterledger held reopen "
                f"{self.case_id} --by NAME --reason WHY`."
            )
        if self.code == "no_run":
            return (
                f"Bill it with `meterledger bill {self.account_id} --on DAY`, or run its cycle "
                f"with `meterledger bill-cycle {self.cycle} --on DAY`: DAY is today, for a bill is "
                "due, and late, by the day that it is dated."
            )
        correct = hold_kind(self.code).correct
        look = f" Look at it with `meterledger held show {self.case_id}`." if self.case_id else ""
        return f"{correct}{look}"

    def as_json(self, on: date) -> dict[str, object]:
        """As commands answer it."""
        return {
            "account": self.account_id,
            "agreement": self.agreement_id,
            "cycle": self.cycle,
            "since": self.since.isoformat(),
            "days_without": str((on - self.since).days),
            "from": self.days.from_day.isoformat() if self.days else None,
            "to": self.days.until_day.isoformat() if self.days else None,
            "code": self.code,
            "reason": self.reason,
            "owner": self.owner,
            "do": self.do,
            "case": self.case_id,
        }


def unbilled(
    on: date,
    *,
    known_at: datetime,
    store: UnbilledStore,
    view: BookView,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Unbilled]:
    """Agreements with a window that is over and not billed, more than one cycle after the last."""
    cases: dict[str, list[HeldCase]] = {}
    for case in store.held_cases():
        cases.setdefault(case.agreement_id, []).append(case)
    cycle_days = Terms(view, on).whole(LONGEST).value
    for cycle in range(1, reading_cycle_count(on=on, view=view) + 1):
        services = store.services_of_cycle(cycle, known_at)
        yield from _of_cycle(services, on, cycle_days, cases, view)
        progress(1)


def _of_cycle(
    services: Iterable[BillableService],
    on: date,
    cycle_days: int,
    cases: dict[str, list[HeldCase]],
    view: BookView,
) -> Iterator[Unbilled]:
    late = [one for one in services if _since(one) + timedelta(days=cycle_days) < on]
    due, held = first_due(late, on, view)
    by_agreement = {one.agreement.agreement_id: one for one in late}
    for found in due:
        yield _told(found.service, found.window.days, "", "", cases)
    for refused in held:
        service = by_agreement[refused.agreement_id]
        yield _told(service, refused.days, refused.code, refused.sentence, cases)


def _since(service: BillableService) -> date:
    return service.billed_until or service.agreement.days.from_day


def _overlap(excluded: DaySpan | None, days: DaySpan | None) -> bool:
    """Whether days are excluded: an exclusion is of days, or of all where none were known."""
    return excluded is None or (days is not None and excluded.overlap(days) is not None)


def _told(
    service: BillableService,
    days: DaySpan | None,
    code: str,
    reason: str,
    cases: dict[str, list[HeldCase]],
) -> Unbilled:
    agreement = service.agreement.agreement_id
    mine = cases.get(agreement, ())
    case = next((one for one in mine if one.days == days), None) or next(
        (one for one in mine if one.state is HeldState.EXCLUDED and _overlap(one.days, days)), None
    )
    if case is not None:
        code, reason = case.seen.code, case.seen.sentence
        decided = case.decided
        if case.state is HeldState.EXCLUDED and decided is not None:
            code, reason = "excluded", f"Excluded by {decided.by}: {decided.reason}"
    elif not code:
        code, reason = "no_run", "No run has looked at this window since it was over."
    return Unbilled(
        account_id=service.account.account_id,
        agreement_id=agreement,
        cycle=service.account.cycle,
        since=_since(service),
        days=days,
        code=code,
        reason=reason,
        owner=hold_kind(case.seen.code if case else code).owner,
        case_id=case.case_id if case else "",
    )
