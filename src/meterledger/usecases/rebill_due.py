"""True up estimated bills on their own periods, when real readings have come (GRR V.E).

Lives here      the night's part of the queue: bills of which less is estimated now and nothing else
                has changed. Everything else in the queue waits for a person.
Lives elsewhere the queue (``find_corrections``), the corrected bill and its limits (``rebill``).

Bills of one agreement that are due together are one case: their limits are counted together. Safe
to run twice and to kill: each case is one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Protocol

from meterledger.kernel.refusal import Refusal
from meterledger.usecases.find_corrections import (
    BillToCorrect,
    CorrectionStore,
    bills_to_correct,
    leave_bill,
)
from meterledger.usecases.ports import NotFound
from meterledger.usecases.rebill import RebillRun, RebillStore, rebill
from meterledger.usecases.rebill_states import Now

AUTHOR = "the night"
REASON = "actual readings have come for what was estimated"
SAME = "the actual readings come to the amount that was billed"


class TrueUpStore(CorrectionStore, RebillStore, Protocol):
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
    refused: list[tuple[str, str]] = field(default_factory=list)


def true_up_estimates(
    *,
    store: TrueUpStore,
    now: Now,
    accounts: Iterable[str] | None = None,
    dry_run: bool = False,
) -> TrueUps:
    """Correct every estimated bill whose readings have come since, within the limits."""
    done = TrueUps()
    done.looked_at, found = bills_to_correct(store=store, now=now, accounts=accounts)
    due = [one for one in found if one.trues_up]
    done.waiting = [one for one in found if not one.trues_up]
    done.same = [one.stored.bill_id for one in due if not one.difference_cents]
    if not dry_run:
        for name in done.same:
            leave_bill(name, author=AUTHOR, reason=SAME, store=store, now=now)
    due = [one for one in due if one.difference_cents]
    for _, case in groupby(due, key=lambda one: one.stored.agreement_id):
        names = [one.stored.bill_id for one in case]
        try:
            done.runs.append(
                rebill(
                    names,
                    author=AUTHOR,
                    reason=REASON,
                    on=now.on,
                    known_at=now.known_at,
                    store=store,
                    lake=now.lake,
                    book=now.book,
                    dry_run=dry_run,
                )
            )
        except NotFound:
            raise
        except Refusal as refusal:  # one agreement's matter: its neighbors' bills are trued up
            done.refused.append((names[0], refusal.of_one_case().sentence))
    return done
