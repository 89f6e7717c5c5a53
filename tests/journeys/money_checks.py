"""Whether an account equals its model: balances on both clocks, items, sub-ledgers, records.

Lives here      what is asked after each event, and once more of all records at the end of a life.
Lives elsewhere what happens (``money_life``, ``money_life_ways``, ``money_life_out``).
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from typing import Any

from tests.journeys.money_life import OF_TWO, ONE, OTHER
from tests.journeys.money_life_out import MoneyOut
from tests.journeys.money_model_held import UNCLAIMED, WITH_US
from tests.journeys.slow_aging import slow_aging
from tests.stores.paper_town import FIRST_DAY

from meterledger.facts.settlements import SettlementKind
from meterledger.ledger import receivable_of_movements
from meterledger.usecases.deposit_money import deposit_money
from meterledger.usecases.deposit_replay import replay_deposit
from meterledger.usecases.finance_aging import aging
from meterledger.usecases.late_charge_decide import consider
from meterledger.usecases.late_charge_ports import elsewhere_of
from meterledger.usecases.late_charge_replay import replay_late_charge
from meterledger.usecases.late_charges import said_of
from meterledger.usecases.replay_settlement import replay_settlement

SUB_LEDGERS = ("142", "143", "235", "232.refunds", "242.unclaimed")


class MoneyLife(MoneyOut):
    """What happens, to the account and to the model; ``check`` says whether they are equal."""

    def check(self) -> None:
        self._balances()
        self._two_clocks()
        self._items()
        self._aging()
        self._receipts()
        self._next_late_charge()
        self._sub_ledgers()
        self._replayed(random.Random(self.model.step))

    # ------------------------------------------------------------------ the ledger

    def _balances(self) -> None:
        found = _controls(self.store.trial_balance())
        _equal(sum(found.values()), 0, "all accounts together")
        _equal(found, self._wanted(self.model.sums), "balances")
        _equal(self.store.balance_cents(OTHER), self.model.sums["B"], "the other account")
        _equal(self.store.balance_cents(OF_TWO), 0, "an account of two people")
        assert self.model.sums["237"] == 0 == found.get("237", 0)

    def _wanted(self, sums: Counter[str]) -> dict[str, int]:
        wanted = Counter({name: cents for name, cents in sums.items() if name != "B"})
        wanted["142"] += sums["B"]
        return {name: cents for name, cents in wanted.items() if cents}

    def _two_clocks(self) -> None:
        """At some evening, as known after some step; and by the days on which it was booked."""
        model, store = self.model, self.store
        draw = random.Random(model.step)
        step = draw.randint(1, len(self.moments)) if self.moments else 0
        at = FIRST_DAY + timedelta(draw.randint(0, (self.today - FIRST_DAY).days))
        if step:
            known_at = self.moments[step - 1]
            sums = model.sums_at(at, step)
            found = _controls(store.ledger_balances(at=at, known_at=known_at))
            _equal(found, self._wanted(sums), f"balances of {at}, as known after step {step}")
            mine = store.account_balances(ONE, at=at, known_at=known_at)
            wanted = {name: sums[name] for name in ("142", "143", "235") if sums[name]}
            found = {name: mine[name] for name in ("142", "143", "235") if name in mine}
            _equal(found, wanted, f"the account on {at}, as known after step {step}")
        closed = store.closed_periods()
        _equal(store.booking_opens(), model.opens, "the first open day")
        if model.opens:
            booked: Counter[str] = Counter()
            for one in model.lines:
                booked[one.account] += one.cents if one.booked < model.opens else 0
            found = _controls(store.ledger_balances(booked_until=model.opens))
            _equal(found, self._wanted(booked), "what is closed")
            total: Counter[str] = Counter()
            for each in (total_ for one in closed for total_ in one.totals):
                total[each.ledger_account] += each.debit_cents - each.credit_cents
            _equal(_controls(total), found, "what was closed stays as it was")

    # ------------------------------------------------------------------ what is open

    def _items(self) -> None:
        money = self.store.account_money([ONE])[ONE]
        found = receivable_of_movements(
            *(ONE, money.movements, money.applications),
            asked_deposits=self.store.asked_deposits(ONE, self.today),
            due_days={},
            at=self.today,
        )
        items = {one.item_id: one.open_cents for one in found.items if one.open_cents}
        standing, free = self.model.open(self.today)
        _equal(items, standing, "open items")
        _equal(found.unapplied_cents, free, "unapplied credit")
        owed = sum(c for n, c in standing.items() if n not in self.model.deposits)
        _equal(owed - free, self.model.sums["142"] + self.model.sums["143"], "items and balance")

    def _aging(self) -> None:
        """Today and on some evening: buckets come to the balance, today by each item's day."""
        draw = random.Random(self.model.step)
        past = FIRST_DAY + timedelta(draw.randint(0, (self.today - FIRST_DAY).days))
        for at in (past, self.today):
            found = aging(at, view=self.book.view, store=self.store)
            slow = slow_aging(at, view=self.book.view, store=self.store)
            _equal(found, slow, f"aging of {at}, account by account")
            assert not found.apart, found.apart
            sums = self.model.sums_at(at, self.model.step)
            mine = [one.balance_cents for one in found.accounts if one.account_id == ONE]
            _equal(sum(mine), sums["142"] + sums["143"], f"aging of {at}")
            _equal(sum(found.totals[:-1]) - found.totals[-1],
                   sums["142"] + sums["143"] + sums["B"], f"aging of {at}, all")  # fmt: skip
        wanted: Counter[int] = Counter()
        for name, cents in self.model.open(self.today)[0].items():
            if name not in self.model.deposits:
                due = self.model.due_of(name)
                past_due = (self.today - due).days if due else 0
                wanted[min(4, 1 + (past_due - 1) // 30) if past_due > 0 else 0] += cents
        rows = [one.cents for one in found.accounts if one.account_id == ONE]
        buckets = {place: sum(row[place] for row in rows) for place in range(5)}
        _equal(buckets, {place: wanted[place] for place in range(5)}, "buckets of aging")

    def _receipts(self) -> None:
        found: Counter[tuple[Any, str, str]] = Counter()
        for row in self.store.receipt_totals(FIRST_DAY, self.today + timedelta(1)):
            _equal(sum(one.cents for _, one in row.by_state), row.received.cents, "receipts")
            for state, total in row.by_state:
                found[row.day, row.channel.value, state.value] += total.cents
        wanted = self.model.receipts()
        _equal({k: c for k, c in found.items() if c}, dict(wanted), "receipts by day and state")
        waits = sum(c for (_, _, state), c in wanted.items() if state == "unapplied")
        _equal(-self.model.sums["253.unapplied"], waits, "money of no account")
        for key, paid in self.model.paid.items():
            given = self.store.applications_of(f"payment:{key}")
            net = Counter({name: 0 for name, _ in paid.parts})
            for each in given:
                net[each.item_id] += each.cents
            _equal(dict(net), {n: 0 if paid.back else c for n, c in paid.parts}, f"parts of {key}")

    def _next_late_charge(self) -> None:
        if self.model.ended or self.over:
            return
        known_at = self.known_at
        history = self.store.late_histories([ONE], known_at)[ONE]
        on, view = self.next_bill, self.book.view
        said = said_of([ONE], on, known_at, elsewhere_of(self.store)).get(ONE)
        charges = consider(history, on=on, known_at=known_at, view=view, said=said).charges
        found = sorted((f"late:{one.late_charge_id}", one.cents) for one in charges)
        _equal(found, self.model.next_late(self.next_bill, ONE), "next late charge")

    # ------------------------------------------------------------------ sub-ledgers and records

    def _sub_ledgers(self) -> None:
        store, trial = self.store, self.store.trial_balance()
        entries = {one.entry_id: one for who in (ONE, OTHER)
                   for one in store.entries_of_account(who)}.values()  # fmt: skip
        for name in SUB_LEDGERS:
            legs = [leg for one in entries for leg in one.legs if leg.ledger_account == name]
            _equal(sum(leg.cents for leg in legs), trial.get(name, 0), f"control account {name}")
        deposits = store.deposits_of_accounts([ONE]).get(ONE, ())
        held = deposit_money(ONE, deposits, store)
        _equal(sum(one.held_cents for one in held.values()), -trial.get("235", 0), "deposits held")
        refunds = store.settlements(kind=SettlementKind.REFUND)
        for name, states in (("232.refunds", WITH_US), ("242.unclaimed", UNCLAIMED)):
            open_now = sum(one.cents for one in refunds if one.last.act.value in states)
            _equal(open_now, -trial.get(name, 0), name)

    def _replayed(self, draw: random.Random) -> None:
        """One record, drawn: the same to the byte, whatever was learned since."""
        store = self.store
        every: list[list[Any]] = [
            store.settlements(),
            store.late_charges_of_account(ONE),
            list(store.deposits_of_accounts([ONE]).get(ONE, ())),
        ]
        kind = draw.randrange(3)
        some = [draw.sample(one, 1) if one and place == kind else [] for place, one in
                enumerate(every)]  # fmt: skip
        self._replay(*some)

    def check_at_the_end(self) -> None:
        """Every record of the life, decided again from what was known then."""
        deposits = self.store.deposits_of_accounts([ONE]).get(ONE, ())
        self._replay(self.store.settlements(), self.store.late_charges_of_account(ONE), deposits)

    def _replay(self, cases: Any, late: Any, deposits: Any) -> None:
        store, book = self.store, self.book
        for case in cases:
            assert replay_settlement(case, self.money()), f"{case.settlement_id} replayed"
        for one in late:
            again = replay_late_charge(one.late_charge_id, store=store, book=book)
            assert again.same_bytes, f"{one.late_charge_id} replayed: {again.reasons}"
        for each in deposits:
            replayed = replay_deposit(each.deposit_id, store=store, book=book)
            told = [(one.step.act.value, one.differences) for one in replayed.steps if not one.same]
            assert not told, f"deposit {each.deposit_id} replayed: {told}"
        self.tell("record decided again", len(cases) + len(late) + len(deposits))


def _controls(balances: Any) -> dict[str, int]:
    """Balances without those at zero; all cash accounts are one."""
    found: Counter[str] = Counter()
    for name, cents in balances.items():
        found["131" if name.startswith("131.") else name] += cents
    return {name: cents for name, cents in found.items() if cents}


def _equal(found: object, wanted: object, what: str) -> None:
    assert found == wanted, f"{what}: {found}, and the model says {wanted}"
