"""True up estimated bills on their own periods, when real readings have come (GRR V.E).

Lives here      the night's part of the queue: bills of which less is estimated now and nothing else
                has changed, of whose readings no check holds a day, and in which the gate of a run
                finds nothing. Everything else in the queue waits for a person.
Lives elsewhere the queue (``find_corrections``), what the gate finds (``rebill_gate``), days that
                came late (``rebill_late_days``), the corrected bill and its limits (``rebill``).

Bills of one service that are due together are one case, on whichever rate option: their limits are
counted together. With them go the bills that open on the estimate by which one of them closed: a
read that comes late moves energy from one to the other, and none is billed twice meanwhile. Safe to
run twice and to kill: each case is one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from meterledger.facts.bills import read_record
from meterledger.facts.registers import ReadBasis
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.usecases.find_corrections import (
    BillToCorrect,
    CorrectionStore,
    as_cases,
    bills_to_correct,
    leave_bill,
)
from meterledger.usecases.look_at_day import UsageStore
from meterledger.usecases.rebill import RebillRun, RebillStore, rebill
from meterledger.usecases.rebill_late_days import doubted_late_days, write_down
from meterledger.usecases.rebill_states import Now

AUTHOR = "the night"
REASON = "actual readings have come for what was estimated"
SAME = "the actual readings come to the amount that was billed"
REVIEW = "Decide the day in the review of usage (`meterledger review list`)."


class TrueUpStore(CorrectionStore, RebillStore, UsageStore, Protocol):
    """What this journey needs of the store."""


@dataclass(slots=True)
class TrueUps:
    """What a night did. ``waiting`` are bills of the queue that only a person may correct.

    ``refused`` are those that could not be trued up, with a sentence.
    """

    looked_at: int = 0
    runs: list[RebillRun] = field(default_factory=list)
    waiting: list[BillToCorrect] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    """Bills whose readings come to the amount that was billed: they stay."""
    meanwhile: list[str] = field(default_factory=list)
    """Bills that somebody corrected between the look at them and the true-up."""
    refused: list[tuple[str, str]] = field(default_factory=list)

    @property
    def held(self) -> list[BillToCorrect]:
        """Of those that wait, the true-ups of which something was found: each says what."""
        return [one for one in self.waiting if one.held_from_night]

    def add(self, other: TrueUps) -> None:
        """Count what was done of other accounts, too."""
        self.looked_at += other.looked_at
        self.runs += other.runs
        self.waiting += other.waiting
        self.same += other.same
        self.meanwhile += other.meanwhile
        self.refused += other.refused


def true_up_estimates(
    *,
    store: TrueUpStore,
    now: Now,
    accounts: Iterable[str] | None = None,
    issued: DaySpan | None = None,
    estimated_alone: bool = False,
    dry_run: bool = False,
) -> TrueUps:
    """Correct every estimated bill whose readings have come since, within the limits.

    Of ``accounts``, and of bills ``issued`` on some days; all of them unless given. With
    ``estimated_alone`` no bill is looked at, and none is named as ``waiting``, that rests on no
    estimate.
    """
    done = TrueUps()
    done.looked_at, found = bills_to_correct(
        store=store, now=now, accounts=accounts, issued=issued, estimated_alone=estimated_alone
    )
    found = _without_doubted_days(found, store, now, dry_run=dry_run)
    due = [one for one in found if one.trues_up]
    done.waiting = [one for one in found if not one.trues_up]
    done.same = [one.stored.bill_id for one in due if not one.difference_cents]
    if not dry_run:
        done.same = [name for name in done.same if _is_left(name, done, store, now)]
    due = [one for one in due if one.difference_cents]
    cases: dict[str, list[str]] = {}
    for one in due:
        cases.setdefault(one.case, []).append(one.stored.bill_id)
    for names in cases.values():
        _true_up(names, done, store, now, dry_run=dry_run)
    return done


def _is_left(name: str, done: TrueUps, store: TrueUpStore, now: Now) -> bool:
    """Leave a bill as it was issued; what is refused of one ends nobody else's night."""
    try:
        leave_bill(name, author=AUTHOR, reason=SAME, store=store, now=now)
    except Refusal as refusal:
        sentence = refusal.of_one_case().sentence
        if not _corrected_meanwhile([name], done, store):
            done.refused.append((name, sentence))
        return False
    return True


def _true_up(
    names: Sequence[str], done: TrueUps, store: TrueUpStore, now: Now, *, dry_run: bool
) -> None:
    """Correct the bills of one service, without those that somebody corrected since the look."""
    gone = _corrected_meanwhile(names, done, store)
    names = [one for one in names if one not in gone]
    if not names:
        return
    try:
        run = rebill(
            [*names, *_that_open_on_them(names, store)],
            author=AUTHOR,
            reason=REASON,
            on=now.on,
            known_at=now.known_at,
            store=store,
            lake=now.lake,
            book=now.book,
            dry_run=dry_run,
        )
    except Refusal as refusal:  # one service's matter: its neighbors' bills are trued up
        sentence = refusal.of_one_case().sentence
        gone = _corrected_meanwhile(names, done, store)
        done.refused += [(one, sentence) for one in names if one not in gone][:1]
        return
    done.meanwhile += [one for one, _ in run.known]
    if run.corrected or run.left:
        done.runs.append(run)


def _that_open_on_them(names: Sequence[str], store: TrueUpStore) -> list[str]:
    """Live bills that open where one of these, or one found, closed its register by an estimate."""
    found: list[str] = []
    for name in names:
        bill = store.bill(name)
        place, until = read_record(bill.record)["service_point"], bill.days.until_day
        live = sorted(store.bills_of_account(bill.account_id), key=lambda one: one.days.from_day)
        for one in live:
            record = read_record(one.record)
            if record["service_point"] != place or one.days.from_day != until:
                continue
            if not _opens_on_an_estimate(record["usage"]):
                break
            found.append(one.bill_id)
            until = one.days.until_day
    return [one for one in dict.fromkeys(found) if one not in names]


def _opens_on_an_estimate(usage: Mapping[str, Any]) -> bool:
    points = [each["usage"] for each in usage.get("points", ())] or [usage]
    openings = [share["opening"] for one in points for share in one.get("registers", ())]
    return any(one["basis"] == ReadBasis.ESTIMATED.value for one in openings)


def _corrected_meanwhile(names: Sequence[str], done: TrueUps, store: TrueUpStore) -> set[str]:
    """Which of the bills are cancelled by now; they are told as such."""
    gone = [one for one in names if store.bill(one).cancelled_by is not None]
    done.meanwhile += gone
    return set(gone)


def _without_doubted_days(
    found: Sequence[BillToCorrect], store: TrueUpStore, now: Now, *, dry_run: bool
) -> list[BillToCorrect]:
    """Bills whose late days were validated; one that a check holds a day of is left to a person.

    What is found goes on file, so that the day waits in the review queue, too.
    """
    looked: list[BillToCorrect] = []
    for one in found:
        if not (one.trues_up and one.difference_cents):
            looked.append(one)
            continue
        service = store.service_of_agreement(one.stored.agreement_id, now.known_at)
        try:
            doubted = doubted_late_days(one.stored, service, store, now)
            if doubted and not dry_run:
                write_down(doubted, store, now)
        except Refusal as refusal:
            looked.append(one.waits(refusal.of_one_case().sentence))
            continue
        told = " ".join(f"{day.day}: {day.sentence.rstrip('.')}." for day in doubted)
        looked.append(one.waits(f"{told} {REVIEW}") if doubted else one)
    return as_cases(looked)
