"""Histories of accounts as columns: what a store that keeps nouns answers, and what tests decide.

Lives here      rows of histories, keys of names.
Lives elsewhere the nouns (``facts/late_columns``), reading columns from a database (``stores``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from meterledger.facts.entry_names import RELIEF
from meterledger.facts.late_charges import LateHistory
from meterledger.facts.late_columns import (
    GIVEN_BACK,
    KIND_OTHER,
    KIND_SPECIAL,
    ApplicationRows,
    BillRows,
    Column,
    DayRows,
    DepositRows,
    LateColumns,
    MovementRows,
    kind_of_name,
    rank_of,
)
from meterledger.facts.receivables import OpenItem
from meterledger.kernel.canonical import sha256_hex

MAIL = "mail"


def key_of(name: str) -> int:
    """A 64-bit key of a name; never 0."""
    return int(sha256_hex(name.encode())[:15], 16) + 1


def columns_of(histories: Sequence[LateHistory]) -> LateColumns:
    """The histories' rows, each with the place of its account."""
    schedules = sorted({bill.schedule for one in histories for bill in one.bills})
    code = {schedule: place for place, schedule in enumerate(schedules)}
    bills: list[tuple[int, ...]] = []
    moved: list[tuple[int, ...]] = []
    given: list[tuple[int, ...]] = []
    asked: list[tuple[int, OpenItem]] = []
    charged: list[tuple[int, ...]] = []
    for place, one in enumerate(histories):
        for bill in one.bills:
            bills.append(
                (
                    place,
                    key_of(f"bill:{bill.bill_id}"),
                    bill.issued_day.toordinal(),
                    bill.asked_by.toordinal(),
                    bill.days.until_day.toordinal(),
                    code[bill.schedule],
                    int(bill.cancelled_by is not None or bill.corrects is not None),
                )
            )
        for it in sorted(one.movements, key=lambda it: (it.effective_day, rank_of(it.entry_id))):
            prefix = it.entry_id.partition(":")[0]
            usual = KIND_SPECIAL if it.control == "143" else KIND_OTHER
            moved.append(
                (
                    place,
                    key_of(it.entry_id),
                    it.effective_day.toordinal(),
                    it.cents,
                    kind_of_name(it.entry_id, usual),
                    int(prefix in GIVEN_BACK),
                    key_of(it.reverses) if it.reverses else 0,
                    rank_of(it.entry_id),
                    int(one.channels.get(it.entry_id) == MAIL),
                )
            )
        for each in one.applications:
            source, item = key_of(each.source_entry_id), key_of(each.item_id)
            given.append((place, source, item, each.cents, each.applied_day.toordinal()))
        asked += [(place, deposit) for deposit in one.asked_deposits]
        charged += [(place, charge.delinquent_day.toordinal()) for charge in one.charges]
    return LateColumns(
        accounts=tuple(one.account_id for one in histories),
        schedules=tuple(schedules),
        bills=BillRows(*_columns(bills, 7)),
        movements=MovementRows(*_columns(moved, 9)),
        applications=ApplicationRows(*_columns(given, 5)),
        deposits=deposit_rows(asked, key_of),
        charged=DayRows(*_columns(charged, 2)),
        unknown_payment_cents=np.array([one.unknown_payment_cents for one in histories], np.int64),
        one_by_one=np.array([_is_rare(one) for one in histories], bool),
    )


def deposit_rows(asked: Iterable[tuple[int, OpenItem]], key: Callable[[str], int]) -> DepositRows:
    """Deposits asked for, each with the place of its account."""
    rows = [
        (place, key(one.item_id), one.charged_day.toordinal(), one.open_cents)
        for place, one in asked
    ]
    return DepositRows(*_columns(rows, 4))


def _columns(rows: Sequence[tuple[int, ...]], width: int) -> Iterable[Column]:
    table: Any = np.array(rows, np.int64).reshape(-1, width)
    return [np.ascontiguousarray(table[:, place]) for place in range(width)]


def _is_rare(history: LateHistory) -> bool:
    """Whether something is there that columns do not know."""
    channels = set(history.channels.values()) - {MAIL}
    relief = any(one.entry_id.startswith(f"{RELIEF}:") for one in history.movements)
    back = not all(one.is_delivered for one in history.bills)
    return bool(history.government or history.waits or channels or relief or back)
