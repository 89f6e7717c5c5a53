"""Decide an agreement again, and work out its bills again, from what was known then.

Lives here      comparing records, byte for byte, and what is posted.
Lives elsewhere deciding (``relief``), working out (``relieve_bills``).
Read first      docs/operating/relief.md, "Records and replay".
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Protocol

from meterledger.facts.bills import read_record
from meterledger.facts.relief import BillRelief, ReliefAct, ReliefAgreement
from meterledger.rulebook.book import TariffBook
from meterledger.rulebook.pinned import as_pinned
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.relief import rulings_of, with_record
from meterledger.usecases.relief_ports import Reliefs
from meterledger.usecases.relieve_bills import relief_of_bill


class ReplayStore(Reliefs, Protocol):
    """What replaying needs of the store."""

    def issued_bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Every bill that the account was ever sent, oldest first."""


@dataclass(frozen=True, slots=True)
class ReliefReplay:
    """Each step and each bill, and whether it comes out as it was recorded."""

    agreement: ReliefAgreement
    steps: tuple[tuple[ReliefAct, bool], ...]
    bills: tuple[tuple[BillRelief, bool], ...]

    @property
    def same(self) -> bool:
        """Whether all came out as they were recorded."""
        return all(one for _, one in (*self.steps, *self.bills))

    def as_json(self) -> dict[str, Any]:
        """The shape of ``service relief replay --json``."""
        return {
            "relief": self.agreement.relief_id,
            "same": self.same,
            "steps": [{"act": act.value, "same": same} for act, same in self.steps],
            "bills": [{"bill": one.bill_id, "same": same} for one, same in self.bills],
        }


def replay_relief(relief_id: str, *, store: ReplayStore, book: TariffBook) -> ReliefReplay:
    """Decide every step again, and work out every bill of the agreement again.

    :raises NotFound: if there is no such agreement
    """
    agreement = store.relief(relief_id)
    bills = {one.bill_id: one for one in store.issued_bills_of_account(agreement.account_id)}
    taken_off = store.relief_of_bills(list(bills))
    return ReliefReplay(
        agreement,
        tuple(
            (one.act, _same_step(agreement, place, book))
            for place, one in enumerate(agreement.steps)
        ),
        tuple(
            (one, _same_bill(agreement, bills[name], one, book))
            for name, one in taken_off.items()
            if one.relief_id == relief_id
        ),
    )


def _same_step(agreement: ReliefAgreement, place: int, book: TariffBook) -> bool:
    step = agreement.steps[place]
    view = as_pinned(book, step.learned_at.date(), _pinned(step.record))
    then = replace(agreement, steps=agreement.steps[: place + 1])
    ended = step.act is ReliefAct.ENDED
    rulings = () if ended else rulings_of(then, step.on, view)
    return with_record(then, rulings, view).steps[-1].record == step.record


def _pinned(record: bytes) -> str:
    return str(json.loads(record)["pins"]["book_sha256"])


def _same_bill(
    agreement: ReliefAgreement, stored: StoredBill, told: BillRelief, book: TariffBook
) -> bool:
    then = agreement.as_known(stored.known_at)
    if then is None:
        return False
    view = as_pinned(book, stored.known_at.date(), _pinned(told.record))
    schedule = read_record(stored.record)["schedule"]
    again = relief_of_bill(
        then,
        stored.record,
        bill_id=stored.bill_id,
        service_class=view.service_class(schedule, stored.days.last_day).value,
        issued_day=stored.issued_day,
        known_at=stored.known_at,
        view=view,
    )
    posted = (again.entry.legs if again.entry else (), told.entry.legs if told.entry else ())
    return again.record == told.record and posted[0] == posted[1]
