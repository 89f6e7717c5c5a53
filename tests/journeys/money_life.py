"""One account's life through the real journeys on the memory store, beside its tiny model.

Bills are recorded with their entries, as other tests do it: a year of real usage would take most of
the time and say nothing of money. All else goes through the journeys that the commands call. Days
pass, and an instant of each day is the time at which things are learned, so that both clocks run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from tests.journeys.deposit_town import APPLICANT
from tests.journeys.money_model import DAY, Billed, Paid
from tests.journeys.money_model_held import Account, Case
from tests.stores.paper_town import ANALYST, FIRST_DAY, account_id, bill_of, month_of, start_of

from meterledger.facts.bills import Bill, BillKind
from meterledger.facts.corrections import Correction, CorrectionCause, Rebill
from meterledger.facts.money import Tender
from meterledger.facts.payments import Channel, ReceiptState
from meterledger.kernel.ids import next_version
from meterledger.kernel.refusal import Refusal
from meterledger.ledger import SpecialKind, reverse_entry
from meterledger.rulebook.book import BookView
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.approve_settlement import approve_settlement
from meterledger.usecases.deposit_ask import Desk
from meterledger.usecases.deposit_asked import deposits_asked_on
from meterledger.usecases.deposit_run import run_deposits
from meterledger.usecases.late_charges import charge_late, correct_late_charges
from meterledger.usecases.returned_payment import settle_returned_payment
from meterledger.usecases.settle_payment import (
    PaymentDesk,
    confirm_payment,
    reverse_payment,
    tell_outcome,
)
from meterledger.usecases.settlements import (
    MoneyDesk,
)
from meterledger.usecases.special_charges import ask_special_charge
from meterledger.usecases.take_payment import How, receipt_of, take_payment, tell_receipt

ONE, OTHER, OF_TWO = account_id(1), account_id(3), account_id(2)
LAST_MONTH = 23
FEE = 25_00
ASKED = {**APPLICANT, "estimated_annual_bill_usd": "1200.00"}
CONTROLS = ("142", "143", "144", "232.refunds", "235", "242.unclaimed")
HOWS = (
    How(Tender.CASH),
    How(Tender.CHECK, Channel.LOCKBOX),
    How(Tender.CHECK, is_mailed=True),
    How(Tender.ACH, Channel.ACH),
    How(Tender.CARD, Channel.CARD),
    How(Tender.PLEDGE, Channel.AGENCY),
)


class OnceKnown:
    """A book that was known before the life begins."""

    def __init__(self, view: BookView) -> None:
        self.view = view

    def as_known(self, day: date) -> BookView:
        return self.view


class MoneyIn:
    """An account and its model: months, bills, payments."""

    def __init__(self, view: BookView, store: Any = None) -> None:
        self.book: Any = OnceKnown(view)
        self.store: Any = MemoryStore() if store is None else store
        self.model = Account()
        self.seen: Counter[str] = Counter()
        self.of_pledges: dict[str, str] = {}
        self.rests_sent_back: dict[str, int] = {}
        self.bounced_pledges: set[str] = set()
        self.moments: list[datetime] = []
        self.today, self.ticks, self.month, self.keys = FIRST_DAY, 0, 0, 0
        self.door = self.store.viewing(ANALYST, ["all"])
        self.door.__enter__()  # open as long as the life
        third = start_of(3)
        mine = replace(third.holders[0], person_id="person-1")
        self.store.start_services([start_of(1)])
        self.store.start_service(replace(third, persons=(), holders=(mine,)))
        second = start_of(2)  # of two people: not the same customer, and nothing comes to it
        both = (*second.holders, replace(second.holders[0], person_id="person-1"))
        self.store.start_service(replace(second, holders=both))

    # ------------------------------------------------------------------ time and desks

    @property
    def next_bill(self) -> date:
        return month_of(min(self.month, LAST_MONTH)).until_day

    @property
    def over(self) -> bool:
        return self.month >= LAST_MONTH

    def wait(self, days: int) -> None:
        self.begin(max(self.today, min(self.today + timedelta(days), self.next_bill - DAY)))

    def begin(self, day: date) -> None:
        self.ticks = 0 if day > self.today else self.ticks
        self.today = day

    @property
    def now(self) -> datetime:
        self.ticks += 1
        return self.known_at

    @property
    def known_at(self) -> datetime:
        """The instant of what was done last; nothing is learned between it and the next."""
        return datetime.combine(self.today, time(18), UTC) + timedelta(seconds=self.ticks)

    def happens(self, name: str, how: Sequence[Any]) -> None:
        """One event, as one step of what is known."""
        self.model.step += 1
        getattr(self, name)(*how)
        self.moments.append(self.known_at)

    def tell(self, what: str, times: int = 1) -> None:
        """Count what happened: a test fails where something stays rare."""
        self.seen[what] += times

    def desk(self) -> Desk:
        return Desk(self.store, self.book.view, "Ana", self.now)

    def money(self) -> MoneyDesk:
        return MoneyDesk(self.store, self.book, self.today, self.now)

    def till(self) -> PaymentDesk:
        asked = deposits_asked_on(self.today, self.store)
        return PaymentDesk(self.store, self.book.view, self.now, asked)

    def agree(self, may: bool, act: Callable[[], Any], what: str) -> bool:
        """Do it; it is refused where the model says so, and only there."""
        refused = ""
        try:
            act()
        except Refusal as refusal:
            refused = refusal.sentence
        if refused:
            assert not may, f"refused, and the model allows it: {refused}"
            self.tell(f"{what}: refused")
            return False
        assert may, "done, and the model does not allow it"
        self.tell(what)
        return True

    # ------------------------------------------------------------------ months

    def next_month(self, cents: int, ends: bool = False) -> None:
        self.begin(self.next_bill)
        if self.model.ended is None:
            before, waited = len(self.model.lates), len(self.model.waiting)
            for _ in range(2):
                charge_late([ONE], on=self.today, known_at=self.now, store=self.store,
                            book=self.book)  # fmt: skip
            self.model.run_late(self.today, ONE)
            self.tell("late charge", sum(one.stands for one in self.model.lates[before:]))
            self.tell("late charge: waits", len(self.model.waiting) - waited)
            self._bill(cents)
            if ends:
                self.store.stop_service("AG-1-20250101", self.today, self.now)
                self.model.ended = self.today
                self.tell("service ends")
        self.month += 1
        self.night()

    def _bill(self, cents: int) -> None:
        bill, entry = bill_of(1, self.month, cents=cents, known_at=self.now)
        assert self.store.record_bills([(bill, entry)])
        self._billed(bill, cents)

    def _billed(self, bill: Bill, cents: int, first: Billed | None = None) -> None:
        name = f"bill:{bill.bill_id}"
        kind = "a credit" if cents < 0 else "nothing" if not cents else "a debt"
        self.tell(f"{'corrected bill' if first else 'bill'}: {kind}")
        self.model.bills[name] = Billed(name, bill.issued_day, bill.due_day, cents, first,
                                         self.model.step, tells=len(self.model.moves))  # fmt: skip
        self.model.post(name, bill.issued_day, cents, "bill", "440")

    def night(self) -> None:
        for _ in range(1 + (self.month % 4 == 0)):
            run = run_deposits(on=self.today, desk=self.desk())
            waits = {f"deposit:{one.deposit_id}" for one in run.refused}
        credited, closed = self._counted()
        owed_before = sum(len(one.owed) for one in self.model.deposits.values())
        self.model.night(self.today)
        assert waits == self.model.waits, (run.refused, self.model.waits)
        self.tell("deposit: waits for money", len(waits))
        now = self._counted()
        self.tell("deposit: interest credited", now[0] - credited)
        self.tell("deposit: given back", now[1] - closed)
        assert self.store.trial_balance().get("235", 0) <= 0, "more left deposits than came"
        owed = sum(len(one.owed) for one in self.model.deposits.values())
        self.tell("deposit: owed back", max(0, owed - owed_before))

    def _counted(self) -> tuple[int, int]:
        every = self.model.deposits.values()
        return sum(len(one.credits) for one in every), sum(one.closed for one in every)

    def correct_late(self) -> None:
        """Charges are decided again, as the command does it for all accounts."""
        model, before = self.model, sum(one.stands for one in self.model.lates)
        for _ in range(2):
            correct_late_charges(on=self.today, known_at=self.now, store=self.store,
                                 book=self.book)  # fmt: skip
        if model.looks_again(self.today):
            model.correct_late(self.today, ONE, look_again=True)
        self.tell("late charge: taken back" if before > sum(one.stands for one in model.lates)
                  else "late charge: looked at again")  # fmt: skip

    def rebill(self, which: int, cents: int) -> None:
        live = [one for one in self.model.bills.values() if not one.cancelled]
        if not live:
            return
        was = live[-1 - which % min(len(live), 3)]
        old = next(one for one in self.store.issued_bills_of_account(ONE)
                   if f"bill:{one.bill_id}" == was.name)  # fmt: skip
        number = (old.days.from_day - FIRST_DAY).days // 30
        name, now = next_version(old.bill_id), self.now
        made, entry = bill_of(1, number, cents=cents, known_at=now)
        bill = replace(made, bill_id=name, kind=BillKind.CORRECTED, corrects=old.bill_id,
                       issued_day=self.today, due_day=self.today + timedelta(21))  # fmt: skip
        posted = {one.entry_id: one for one in self.store.entries_of_account(ONE)}
        back = None
        if was.name in posted:
            back = reverse_entry(posted[was.name], on=self.today, learned_at=now, cause="wrong")
        if entry is not None:
            entry = replace(entry, entry_id=f"bill:{name}", effective_day=self.today)
        correction = Correction(
            *(old.bill_id, name, ONE, f"case:{old.bill_id}", CorrectionCause.READING),
            *("Ana", "a later reading", now, "{}"),
        )
        self.store.record_rebills([Rebill(correction, bill, entry, back)])
        self.model.undo(was.name, self.today)
        was.cancelled = True
        self._billed(bill, cents, was)

    def special(self, cents: int) -> None:
        self.keys += 1
        asked = ask_special_charge(
            *(ONE, cents, SpecialKind.MERCHANDISE, "A heater"),
            by="Ana", reason="sold", desk=self.money(), key=f"S{self.keys}",
        ).case  # fmt: skip
        how: dict[str, Any] = {"reason": "sold", "desk": self.money()}
        self.agree(False, lambda: approve_settlement(asked.settlement_id, by="ana", **how),
                   "special charge: alone")  # fmt: skip
        approve_settlement(asked.settlement_id, by="Ben", **how)
        self._case("special", asked.key, cents, "142", posted=True)
        self.tell("special charge")

    # ------------------------------------------------------------------ money in

    def amount(self, what: str, cents: int) -> int:
        standing, _ = self.model.open(self.today)
        owed = sum(c for n, c in standing.items() if n not in self.model.deposits)
        return {
            "all": owed,
            "part": owed * (cents % 90 + 5) // 100,
            "more": owed + cents,
            "with deposit": sum(standing.values()),
        }.get(what, cents) or cents

    def pay(self, what: str, cents: int, how: int, ago: int, item: int | None) -> None:
        self.keys += 1
        key, cents = f"K-{self.keys:04}", self.amount(what, cents)
        received = max(FIRST_DAY, self.today - timedelta(ago))
        names = sorted(self.model.open(self.today)[0])
        named = names[item % len(names)] if names and item is not None else ""
        told = HOWS[how % len(HOWS)]

        def take(**other: Any) -> bool:
            said = {"cents": cents, "how": told, **other}
            return take_payment(account_id=ONE, payment_key=key, received_day=received,
                                learned_at=self.now, view=self.book.view, store=self.store,
                                asked_deposits=deposits_asked_on(self.today, self.store),
                                earmarked_to=[named] if named else [], **said)[1]  # fmt: skip

        assert take()
        paid = Paid(cents, received, told.is_mailed or told.channel is Channel.LOCKBOX,
                    told.channel.value)  # fmt: skip
        self.model.pay(key, paid, self.today, [named] if named else [])
        deposit, _ = self.model.split(paid)
        special = any(name.startswith("special:") for name, _ in paid.parts)
        self.tell("payment")
        for is_so, words in ((deposit, "of a deposit"), (special, "of a special charge"),
                             (named, "for one item"), (ago > 9, "learned of late"),
                             (sum(c for _, c in paid.parts) < cents, "of too much")):  # fmt: skip
            self.tell(f"payment: {words}", bool(is_so))
        assert not take()
        self.agree(False, lambda: take(cents=cents + 1), "payment: its key again")
        self.agree(False, lambda: take(how=HOWS[(how + 1) % len(HOWS)]), "payment: its key again")

    def pay_in_time(self, how: int = 0) -> None:
        """All that is owed is paid; nothing where nothing is owed."""
        standing, _ = self.model.open(self.today)
        if any(n not in self.model.deposits for n in standing):
            self.pay("all", 1, how, 0, None)

    def unknown(self, cents: int) -> None:
        self.keys += 1
        key = f"K-{self.keys:04}"
        receipt = receipt_of(account_id=ONE, cents=cents, payment_key=key,
                             received_day=self.today, learned_at=self.now, view=self.book.view,
                             how=HOWS[4])  # fmt: skip
        tell_receipt(receipt, ReceiptState.UNKNOWN, reason="no answer", view=self.book.view,
                     store=self.store)  # fmt: skip
        self.model.unknown[key] = Paid(cents, self.today, False, HOWS[4].channel.value)
        self.tell("payment of unknown outcome")

    def known(self, which: int, came: bool) -> None:
        if not self.model.unknown:
            return
        key = sorted(self.model.unknown)[which % len(self.model.unknown)]
        money = self.model.unknown.pop(key)
        for _ in range(2):
            if came:
                confirm_payment(key, reason="it came", desk=self.till())
            else:
                tell_outcome(key, ReceiptState.REFUSED, reason="it did not", desk=self.till())
        self.tell(f"payment of unknown outcome: {'came' if came else 'never was'}")
        if came:
            self.model.pay(key, money, self.today)
        else:
            self.model.gone[key] = ("refused", money)

    def back_of_pledge(self, key: str, cents: int) -> None:
        """What came back of a pledge is pending again, while it lasts."""
        if key in self.of_pledges:
            whole = key.removesuffix(":rest")
            sent_back = self.rests_sent_back.pop(whole, 0)
            self.model.promises[self.of_pledges[key]].came -= cents + sent_back
            self.bounced_pledges.add(whole)
            self.tell("pledge: came back")

    def bounce(self, which: int, fee: bool, ago: int = 0, of: str = "") -> None:
        kept = [key for key, one in self.model.paid.items() if not one.back]
        if of:
            kept = [key for key in kept if any(of in n for n, _ in self.model.paid[key].parts)]
        if not kept:
            return
        key = kept[-1 - which % len(kept)]
        money = self.model.paid[key]
        on = max(money.received, self.today - timedelta(ago))
        for _ in range(2):
            reverse_payment(key, on=on, by="bank", reason="R01", desk=self.till())
        self.back_of_pledge(key, money.cents)
        self.model.bounce(key, on)
        closed = {one.name for one in self.model.deposits.values() if one.closed}
        of_deposits = {name for name, _ in money.parts if name in self.model.deposits}
        recovery = self.model.recovery_of(key)
        for is_so, words in ((True, "payment that came back"),
                             (of_deposits, "payment that came back: of a deposit"),
                             (of_deposits & closed, "payment that came back: of an ended deposit"),
                             (recovery, "payment that came back: of a recovery"),
                             (ago, "payment that came back: told late")):  # fmt: skip
            self.tell(words, bool(is_so))
        if not fee:
            return
        for _ in range(2):
            settle_returned_payment(key, ONE, by="Ana", reason="R01", desk=self.money())
        self._case("fee", key, FEE, "142", posted=True, about=key)
        if recovery:
            self.model.settle(recovery, self.today, -1)
            self.tell("recovery: taken back")

    def _case(self, kind: str, key: str, cents: int, source: str, *, posted: bool = False,
              about: str = "") -> None:  # fmt: skip
        case = Case(f"{kind}:{key}", kind, cents, source, "asked", self.today, about)
        if kind == "refund":  # where it goes is the journey's; whether it still may is the model's
            payee = self.store.settlement(case.name).payee
            case.to = payee.payment_key if payee else ""
        self.model.cases[case.name] = case
        self.tell(kind if posted else f"{kind}: asked")
        if posted:
            self.model.settle(case, self.today)
