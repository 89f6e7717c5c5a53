"""Facts of agreements that were entered wrong and are put right, in dictionaries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from meterledger.facts.corrections import LeftDifference, PutRight, Rebill, WrongFact
from meterledger.facts.places import Account, Agreement
from meterledger.stores.believed import learned_after
from meterledger.stores.correction_words import refuse_learned_since
from meterledger.stores.memory.places import MemoryPlaces, Undo, keep_dated
from meterledger.stores.put_right_words import (
    as_put_right,
    began_with_it,
    refuse_billed,
    refuse_other_cycle,
)


@contextmanager
def undone_if_refused(undo: Undo) -> Iterator[None]:
    """All of what is done inside or nothing: a refusal takes back what ``undo`` has, last first."""
    try:
        yield
    except BaseException:
        for step in reversed(undo):
            step()
        raise


class MemoryPutRight(MemoryPlaces):
    """The part of the store that believes other facts of an agreement, and says who said so."""

    def __init__(self) -> None:
        """Nothing was entered wrong."""
        super().__init__()
        self._put_rights: list[PutRight] = []

    def put_right(self, right: PutRight, left: Sequence[LeftDifference] = ()) -> None:
        """Believe the fact as it is put right, and leave bills as they are; both or neither."""
        with self._lock:
            as_put_right(self._agreement(self._agreements.known(), right.agreement_id), right)
            refuse_billed(right, self._billed_from(right.agreement_id))
            undo: Undo = []
            with undone_if_refused(undo):
                moment = self._believe_right(right, undo)
                for one in left:
                    self.leave_difference(one)
            self._note("agreement put right", right.account_id, moment)

    def put_rights(self, account_id: str) -> list[PutRight]:
        """What was put right of the account's agreements, oldest first."""
        self._look()
        mine = [one for one in self._put_rights if one.account_id == account_id]
        return sorted(mine, key=lambda one: (one.learned_at, one.agreement_id))

    def _believe_right(self, right: PutRight, undo: Undo, bill: Rebill | None = None) -> datetime:
        """Believe it, with a bill made again or alone; ``undo`` gets what takes it back.

        :raises Conflict: with nothing changed but what ``undo`` takes back
        """
        old = self._agreement(self._agreements.known(), right.agreement_id)
        new = as_put_right(old, right)
        newest = self._newest_bill_known_at(old.agreement_id, old.account_id)
        if right.fact is WrongFact.CYCLE:
            refuse_other_cycle(str(self._account_known(old.account_id).cycle), right)
            before = [
                one.learned_at for one in self._put_rights if one.account_id == old.account_id
            ]
            moment = learned_after(right.learned_at, newest, *before)
        else:
            moment = self._believe_moved(right, old, new, newest, bill, undo)
        kept = replace(right, learned_at=moment)
        self._put_rights.append(kept)
        undo.append(lambda: self._put_rights.remove(kept))
        return moment

    def _believe_moved(
        self,
        right: PutRight,
        old: Agreement,
        new: Agreement,
        newest: datetime | None,
        bill: Rebill | None,
        undo: Undo,
    ) -> datetime:
        premise = self._points[old.service_point_id].premise_id
        tables: list[tuple[Any, str]] = [
            (self._holders, old.account_id),
            (self._tax_places, premise),
            (self._sales_places, premise),
            (self._installations, old.service_point_id),
        ]
        moved = [
            (table, *pair)
            for table, key in tables
            if right.fact is WrongFact.FIRST_DAY
            for pair in began_with_it(table.of(key), right)
        ]
        moved.insert(0, (self._agreements, old, new))
        known = [before.learned_at for _, before, _ in moved]
        moment = learned_after(right.learned_at, newest, *known)
        if bill is not None:
            refuse_learned_since(bill, moment)
        for table, before, after in moved:
            undo.append(table.end(before, moment))
            keep_dated(table, replace(after, learned_at=moment), undo)
        return moment

    def _account_known(self, account_id: str, known_at: datetime | None = None) -> Account:
        """The account with its cycle as known then, or now."""
        account = self._accounts[account_id]
        cycles = self._cycles_put_right(account_id, known_at)
        return replace(account, cycle=int(cycles[-1].is_now)) if cycles else account

    def _earlier_cycles(self, account_id: str, known_at: datetime) -> tuple[int, ...]:
        """The account's cycles before they were put right, as known then, the oldest first."""
        return tuple(int(one.was) for one in self._cycles_put_right(account_id, known_at))

    def _cycles_put_right(self, account_id: str, known_at: datetime | None) -> list[PutRight]:
        found = [
            one
            for one in self._put_rights
            if (one.account_id, one.fact) == (account_id, WrongFact.CYCLE)
            and (known_at is None or one.learned_at <= known_at)
        ]
        return sorted(found, key=lambda one: one.learned_at)

    # Answered by the rest of the store.

    def _billed_from(self, agreement_id: str) -> date | None:
        raise NotImplementedError

    def leave_difference(self, left: LeftDifference) -> bool:
        """Keep that a bill stays as it was issued."""
        raise NotImplementedError
