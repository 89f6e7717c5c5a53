"""Forget received files whose time is over: their bytes are made unreadable, their record stays.

Lives here      the journey, safe to stop at any instant and to run again.
Lives elsewhere when data may go (``usage.decide_retention``), the bytes (``Vault``), the months of
                the lake (``keep_lake``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from meterledger.facts.lake_log import ForgottenFile, LakeHold, ReceivedStretch
from meterledger.kernel.decision import Decision
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms
from meterledger.usage import RetentionFacts, decide_retention
from meterledger.usecases.intake_ports import Vault


class ForgetStore(Protocol):
    """What this journey needs of the store."""

    def received_stretches(self) -> list[ReceivedStretch]:
        """Every received file, stored or refused, and which time it is about."""

    def newest_bill_over(self, days: DaySpan) -> date | None:
        """The day on which the last bill was issued whose service days touch the days."""

    def lake_holds(self) -> list[LakeHold]:
        """The holds in force."""

    def record_forgotten(self, forgotten: Sequence[ForgottenFile]) -> None:
        """Write down that received files are made unreadable, before they are."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was, or would be, forgotten; and how many more a hold keeps."""

    files: tuple[ForgottenFile, ...]
    held_count: int


def forget_received(
    *,
    store: ForgetStore,
    vault: Vault,
    view: BookView,
    on: date,
    learned_at: datetime,
    dry_run: bool = False,
) -> Forgotten:
    """Make unreadable what was received too long ago, by the same rule as the lake's months.

    A file's time begins with the last bill over the days it is about, or with the day it came. A
    hold on any of its months keeps it, whosever meter it is: a file may be of many.
    """
    doomed: list[ForgottenFile] = []
    held = 0
    holds = store.lake_holds()
    for one in store.received_stretches():
        kept = vault.kept(one.sha256)
        if kept is None:
            continue
        came = local_day_of(one.came, view.time_zone)
        if not _decide(came, on, view):  # most are too young, whatever was billed
            continue
        days = _days(one, view.time_zone)
        billed = store.newest_bill_over(days) if days else None
        relied_on = max(came, billed or came)
        decision = _decide(relied_on, on, view)
        if decision is None:
            continue
        if any(_touches(hold, days or DaySpan(came, came + timedelta(days=1))) for hold in holds):
            held += 1
            continue
        since = "its last bill" if relied_on == billed else "the day it came"
        told = "; ".join(f"{why.finding} ({why.citation.text})" for why in decision.reasons)
        reason = f"counted from {since}: {told}"
        doomed.append(ForgottenFile(one.sha256, kept.size_bytes, reason, on, learned_at))
    if doomed and not dry_run:
        store.record_forgotten(doomed)
        for file in doomed:
            vault.forget(file.sha256)
    return Forgotten(tuple(doomed), held)


def _decide(relied_on: date, on: date, view: BookView) -> Decision[Any] | None:
    """The decision that lets data go; None while it must stay."""
    if relied_on >= on:
        return None
    decision = decide_retention(RetentionFacts(relied_on, open_case=False), Terms(view, on))
    return decision if decision.outcome.may_be_deleted else None


def _days(one: ReceivedStretch, zone_name: str) -> DaySpan | None:
    if one.begin is None or one.until is None:
        return None
    first = local_day_of(datetime.fromtimestamp(one.begin, UTC), zone_name)
    last = local_day_of(datetime.fromtimestamp(max(one.begin, one.until - 1), UTC), zone_name)
    return DaySpan(first, last + timedelta(days=1))


def _touches(hold: LakeHold, days: DaySpan) -> bool:
    first, last = days.from_day.isoformat()[:7], days.last_day.isoformat()[:7]
    return hold.from_month <= last and first <= hold.last_month
