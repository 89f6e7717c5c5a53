"""Many accounts in columns come to what each comes to by itself: outcome, reasons, cents, base."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.journeys.late_town import DUE, ISSUED, NOW, PaperAccount
from tests.stores.paper_town import ANALYST, account_id

from meterledger.facts.late_charges import AgreementStanding, LateBill, LateHistory, mask_of
from meterledger.facts.late_columns import (
    GIVEN_BACK,
    KIND_LATE,
    KIND_OF_PREFIX,
    KIND_OTHER,
    KIND_SPECIAL,
    LIKE_MOVED,
    kind_of_name,
)
from meterledger.facts.receivables import Application, ItemKind, Movement, OpenItem
from meterledger.kernel.span import DaySpan
from meterledger.ledger.open_items import GIVEN_BACK as LEDGER_GIVEN_BACK
from meterledger.ledger.open_items import KIND_OF_PREFIX as LEDGER_KINDS
from meterledger.ledger.open_items import kind_of
from meterledger.stores.postgres.repository.late_columns import MOVEMENTS
from meterledger.usecases.late_charge_base import SaidElsewhere
from meterledger.usecases.late_charge_columns import decide_columns
from meterledger.usecases.late_charge_decide import consider
from meterledger.usecases.late_charge_rows import columns_of

LEARNED = NOW - timedelta(hours=1)
ON = ISSUED[3]
CENTS = st.integers(1, 30_000)
DAYS = st.integers(-10, 40)


KINDS = ["late", "fee", "refund", "transfer", "recovery", "unclaimed"]
KINDS += ["special", "special-facility", "ext-guarantee"]
MOVED = ["", ".2", ".late-charge", ".service-fee", ".special.2"]


@st.composite
def histories(draw: st.DrawFn, number: int = 1) -> LateHistory:
    """Up to three bills, payments of any day and channel, late charges, fees, deposits."""
    account = account_id(number)
    bills, moved, given_away = [], [], []
    channels: dict[str, str] = {}
    for month in range(draw(st.integers(0, 3))):
        name, issued = f"B-{month}", ISSUED[month]
        delay = draw(st.sampled_from([0, 0, 0, 0, 36]))
        end = issued - timedelta(days=delay)
        due = issued + timedelta(days=draw(st.sampled_from([21, 21, 21, 14, 27, 60])))
        days = DaySpan(end - timedelta(days=30), end)
        bills.append(LateBill(name, "AG-1", "1M-anytime", days, issued, due, LEARNED))
        if cents := draw(st.sampled_from([0, 1, 33, 10_000, 12_345])):
            moved.append(Movement(f"bill:{name}", issued, LEARNED, cents))
        if draw(st.booleans()) and draw(st.booleans()):
            kind = draw(st.sampled_from(KINDS))
            word = draw(st.sampled_from(MOVED)) if kind == "transfer" else ""
            moved.append(Movement(f"{kind}:{month}{word}", issued, LEARNED, draw(CENTS)))
    for count in range(draw(st.integers(0, 3))):
        name = f"payment:{count}"
        day = draw(st.sampled_from(DUE[:3])) + timedelta(days=draw(DAYS))
        cents = draw(st.sampled_from([1, 5_000, 10_000, 12_345, 22_345]))
        moved.append(Movement(name, day, LEARNED, -cents))
        if draw(st.booleans()):
            channels[name] = "mail"
        if draw(st.integers(0, 5)) == 0:
            back = f"reversal:{name}"
            moved.append(Movement(back, day + timedelta(days=3), LEARNED, cents, reverses=name))
        elif moved and draw(st.booleans()):
            item = draw(st.sampled_from([one.entry_id for one in moved if one.cents > 0] or ["x"]))
            spent = min(cents, draw(CENTS))
            given_away.append(_applied(account, count, name, item, ItemKind.UTILITY, spent, day))
    items = [one for one in moved if one.cents > 0 and one.reverses is None]
    if items and draw(st.booleans()):  # what of them moves to another account
        item = draw(st.sampled_from(items))
        name, cents = "transfer:1-3-20250701", min(draw(CENTS), item.cents)
        day = draw(st.sampled_from(DUE[:3])) + timedelta(days=draw(DAYS))
        moved.append(Movement(name, day, LEARNED, -cents))
        given_away.append(_applied(account, 8, name, item.entry_id, ItemKind.UTILITY, cents, day))
        if draw(st.integers(0, 3)) == 0:
            back = f"reversal:{name}"
            moved.append(Movement(back, day, LEARNED, cents, reverses=name))
    deposits = []
    if draw(st.integers(0, 3)) == 0:
        asked = draw(st.sampled_from(ISSUED[:3]))
        kind = ItemKind.DEPOSIT
        deposits.append(OpenItem("deposit:D", kind, account, asked, None, 5_000, 5_000))
        if draw(st.booleans()):
            day = DUE[0] + timedelta(days=draw(DAYS))
            given_away.append(
                _applied(account, 9, "payment:D", "deposit:D", ItemKind.DEPOSIT, 2_000, day)
            )
    return LateHistory(
        account,
        bills=tuple(bills),
        movements=tuple(moved),
        applications=tuple(given_away),
        channels=channels,
        asked_deposits=tuple(deposits),
        unknown_payment_cents=draw(st.sampled_from([0, 0, 0, 0, 500])),
    )


def _applied(
    account: str, number: int, source: str, item: str, kind: ItemKind, cents: int, day: date
) -> Application:
    return Application(f"{item}#{number}", source, item, kind, account, cents, day, LEARNED)


AGREEMENTS = st.one_of(
    st.none(),
    st.none(),
    st.builds(
        AgreementStanding,
        st.sampled_from(["deferred payment", "settlement", "cold weather"]),
        st.sampled_from([0, 3_000, 10_000, 50_000]),
        st.sampled_from([0, 0, 1, 2_000]),
        st.booleans(),
    ),
)
TOWNS = st.lists(st.integers(0, 2**30), min_size=1, max_size=6).flatmap(
    lambda seeds: st.tuples(
        *(histories(number) for number in range(1, len(seeds) + 1)),
    )
)


class TestColumns:
    @settings(max_examples=150, deadline=None)
    @given(town=TOWNS, agreements=st.lists(AGREEMENTS, min_size=6, max_size=6))
    def test_come_to_what_each_account_comes_to(
        self, first_book: Any, town: tuple[LateHistory, ...], agreements: list[Any]
    ) -> None:
        view = first_book.as_known(NOW.date())
        said = {
            one.account_id: SaidElsewhere(agreement)
            for one, agreement in zip(town, agreements, strict=False)
        }

        found = decide_columns(columns_of(town), on=ON, view=view, said=said)

        for place, history in enumerate(town):
            alone = consider(history, on=ON, known_at=NOW, view=view, said=said[history.account_id])
            if found.one_by_one[place]:
                continue
            assert found.reasons[place] == mask_of(alone.reasons), (history, alone.reasons)
            assert found.cents[place] == alone.cents, (history, alone)
            if alone.cents:
                assert found.base_cents[place] == sum(one.base_cents for one in alone.charges)

    def test_know_most_accounts_and_tell_apart_the_rare(self, first_book: Any) -> None:
        view = first_book.as_known(NOW.date())
        usual = _town_of(first_book, 10_000, paid=4_000)
        assert not decide_columns(columns_of([usual]), on=ISSUED[1], view=view).one_by_one.any()
        odd = LateHistory(usual.account_id, usual.bills, usual.movements, channels={"x": "online"})
        assert decide_columns(columns_of([odd]), on=ISSUED[1], view=view).one_by_one.all()

    @pytest.mark.parametrize(
        "name", ["special:X", "special-facility:X", "ext-guarantee:X", "transfer:X.special"]
    )
    def test_of_an_account_that_owes_a_special_charge_alone_charge_nothing(
        self, first_book: Any, name: str
    ) -> None:
        view = first_book.as_known(NOW.date())
        paid = _town_of(first_book, 10_000, paid=10_000)
        special = Movement(name, ISSUED[0] - timedelta(days=5), LEARNED, 5_000)
        history = replace(paid, movements=(special, *paid.movements))

        found = decide_columns(columns_of([history]), on=ISSUED[1], view=view)

        assert (list(found.one_by_one), list(found.cents)) == ([False], [0])

    def test_take_each_entry_for_what_the_ledger_takes_it(self) -> None:
        special = {name for name, kind in KIND_OF_PREFIX.items() if kind == KIND_SPECIAL}
        assert special == {one for one, kind in LEDGER_KINDS.items() if kind is ItemKind.SPECIAL}
        assert GIVEN_BACK == LEDGER_GIVEN_BACK
        for name in (*special, *GIVEN_BACK):
            assert f"p.entry_id LIKE '{name}:%'" in MOVEMENTS
        for name, kind in LIKE_MOVED.items():
            assert f"WHEN p.entry_id LIKE '{name}' THEN {kind}" in MOVEMENTS
        for word in MOVED:
            one = Movement(f"transfer:1-2-20250701{word}", ON, LEARNED, 1)
            usual = {ItemKind.LATE_CHARGE: KIND_LATE, ItemKind.SPECIAL: KIND_SPECIAL}
            assert kind_of_name(one.entry_id, -1) == usual.get(kind_of(one), KIND_OTHER)

    def test_of_nobody_are_empty(self, first_book: Any) -> None:
        found = decide_columns(columns_of([]), on=ON, view=first_book.as_known(NOW.date()))
        assert (len(found.cents), len(found.reasons)) == (0, 0)


def _town_of(book: Any, cents: int, *, paid: int) -> LateHistory:
    paper = PaperAccount(book)
    paper.bill(0, cents)
    paper.pay("R-1", paid, DUE[0])
    with paper.store.viewing(ANALYST, [paper.account]):
        return paper.store.late_histories([paper.account], NOW)[paper.account]
