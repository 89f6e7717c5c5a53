"""What the gate and the held queue need of the store: cases, runs, past bills, clocks.

Lives here      the port ``HeldLog``; one suite of promises (tests/stores) tests every store.
Lives elsewhere the other ports (``ports``), the nouns (``facts/held``).

Instants are UTC and given by the caller, but for ``clock``, which asks the server for its own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.bills import HeldBill
from meterledger.facts.held import (
    HeldCase,
    HeldStep,
    PastBill,
    RunRecord,
    SeenHold,
    StoreClock,
)
from meterledger.kernel.span import DaySpan


class HeldLog(Protocol):
    """Held bills as cases with steps that are only added, and what runs came to.

    A case ends by itself, in the transaction that records a bill of its days.
    """

    def see_held(
        self, seen: Sequence[SeenHold], *, on: date, learned_at: datetime
    ) -> dict[str, str]:
        """Open a case for each window, or add to the one that is open what was seen of it.

        Seen again on the same day with the same words, nothing is added. A case of other days
        that overlap is ended by the new one. What is added stands in the log of what runs held,
        too: two runs that find the same at once log it once. Answers the case's id by agreement.
        """

    def record_held(self, held: Sequence[HeldBill], *, on: date, learned_at: datetime) -> None:
        """Keep in the log of what runs held that these were, and why, beside their cases."""

    def settle_held(self, case_id: str, step: HeldStep) -> HeldCase:
        """Add what a person decided: released, approved, excluded, waived or reopened.

        :raises NotFound: if there is no such case
        :raises Conflict: if the case has ended, or the step does not follow: an approval is of a
            release, by another person
        """

    def held_case(self, case_id: str) -> HeldCase:
        """A case by its id. :raises NotFound:"""

    def held_cases(
        self, *, account_id: str | None = None, with_ended: bool = False
    ) -> list[HeldCase]:
        """Open cases, the oldest first; of one account, or of all; with those that ended."""

    def held_case_of_bill(self, bill_id: str) -> list[HeldCase]:
        """The cases that a bill ended: what had held it, and who let it out."""

    def decided_holds(self) -> list[HeldCase]:
        """Open cases on which a person has decided something, whether it still stands or not."""

    def waived_holds(self, agreement_ids: Collection[str]) -> list[HeldCase]:
        """Cases of the agreements, ended ones too, of which somebody left the period uncharged."""

    def bills_before(
        self, account_ids: Sequence[str], days: DaySpan, shift_days: int
    ) -> dict[tuple[str, str], list[PastBill]]:
        """Live bills of the accounts about the window and about the same days a year before.

        Keys are account and service point. Asked once for a batch of windows.
        """

    def record_run(self, run: RunRecord) -> bool:
        """Keep what a run came to, or that it was let go; False if that is known already.

        :raises NotFound: if a run that was not stopped is let go
        """

    def bill_runs(self, *, on: date | None = None, limit: int = 100) -> list[RunRecord]:
        """Runs, the newest first; of one day of rendition."""

    def standing_stop(self) -> RunRecord | None:
        """The oldest run that was stopped and not let go."""

    def clock(self) -> StoreClock:
        """What time it is for the system of record, and the newest it has kept."""
