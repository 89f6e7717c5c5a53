"""What becomes of deposits, credits and debts of an account, and whether it equals its model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.journeys.deposit_town import APPLICANT
from tests.journeys.money_life import ONE, OTHER, MoneyIn
from tests.journeys.money_model import Held, Late

from meterledger.arrears.deposit_facts import DepositFactsContradict
from meterledger.facts.deposits import DepositKind
from meterledger.facts.payments import ReceiptState
from meterledger.facts.settlements import SettlementKind
from meterledger.ledger import receivable_of_movements
from meterledger.usecases.deposit_ask import DepositRefused, ask_deposit
from meterledger.usecases.deposit_hand_out import hand_out_remainders
from meterledger.usecases.deposit_money import deposit_money
from meterledger.usecases.late_charge_decide import consider
from meterledger.usecases.late_charges import reverse_late_charge
from meterledger.usecases.refund_credit import (
    ask_refund,
    clear_refund,
    give_credit,
    return_refund,
    send_refund,
    settle_final_credit,
    stop_refund,
)
from meterledger.usecases.settlements import (
    approve_settlement,
    refuse_settlement,
    reverse_settlement,
)
from meterledger.usecases.transfer_balance import transfer_balance
from meterledger.usecases.unclaimed import claim, set_stale_apart
from meterledger.usecases.write_off import record_recoveries, write_off

ASKED = {**APPLICANT, "estimated_annual_bill_usd": "1200.00"}
CONTROLS = ("142", "143", "144", "232.refunds", "235", "242.unclaimed")


class MoneyLife(MoneyIn):
    """What happens, to the account and to the model; ``check`` says whether they are equal."""

    # ------------------------------------------------------------------ deposits

    def ask_for_deposit(self) -> None:
        model = self.model
        waits = any(not one.closed and model.unpaid(one) > 0 for one in model.deposits.values())
        today = any(one.on == self.today for one in model.deposits.values())
        if model.ended or today or self.today.month in (11, 12, 1, 2, 3) or waits:
            return
        try:
            asked = ask_deposit(ONE, DepositKind.INITIAL, on=self.today, told=ASKED, cents=None,
                                reason="a low score", desk=self.desk()).deposit  # fmt: skip
        except (DepositRefused, DepositFactsContradict):
            return  # where bills come to nothing, so does a deposit
        name = f"deposit:{asked.deposit_id}"
        model.deposits[name] = Held(name, asked.asked_cents, self.today)

    def held(self) -> list[int]:
        return [self.model.held(one) for one in self.model.deposits.values() if not one.closed]

    def hand_out(self) -> None:
        due = self.model.remainders()
        waits = any(one.state == "asked" and one.source == "235" and one.kind == "refund"
                    for one in self.model.cases.values())  # fmt: skip
        made = hand_out_remainders(on=self.today, desk=self.desk(), refunds=self.money())
        name = f"{ONE}-{self.today:%Y%m%d}-{due}.deposit"
        if due and not waits and f"refund:{name}" not in self.model.cases:
            if self.model.may_ask_refund(due, "235"):
                assert made.asked == [f"refund:{name}"], made
                self._case("refund", name, due, "235")
            else:
                assert made.refused, made

    # ------------------------------------------------------------------ settlements

    def refund(self, cents: int, all_of_it: bool) -> None:
        credit = self.model.credit("142")
        cents = credit if all_of_it and credit > 0 else cents
        key = f"{ONE}-{self.today:%Y%m%d}-{cents}"
        known = f"refund:{key}" in self.model.cases
        may = known or self.model.may_ask_refund(cents, "142")
        if self.agree(may, lambda: ask_refund(ONE, cents, by="Ana", reason="asked for",
                                              desk=self.money())) and not known:  # fmt: skip
            self._case("refund", key, cents, "142")

    def goodwill(self, cents: int) -> None:
        self.keys += 1
        name = f"{ONE}-{self.today:%Y%m%d}-{cents}.{self.keys}"
        if self.agree(cents <= 250_00, lambda: give_credit(
            ONE, cents, by="Ana", reason="sorry", desk=self.money(), key=str(self.keys)
        )):  # fmt: skip
            self._case("credit", name, cents, "142")

    def decide(self, which: int, yes: bool) -> None:
        waits = [one for one in self.model.cases.values() if one.state == "asked"]
        if not waits:
            return
        one = waits[which % len(waits)]
        if not yes:
            refuse_settlement(one.name, by="Ben", reason="no", desk=self.money())
            one.state = "refused"
            return
        self.agree(False, lambda: approve_settlement(one.name, by="Ana", reason="yes",
                                                     desk=self.money()))  # fmt: skip
        if self.agree(self.model.may_approve(one), lambda: approve_settlement(
            one.name, by="Ben", reason="yes", desk=self.money()
        )):  # fmt: skip
            self.model.settle(one, self.today)

    def go_on(self, which: int, state: str) -> None:
        """A refund is sent, cleared, stopped, returned, claimed, undone."""
        refunds = [one for one in self.model.cases.values() if one.kind == "refund"]
        if not refunds:
            return
        one = refunds[-1 - which % len(refunds)]
        self.keys += 1
        how: dict[str, Any] = {"by": "Cleo", "desk": self.money()}
        acts: dict[str, Callable[[], Any]] = {
            "sent": lambda: send_refund(one.name, reference=f"C-{self.keys}", **how),
            "cleared": lambda: clear_refund(one.name, reference="line 1", **how),
            "stopped": lambda: stop_refund(one.name, reason="lost", **how),
            "returned": lambda: return_refund(one.name, reason="nobody", **how),
            "claimed": lambda: claim(one.name, reason="she called", **how),
            "reversed": lambda: reverse_settlement(one.name, reason="wrong", **how),
        }
        self.agree(self.model.step(one, state, self.today), acts[state])

    def undo(self, which: int) -> None:
        kinds = ("credit", "transfer", "write-off")
        done = [one for one in self.model.cases.values()
                if one.kind in kinds and one.state == "approved"]  # fmt: skip
        if done:
            one = done[which % len(done)]
            reverse_settlement(one.name, by="Ben", reason="wrong", desk=self.money())
            self.model.settle(one, self.today, -1)

    def stale(self) -> None:
        moved = {one.settlement_id for one in set_stale_apart(by="a run", desk=self.money())}
        stale = self.model.stale(self.today)
        assert moved == {one.name for one in stale}
        for one in stale:
            if one.state == "sent":
                self.model.step(one, "stopped", self.today)
            self.model.step(one, "unclaimed", self.today)

    def transfer(self) -> None:
        key, owed = f"{ONE}-{OTHER}-{self.today:%Y%m%d}", self.model.sums["142"]
        if f"transfer:{key}" in self.model.cases:
            return
        may = self.model.ended is not None and owed > 0
        if self.agree(may, lambda: transfer_balance(ONE, OTHER, by="Ana", reason="moved",
                                                    desk=self.money())):  # fmt: skip
            self._case("transfer", key, owed, "142", posted=True)

    def final_credit(self) -> None:
        model, key = self.model, f"{ONE}-{self.today:%Y%m%d}-final"
        waits = any(one.kind == "refund" and one.state == "asked" for one in model.cases.values())
        if f"transfer:{key}" in model.cases:
            return
        settle_final_credit(ONE, by="Ana", desk=self.money())
        credit = model.credit("142")
        if model.ended and credit > 0 and not waits:
            self._case("transfer", key, -credit, "142", posted=True)

    def write_off(self) -> None:
        key, owed = f"{ONE}-{self.today:%Y%m%d}", self.model.sums["142"]
        if f"write-off:{key}" in self.model.cases:
            return
        if self.agree(self.model.may_write_off(self.today), lambda: write_off(
            ONE, by="Ana", reason="nobody pays", desk=self.money()
        )):  # fmt: skip
            self._case("write-off", key, owed, "142", posted=owed <= 100_00)

    def recover(self) -> None:
        model, done = self.model, record_recoveries(by="a run", desk=self.money())
        for one in done:  # which payments came after is the journey's; how much is the model's
            key, left = one.case.about, model.written_off()
            assert f"recovery:{key}" not in model.cases
            assert one.case.cents == min(model.paid[key].cents, left)
            self._case("recovery", key, one.case.cents, "142", posted=True, about=key)

    def forgive(self, which: int) -> None:
        late: list[Late] = [one for one in self.model.lates if one.stands]
        if not late:
            return
        one = late[which % len(late)]
        how: dict[str, Any] = {
            "reason": "once",
            "on": self.today,
            "learned_at": self.now,
            "store": self.store,
        }
        name = one.name.removeprefix("late:")
        self.agree(False, lambda: reverse_late_charge(name, by="Ana", approved_by="ana ", **how))
        reverse_late_charge(name, by="Ana", approved_by="Ben", **how)
        one.stands = False
        self.model.undo(one.name, self.today)

    # ------------------------------------------------------------------ equal after every step

    def check(self) -> None:
        self._balances()
        self._items()
        self._next_late_charge()
        self._whole()

    def _balances(self) -> None:
        found = Counter(dict.fromkeys(CONTROLS, 0))
        found.update({n: c for n, c in self.store.trial_balance().items() if n in CONTROLS})
        wanted = {name: self.model.sums[name] for name in CONTROLS}
        wanted["142"] += self.model.sums["B"]
        _equal(dict(found), wanted, "balances")
        _equal(self.store.balance_cents(OTHER), self.model.sums["B"], "the other account")

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

    def _next_late_charge(self) -> None:
        if self.model.ended or self.over:
            return
        known_at = self.now
        history = self.store.late_histories([ONE], known_at)[ONE]
        on, view = self.next_bill, self.book.view
        charges = consider(history, on=on, known_at=known_at, view=view).charges
        found = sorted((f"late:{one.late_charge_id}", one.cents) for one in charges)
        _equal(found, self.model.next_late(self.next_bill, ONE), "next late charge")

    def _whole(self) -> None:
        """What ``verify`` asks of a store, as far as this account can break it."""
        store, model = self.store, self.model
        trial = store.trial_balance()
        _equal(sum(trial.values()), 0, "all accounts together")
        entries = {one.entry_id: one for who in (ONE, OTHER)
                   for one in store.entries_of_account(who)}.values()  # fmt: skip
        for name in ("142", "143", "235", "232.refunds", "242.unclaimed"):
            legs = [leg for one in entries for leg in one.legs if leg.ledger_account == name]
            _equal(sum(leg.cents for leg in legs), trial.get(name, 0), f"control account {name}")
        deposits = store.deposits_of_accounts([ONE]).get(ONE, ())
        held = deposit_money(ONE, deposits, store).values()
        _equal(sum(one.held_cents for one in held), -trial.get("235", 0), "deposits held")
        refunds = store.settlements(kind=SettlementKind.REFUND)
        open_now = sum(one.cents for one in refunds if one.is_open_refund)
        _equal(open_now, -trial.get("232.refunds", 0), "refunds payable")
        by_state: Counter[str] = Counter()
        for one in store.receipts(account_id=ONE, limit=10_000):
            by_state[one.state.value] += one.receipt.cents
            if one.state is ReceiptState.POSTED:
                given = store.applications_of(f"payment:{one.receipt.payment_key}")
                assert 0 <= sum(each.cents for each in given) <= one.receipt.cents
        kept = sum(one.cents for one in model.paid.values() if not one.back)
        _equal(by_state["posted"], kept, "receipts posted")


def _equal(found: object, wanted: object, what: str) -> None:
    assert found == wanted, f"{what}: {found}, and the model says {wanted}"
