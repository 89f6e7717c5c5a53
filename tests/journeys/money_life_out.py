"""What becomes of deposits, credits and debts of an account: asked for, approved, taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.journeys.deposit_town import APPLICANT
from tests.journeys.money_life import OF_TWO, ONE, OTHER
from tests.journeys.money_life_ways import MoneyWays
from tests.journeys.money_model import Held, Late
from tests.journeys.money_model_held import BEFORE

from meterledger.arrears.deposit_facts import DepositFactsContradict
from meterledger.facts.bank import BankFile, BankLine, BankStatement
from meterledger.facts.deposits import DepositKind
from meterledger.facts.settlements import is_late_by_us
from meterledger.kernel.canonical import sha256_hex
from meterledger.usecases.approve_settlement import approve_settlement
from meterledger.usecases.deposit_ask import DepositRefused, ask_deposit
from meterledger.usecases.deposit_hand_out import hand_out_remainders
from meterledger.usecases.late_charges import reverse_late_charge
from meterledger.usecases.reconcile_bank import match_bank, take_bank_file
from meterledger.usecases.refund_credit import (
    ask_refund,
    clear_refund,
    give_credit,
    return_refund,
    send_refund,
    settle_final_credit,
    stop_refund,
)
from meterledger.usecases.settlements import refuse_settlement, reverse_settlement
from meterledger.usecases.transfer_balance import transfer_balance
from meterledger.usecases.unclaimed import (
    claim,
    hand_over,
    note_letter,
    report_unclaimed,
    set_stale_apart,
)
from meterledger.usecases.write_off import (
    record_recoveries,
    take_recoveries_back,
    write_off,
)

ASKED = {**APPLICANT, "estimated_annual_bill_usd": "1200.00"}
PARTS = ("late-charge", "service-fee", "special")
"""What the names of parts of a balance say that moved; the others are of utility service."""
CONTROLS = ("142", "143", "144", "232.refunds", "235", "242.unclaimed")


class MoneyOut(MoneyWays):
    """What becomes of deposits, credits and debts, to the account and to the model."""

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
            self.tell("deposit: refused")
            return  # where bills come to nothing, so does a deposit
        name = f"deposit:{asked.deposit_id}"
        model.deposits[name] = Held(name, asked.asked_cents, self.today)
        self.tell("deposit: asked")

    def hand_out(self) -> None:
        model, due = self.model, self.model.remainders()
        waits = any(one.state == "asked" and one.source == "235" and one.kind == "refund"
                    for one in model.cases.values())  # fmt: skip
        made = hand_out_remainders(on=self.today, desk=self.desk(), refunds=self.money())
        if not due or waits:
            return
        no = model.is_refused(due, self.today)
        if no or not model.may_ask_refund(due, "235"):
            assert made.refused, made
            self.tell("deposit: its rest was refused today" if no else "deposit: its rest stays")
            return
        (name,) = made.asked
        assert name.startswith(f"refund:{ONE}-{self.today:%Y%m%d}-{due}.deposit"), made
        assert name not in model.cases
        self.tell("deposit: its rest is asked for")
        self._case("refund", name.removeprefix("refund:"), due, "235")
        of = [one for one in model.deposits if one.removeprefix("deposit:") in name]
        model.cases[name].of = of[0] if len(of) == 1 else ""

    # ------------------------------------------------------------------ settlements

    def refund(self, cents: int, all_of_it: bool) -> None:
        credit = self.model.credit("142")
        cents = credit if all_of_it and credit > 0 else cents
        key, known = self._key_of_ask(f"{ONE}-{self.today:%Y%m%d}-{cents}")
        may = known or self.model.may_ask_refund(cents, "142")
        if self.agree(may, lambda: ask_refund(ONE, cents, by="Ana", reason="asked for",
                                              agency_terms="it is the customer's",
                                              desk=self.money()),
                      "refund: known" if known else "refund: ask") and not known:  # fmt: skip
            self._case("refund", key, cents, "142")

    def _key_of_ask(self, key: str) -> tuple[str, bool]:
        """Its name, and whether it is known: after a no, or taken back, it is asked for anew."""
        name, number, cases = key, 1, self.model.cases
        over = {one for one, case in cases.items() if case.state in ("refused", "reversed")}
        while f"refund:{name}" in over:
            number += 1
            name = f"{key}-{number}"
        return name, f"refund:{name}" in cases

    def goodwill(self, cents: int) -> None:
        self.keys += 1
        name = f"{ONE}-{self.today:%Y%m%d}-{cents}.{self.keys}"
        if self.agree(cents <= 250_00, lambda: give_credit(
            ONE, cents, by="Ana", reason="sorry", desk=self.money(), key=str(self.keys)
        ), "credit: ask"):  # fmt: skip
            self._case("credit", name, cents, "142")

    def decide(self, which: int, yes: bool) -> None:
        waits = [one for one in self.model.cases.values() if one.state == "asked"]
        if not waits:
            return
        one = waits[which % len(waits)]
        if not yes:
            refuse_settlement(one.name, by="Ben", reason="no", desk=self.money())
            one.state, one.since, one.no_step = "refused", self.today, self.model.step
            self.tell(f"{one.kind}: said no to")
            return
        self.agree(
            False,
            lambda: approve_settlement(one.name, by="Ana", reason="yes", desk=self.money()),
            "approve alone",
        )
        if self.agree(self.model.may_approve(one), lambda: approve_settlement(
            one.name, by="Ben", reason="yes", desk=self.money()
        ), f"{one.kind}: approve"):  # fmt: skip
            self.model.settle(one, self.today)

    def go_on(self, which: int, state: str | int) -> None:
        """A refund is sent, cleared, stopped, claimed, undone; a number takes one that may be."""
        refunds = [one for one in self.model.cases.values() if one.kind == "refund"]
        if not refunds:
            return
        one = refunds[-1 - which % len(refunds)]
        if isinstance(state, int):
            runs = ("unclaimed", "paid to the State")
            ways = [name for name, before in BEFORE.items() if one.state in before]
            ways = [name for name in ways if name not in runs]
            if not ways:
                return
            state = ways[state % len(ways)]
        self.keys += 1
        how: dict[str, Any] = {"by": "Cleo", "desk": self.money()}
        acts: dict[str, Callable[[], Any]] = {
            "sent": lambda: send_refund(one.name, reference=f"C-{self.keys}", **how),
            "cleared": lambda: clear_refund(one.name, reference="line 1", **how),
            "stopped": lambda: stop_refund(one.name, reason="lost", **how),
            "returned": lambda: return_refund(one.name, reason="nobody", **how),
            "noticed": lambda: note_letter(one.name, reference=f"L-{self.keys}", **how),
            "claimed": lambda: claim(one.name, reason="she called", **how),
            "reversed": lambda: reverse_settlement(one.name, reason="wrong", **how),
        }
        may = self.model.go_on(one, state, self.today)
        self.agree(may, acts[state], f"refund: {state}")

    def bank_pays(self) -> None:
        """The bank's statement has what was sent last, and nobody tells us anything of it."""
        sent = [one for one in self.model.cases.values() if one.state == "sent" and not one.shown]
        if not sent:
            return
        one, on = sent[-1], self.today
        self.keys += 1
        name, reference = f"{self.keys:04}", self.store.settlement(one.name).last.reference
        line = BankLine(f"L-{name}", on, -one.cents, reference)
        told = BankStatement(f"S-{name}", f"A-{name}", on, 0, -one.cents, (line,))
        file = BankFile(sha256_hex(name.encode()), f"{name}.txt", "camt.053", (told,), self.now)
        take_bank_file(file, today=on, store=self.store)
        run = match_bank(on=on, learned_at=self.now, view=self.book.view, store=self.store)
        (match,) = run.matches
        assert one.name in match.expectations[0].expectation_id
        one.shown = True
        self.tell("refund: the bank shows it")

    def undo(self, which: int) -> None:
        kinds = ("credit", "transfer", "write-off", "special")
        done = [one for one in self.model.cases.values()
                if one.kind in kinds and one.state == "approved"]  # fmt: skip
        if done:
            one = done[which % len(done)]
            how: dict[str, Any] = {"by": "Ben", "reason": "wrong"}
            while not self.model.may_undo_write_off(one):  # what was recovered goes first
                self.agree(False, lambda: reverse_settlement(one.name, desk=self.money(), **how),
                           "write-off: take back")  # fmt: skip
                stand = [each for each in self.model.cases.values()
                         if each.kind == "recovery" and each.state == "approved"]  # fmt: skip
                reverse_settlement(stand[-1].name, desk=self.money(), **how)
                self.model.settle(stand[-1], self.today, -1)
                self.tell("recovery: taken back by a person")
            reverse_settlement(one.name, desk=self.money(), **how)
            together = one.name.partition(".")[0]  # all parts of a balance that moved
            for part in done:
                if part.name.partition(".")[0] == together:
                    self.model.settle(part, self.today, -1)
            self.tell(f"{one.kind}: taken back")

    def stale(self) -> None:
        moved = {one.settlement_id for one in set_stale_apart(by="a run", desk=self.money())}
        stale = self.model.stale(self.today)
        assert moved == {one.name for one in stale}
        for one in stale:
            self.tell("refund: unclaimed" + (", and on its way" if one.state == "sent" else ""))
            if one.state == "sent":
                self.model.go_on(one, "stopped", self.today)
            self.model.go_on(one, "unclaimed", self.today)

    def hand_over(self) -> None:
        """What nobody claimed goes to the State, where all who are named were written to."""
        due = self.model.due_to_the_state(self.today)
        silent = any(one.cents >= 50_00 and one.state != "noticed" for one in due)

        def act(by: str) -> Any:
            report, how = report_unclaimed(self.money()), {"reference": "C-1", "by": by}
            return hand_over(report, reason="the law", desk=self.money(), **how)

        if due:
            self.agree(False, lambda: act(" ANA"), "unclaimed: hand over alone")
        if self.agree(not silent, lambda: act("Zoe"), "unclaimed: hand over"):
            for one in due:
                self.model.go_on(one, "paid to the State", self.today)
            self.tell("unclaimed: paid to the State", len(due))

    def transfer(self) -> None:
        key, owed = f"{ONE}-{OTHER}-{self.today:%Y%m%d}", self.model.sums["142"]
        if any(one.partition(".")[0] == f"transfer:{key}" for one in self.model.cases):
            return
        may = self.model.ended is not None and owed > 0
        made: list[Any] = []
        self.agree(False, lambda: transfer_balance(ONE, OF_TWO, by="Ana", reason="moved",
                                                   desk=self.money()),
                   "transfer: to an account of two people")  # fmt: skip
        if self.agree(may, lambda: made.append(transfer_balance(
            ONE, OTHER, by="Ana", reason="moved", desk=self.money()
        )), "transfer: ask"):  # fmt: skip
            assert made[0].cents == owed
            items = self.model.that_moves()
            for part in (made[0].case, *made[0].beside):  # one for each age and kind
                kind = next((one for one in PARTS if one in part.key), "utility")
                is_ours = is_late_by_us(f"transfer:{part.key}")
                self.tell("transfer: late by us", is_ours)
                mine = items.pop((kind, part.by_day, is_ours), [])
                assert sum(cents for _, cents in mine) == part.cents, (part, mine, items)
                self.model.moved[f"transfer:{part.key}"] = (self.model.step, mine)
                self._case("transfer", part.key, part.cents, "142", posted=True)
            assert not items, items

    def final_credit(self) -> None:
        model, key = self.model, f"{ONE}-{self.today:%Y%m%d}-final"
        waits = any(one.kind == "refund" and one.state == "asked" for one in model.cases.values())
        if f"transfer:{key}" in model.cases:
            return
        credit, theirs = model.credit("142"), model.of_agencies()
        stays = model.written_off()  # until it is recovered, or taken back
        credit -= stays if not theirs else stays and credit  # beside it an agency's stays whole
        due = model.ended is not None and credit > 0 and not waits
        # Money of an agency that no pledge is behind: nobody knows whose it is.
        may = not (due and theirs and theirs[0][0] not in self.of_pledges)
        made: list[Any] = []
        if self.agree(may, lambda: made.append(
            settle_final_credit(ONE, by="Ana", desk=self.money())
        ), "final credit") and due:  # fmt: skip
            if theirs:
                name = made[0].case.key
                assert made[0].case.cents == theirs[0][1]
                self._case("refund", name, theirs[0][1], "142", about=theirs[0][0])
                self.tell("refund: to an agency")
            else:
                self._case("transfer", key, -credit, "142", posted=True)
                self.tell("transfer: of a credit")

    def write_off(self) -> None:
        key, owed = f"{ONE}-{self.today:%Y%m%d}", self.model.sums["142"]
        if f"write-off:{key}" in self.model.cases:
            return
        if self.agree(self.model.may_write_off(self.today), lambda: write_off(
            ONE, by="Ana", reason="nobody pays", desk=self.money()
        ), "write-off: ask"):  # fmt: skip
            self._case("write-off", key, owed, "142", posted=owed <= 100_00)

    def recover(self) -> None:
        model, back = self.model, take_recoveries_back(by="a run", desk=self.money())
        bounced = model.recoveries_that_bounced()
        assert {one.case.settlement_id for one in back} == {one.name for one in bounced}
        for case in bounced:
            model.settle(case, self.today, -1)
            self.tell("recovery: its payment came back")
        for one in record_recoveries(by="a run", desk=self.money()):
            # Which payments came after is the journey's; how much is the model's.
            key, left = one.case.about, model.written_off()
            assert one.case.settlement_id not in model.cases
            free = max(0, -model.sums["142"] - model.sums["143"])  # what nothing else takes
            assert one.case.cents == min(model.recovers(key), left, free), one.case.settlement_id
            self._case("recovery", one.case.key, one.case.cents, "142", posted=True, about=key)

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
        self.agree(False, lambda: reverse_late_charge(name, by="Ana", approved_by="ana ", **how),
                   "late charge: forgive alone")  # fmt: skip
        reverse_late_charge(name, by="Ana", approved_by="Ben", **how)
        one.stands, one.forgiven = False, True
        self.model.undo(one.name, self.today)
        self.tell("late charge: forgiven")
