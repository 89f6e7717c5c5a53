"""Money that comes without an account or as an agency's promise, and months that are closed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests.journeys.money_life import HOWS, ONE, MoneyIn
from tests.journeys.money_model import Paid, Promise
from tests.stores.paper_town import FIRST_DAY

from meterledger.facts.payments import Channel
from meterledger.usecases.close_period import close_period
from meterledger.usecases.deposit_asked import deposits_asked_on
from meterledger.usecases.pledges import (
    PledgeDesk,
    promise_pledge,
    receive_pledge,
    withdraw_pledge,
)
from meterledger.usecases.post_payments import Act, post_unapplied
from meterledger.usecases.settle_payment import (
    ask_to_send_back,
    assign_unapplied,
    reverse_payment,
    send_back,
)
from meterledger.usecases.take_payment import receipt_of

PLEDGE_DAYS = 30


class MoneyWays(MoneyIn):
    """More ways in, to the account and to the model."""

    # ------------------------------------------------------------------ money of no account

    def stray(self, cents: int, how: int, ago: int) -> None:
        self.keys += 1
        key, told = f"K-{self.keys:04}", HOWS[how % len(HOWS)]
        received = max(FIRST_DAY, self.today - timedelta(ago))
        receipt = receipt_of(account_id="unreadable", cents=cents, payment_key=key,
                             received_day=received, learned_at=self.now, view=self.book.view,
                             how=told)  # fmt: skip
        act = Act(receipt.learned_at, self.today, reason="nobody knows whose it is")
        self.store.post_receipts([post_unapplied(receipt, act)])
        self.model.stray(key, Paid(cents, received, receipt.is_mailed, told.channel.value))
        self.tell("money of no account")

    def place(self, which: int, what: str) -> None:
        """It is found to be the account's, goes back to its sender, or was none of it."""
        waiting = sorted(self.model.astray)
        if not waiting:
            return
        key, till = waiting[which % len(waiting)], self.till()
        if what == "assigned":
            assign_unapplied(key, ONE, by="Ana", reason="she called", desk=till)
            self.model.pay(key, self.model.astray.pop(key), self.today)
        elif what == "sent back":
            ask_to_send_back(key, by="Ana", reason="nobody", desk=till)
            self.agree(False, lambda: send_back(key, by="ANA ", reason="so it is", desk=till),
                       "money of no account: sent back alone")  # fmt: skip
            send_back(key, by="Ben", reason="so it is", desk=till)
            self._rest_sent_back(key, self.model.astray[key].cents)
            self.model.send_back(key, self.today)
        else:
            for _ in range(2):
                reverse_payment(key, on=self.today, by="bank", reason="R03", desk=till)
            self.back_of_pledge(key, self.model.astray[key].cents)
            self.model.send_back(key, self.today)
        again = "money of no account: placed twice"
        self.agree(
            False, lambda: assign_unapplied(key, ONE, by="Ana", reason="x", desk=till), again
        )
        self.tell(f"money of no account: {what}")

    # ------------------------------------------------------------------ pledges

    def _rest_sent_back(self, key: str, cents: int) -> None:
        """What a pledge's debt did not need did come, unless the rest of that money bounced."""
        whole = key.removesuffix(":rest")
        if whole in self.bounced_pledges:
            self.model.promises[self.of_pledges[key]].came -= cents
        elif key in self.of_pledges:
            self.rests_sent_back[whole] = cents

    @property
    def agency_desk(self) -> PledgeDesk:
        asked = deposits_asked_on(self.today, self.store)
        return PledgeDesk(self.store, self.book.view, self.now, asked)

    def _owed(self) -> dict[str, int]:
        standing, _ = self.model.open(self.today)
        return {n: c for n, c in standing.items() if n not in self.model.deposits}

    def promise(self, which: int, percent: int, days: int) -> None:
        self.keys += 1
        owed, name = self._owed(), f"P-{self.keys:04}"
        items = sorted(owed)
        items = items if which == 0 or not items else [items[which % len(items)]]
        together = sum(owed[one] for one in items)
        cents = max(1, together * percent // 100)
        last = self.today + timedelta(days)
        how: dict[str, Any] = {
            "account_id": ONE,
            "agency": "Heartland",
            "for_items": items,
            "by": "Ana",
        }
        if self.agree(0 < cents <= together, lambda: promise_pledge(
            name, cents=cents, expires_day=last, desk=self.agency_desk, **how
        ), "pledge"):  # fmt: skip
            self.model.promises[name] = Promise(cents, items, last)

    def promised(self, which: int, percent: int) -> None:
        """Money of a pledge comes: pending, late, withdrawn, too much. It pays what it is for."""
        if not self.model.promises:
            return
        names = sorted(self.model.promises)
        name = names[-1 - which % len(names)]
        one, owed = self.model.promises[name], self._owed()
        self.keys += 1
        key, cents = f"K-{self.keys:04}", max(1, one.cents * percent // 100)
        for _ in range(2):
            receive_pledge(name, cents=cents, payment_key=key, on=self.today, by="Ana",
                           desk=self.agency_desk)  # fmt: skip
        needed = min(cents, sum(owed.get(item, 0) for item in one.items))
        agency = Channel.AGENCY.value
        self.of_pledges |= dict.fromkeys((key, f"{key}:rest"), name)
        if needed:
            self.model.pay(key, Paid(needed, self.today, False, agency), self.today, one.items)
        if cents > needed:
            rest = f"{key}:rest" if needed else key
            self.model.stray(rest, Paid(cents - needed, self.today, False, agency))
            self.tell("pledge: more came than is needed")
        was = "pending" if one.pending(self.today) else "ended"
        one.came += cents
        self.tell(f"pledge: received, {was}")

    def withdraw(self, which: int) -> None:
        if self.model.promises:
            names = sorted(self.model.promises)
            name = names[-1 - which % len(names)]
            one = self.model.promises[name]
            if self.agree(one.pending(self.today), lambda: withdraw_pledge(
                name, by="Ana", reason="a mistake", desk=self.agency_desk
            ), "pledge: withdraw"):  # fmt: skip
                one.withdrawn = True

    # ------------------------------------------------------------------ months that are closed

    def close(self, skip: int) -> None:
        """The next month is closed, if it is over; no later one is."""
        opens = self.model.opens
        month = opens or FIRST_DAY
        for _ in range(skip):
            month = _after(month)
        may = _after(month) <= self.today and (opens is None or month == opens)
        how: dict[str, Any] = {"by": "Cleo", "today": self.today}
        if self.agree(may, lambda: close_period(
            month, learned_at=self.now, store=self.store, **how
        ), "month closed"):  # fmt: skip
            assert not close_period(month, learned_at=self.now, store=self.store, **how)[1]
            self.model.opens = _after(month)


def _after(month: date) -> date:
    return (month + timedelta(31)).replace(day=1)
