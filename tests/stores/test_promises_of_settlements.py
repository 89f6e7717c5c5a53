"""Settlements: two people, no more than there is, once; on memory and PostgreSQL alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.stores.paper_town import (
    ANALYST,
    FIRST_DAY,
    LATER,
    account_id,
    bill_of,
    payment_of,
    start_of,
)
from tests.stores.settled_paper import (
    DAY,
    after,
    ask,
    case_of,
    payee_of_account,
    settled,
    write_of,
)

from meterledger.facts.bank import Expectation
from meterledger.facts.settlements import (
    CREDIT,
    Act,
    Means,
    Payee,
    SettlementCase,
    SettlementKind,
)
from meterledger.kernel.span import DaySpan, Validity
from meterledger.usecases.ports import Conflict, NotFound, NotViewing, Store


def in_credit(store: Store, cents: int = 50_00) -> None:
    """Account 1 has paid so much and owes nothing; account 2 is there."""
    store.start_services([start_of(1), start_of(2)])
    store.record_payment(*payment_of(1, cents=cents))


def kept(store: Store, name: str) -> SettlementCase:
    with store.viewing(ANALYST, ["settlements"]):
        return store.settlement(name)


class TestARefund:
    def test_is_asked_for_and_moves_nothing(self, store: Store) -> None:
        in_credit(store)

        assert store.record_settlements([ask(1, 20_00)]) == [True]

        case = kept(store, "refund:one")
        assert (case.awaits_approval, case.asked.by, case.cents) == (True, "Ana", 20_00)
        assert case.payee == Payee("Ana Rivera 1", Means.CHECK, payment_key="R-1")
        assert store.trial_balance() == {"131": 50_00, "142": -50_00}

    def test_asked_for_twice_is_there_once(self, store: Store) -> None:
        in_credit(store)
        store.record_settlements([ask(1, 20_00)])

        assert store.record_settlements([ask(1, 20_00)]) == [False]
        with pytest.raises(Conflict, match=r"Settlement refund:one is there already, of \$20\.00"):
            store.record_settlements([ask(1, 20_01)])

    @pytest.mark.parametrize("who", ["Ana", " ana ", "ANA"])
    def test_is_not_approved_by_who_asked(self, store: Store, who: str) -> None:
        in_credit(store)
        asked = ask(1, 20_00)
        store.record_settlements([asked])

        with pytest.raises(Conflict, match="Ana has asked for this and cannot approve it"):
            store.record_settlements([after(asked.case, Act.APPROVED, who)])

        assert store.trial_balance() == {"131": 50_00, "142": -50_00}

    def test_approved_by_another_is_owed_to_the_customer(self, store: Store) -> None:
        in_credit(store)

        settled(store, ask(1, 20_00), Act.APPROVED)

        assert store.trial_balance() == {"131": 50_00, "142": -30_00, "232.refunds": -20_00}

    def test_goes_its_whole_way_to_the_bank(self, store: Store) -> None:
        in_credit(store)

        case = settled(store, ask(1, 50_00), Act.APPROVED, Act.SENT, Act.CLEARED)

        assert store.trial_balance() == {"131": 0, "142": 0, "232.refunds": 0}
        assert kept(store, case.settlement_id) == case
        assert case.ways == frozenset()

    def test_is_kept_with_the_line_that_it_lets_the_bank_show_or_not_at_all(
        self, store: Store
    ) -> None:
        in_credit(store)
        case = settled(store, ask(1, 50_00), Act.APPROVED)
        line = Expectation("by-hand:one", "131.ach", DAY, -50_00, "refund one")
        sent = replace(after(case, Act.SENT), expectations=(line,))
        days = (DAY, DAY + timedelta(days=1))

        with pytest.raises(Conflict):
            store.record_settlements([sent, after(case, Act.SENT)])
        with store.viewing(ANALYST, ["all"]):
            assert store.expected_bank_lines(*days) == []

        store.record_settlements([sent])
        with store.viewing(ANALYST, ["all"]):
            assert store.expected_bank_lines(*days) == [line]

    def test_is_stopped_and_sent_anew(self, store: Store) -> None:
        in_credit(store)

        case = settled(
            store, ask(1, 50_00), Act.APPROVED, Act.SENT, Act.STOPPED, Act.SENT, Act.RETURNED
        )

        assert store.trial_balance()["232.refunds"] == -50_00
        assert [one.entry_id for one in case.steps] == [
            "",
            "refund:one",
            "refund:one.sent.1",
            "reversal:refund:one.sent.1",
            "refund:one.sent.2",
            "reversal:refund:one.sent.2",
        ]

    def test_that_nobody_takes_ends_with_the_state(self, store: Store) -> None:
        in_credit(store)

        case = settled(
            store,
            ask(1, 50_00),
            *(Act.APPROVED, Act.UNCLAIMED, Act.CLAIMED, Act.UNCLAIMED),
            *(Act.NOTICED, Act.ESCHEATED),
        )

        assert case.last.entry_id == "unclaimed:one.2.paid"
        assert (case.asked.by, case.last.by) == ("Ana", "Ben")
        assert store.trial_balance() == {"131": 0, "142": 0, "232.refunds": 0, "242.unclaimed": 0}

    @pytest.mark.parametrize("who", ["Ana", " ana "])
    def test_is_not_handed_to_the_state_by_who_asked(self, store: Store, who: str) -> None:
        in_credit(store)
        case = settled(store, ask(1, 50_00), Act.APPROVED, Act.UNCLAIMED, Act.NOTICED)

        with pytest.raises(Conflict, match="Ana has asked for this and cannot hand it over"):
            store.record_settlements([after(case, Act.ESCHEATED, who)])
        assert store.trial_balance()["242.unclaimed"] == -50_00

    @pytest.mark.parametrize(
        ("way", "wrong"),
        [
            ((), Act.SENT),
            ((Act.APPROVED,), Act.CLEARED),
            ((Act.APPROVED, Act.SENT), Act.SENT),
            ((Act.APPROVED, Act.SENT), Act.REVERSED),
            ((Act.APPROVED, Act.SENT, Act.CLEARED), Act.STOPPED),
            ((Act.REFUSED,), Act.APPROVED),
        ],
    )
    def test_takes_no_step_that_does_not_follow(
        self, store: Store, way: tuple[Act, ...], wrong: Act
    ) -> None:
        in_credit(store)
        case = settled(store, ask(1, 50_00), *way)
        before = store.trial_balance()

        with pytest.raises(Conflict, match=f"cannot be {wrong.value} now"):
            store.record_settlements([after(case, wrong, "Ben")])

        assert store.trial_balance() == before

    def test_of_what_is_spoken_for_is_refused(self, store: Store) -> None:
        in_credit(store)
        store.record_settlements([ask(1, 20_00)])

        with pytest.raises(Conflict, match=r"\$30\.01 is more than \$30\.00, the credit that is"):
            store.record_settlements([ask(1, 30_01, "two")])
        assert store.record_settlements([ask(1, 30_00, "two")]) == [True]

    def test_of_a_credit_that_a_bill_has_taken_meanwhile_is_not_approved(
        self, store: Store
    ) -> None:
        in_credit(store, 200_00)
        asked = ask(1, 200_00)
        store.record_settlements([asked])
        store.record_bills([bill_of(1)])  # 165.19

        with pytest.raises(Conflict, match=r"\$200\.00 is more than \$34\.81"):
            store.record_settlements([after(asked.case, Act.APPROVED, "Ben")])

    def test_goes_to_nobody_else(self, store: Store) -> None:
        in_credit(store)
        store.record_payment(*payment_of(2, "R-2"))

        with pytest.raises(NotFound, match="no payment of the account R-2"):
            store.record_settlements([ask(1, 20_00, payment_key="R-2")])
        store.add_payee(payee_of_account(2))
        with pytest.raises(NotFound, match="no verified payee bank-2"):
            store.record_settlements([ask(1, 20_00, payee_id="bank-2")])

    def test_goes_to_a_payee_who_was_verified(self, store: Store) -> None:
        in_credit(store)
        assert store.add_payee(payee_of_account(1)) is True
        assert store.add_payee(payee_of_account(1)) is False
        with pytest.raises(Conflict, match="Payee bank-1 is there already, as Ana Rivera"):
            store.add_payee(replace(payee_of_account(1), name="Eve"))

        case = settled(store, ask(1, 20_00, payee_id="bank-1"), Act.APPROVED, Act.SENT)

        assert store.trial_balance()["131.ach"] == -20_00
        assert case.payee == Payee("Ana Rivera", Means.ACH, payee_id="bank-1")
        with store.viewing(ANALYST, [account_id(1)]):
            assert store.payees_of_account(account_id(1)) == [payee_of_account(1)]
            assert store.payee("bank-1") == payee_of_account(1)

    def test_of_all_that_is_there_is_approved_once_by_many_at_once(self, store: Store) -> None:
        """Two refunds wait for the same credit: asked for when there was more."""
        in_credit(store, 100_00)
        asked = [ask(1, 50_00, name) for name in ("one", "two")]
        store.record_settlements(asked)
        store.record_bills([bill_of(1, cents=50_00)])  # half of it is left

        def approve(number: int) -> str:
            try:
                store.record_settlements([after(asked[number % 2].case, Act.APPROVED, "Ben")])
            except Conflict:
                return "refused"
            return "approved"

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(approve, range(8)))

        assert answers.count("approved") == 1
        assert store.trial_balance()["232.refunds"] == -50_00
        assert store.trial_balance()["142"] == 0

    def test_is_sent_once_by_many_at_once(self, store: Store) -> None:
        in_credit(store)
        case = settled(store, ask(1, 50_00), Act.APPROVED)

        def send(number: int) -> str:
            try:
                step = after(case, Act.SENT, f"person {number}", reference=f"{number}")
                store.record_settlements([step])
            except Conflict as no:
                return no.what
            return "sent"

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(send, range(8)))

        assert sorted(set(answers)) == ["Somebody was faster: it is sent now", "sent"]
        assert answers.count("sent") == 1
        assert store.trial_balance() == {"131": 0, "142": 0, "232.refunds": 0}


class TestOtherSettlements:
    def test_a_transfer_moves_what_is_owed_once_and_back(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])
        store.record_bills([bill_of(1)])
        write = write_of(SettlementKind.TRANSFER, 165_19, to=2, approve=True)

        assert store.record_settlements([write, write]) == [True, False]
        with store.viewing(ANALYST, ["both"]):
            moved = [store.balance_cents(account_id(number)) for number in (1, 2)]
            assert store.settlements(account_id=account_id(2)) == [write.case]
        assert moved == [0, 165_19]

        store.record_settlements([after(write.case, Act.REVERSED, "Ana")])
        with store.viewing(ANALYST, ["both"]):
            assert store.balance_cents(account_id(1)) == 165_19

    def test_a_balance_that_was_moved_stays_overdue_since_it_was(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])
        store.record_bills([bill_of(1)])
        write = write_of(SettlementKind.TRANSFER, 165_19, to=2, approve=True)
        since = bill_of(1)[0].due_day
        store.record_settlements([replace(write, case=replace(write.case, by_day=since))])

        with store.viewing(ANALYST, ["both"]):
            money = store.account_money([account_id(2)], with_due_days=True)[account_id(2)]

        assert money.due_days == (("transfer:one", since),)

    def test_a_transfer_moves_no_more_than_is_owed(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])
        store.record_bills([bill_of(1)])

        with pytest.raises(Conflict, match=r"\$165\.20 is more than \$165\.19, what the account"):
            store.record_settlements(
                [write_of(SettlementKind.TRANSFER, 165_20, to=2, approve=True)]
            )

    def test_a_credit_moves_to_another_account(self, store: Store) -> None:
        in_credit(store)
        write = write_of(SettlementKind.TRANSFER, 50_00, to=2, source=CREDIT, approve=True)

        store.record_settlements([write])

        with store.viewing(ANALYST, ["both"]):
            assert store.balance_cents(account_id(1)) == 0
            assert store.balance_cents(account_id(2)) == -50_00

    def test_a_write_off_above_its_ceiling_needs_two(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])
        store.record_bills([bill_of(1)])
        alone = write_of(SettlementKind.WRITE_OFF, 165_19, ceiling=165_18, approve=True)

        with pytest.raises(Conflict, match=r"A write-off of \$165\.19 needs two people"):
            store.record_settlements([alone])
        at_it = write_of(SettlementKind.WRITE_OFF, 165_19, ceiling=165_19, approve=True)
        assert store.record_settlements([at_it]) == [True]

        assert store.trial_balance() == {"142": 0, "144": 165_19, "440": -165_19}

    def test_a_recovery_is_of_what_was_written_off_and_once_for_a_payment(
        self, store: Store
    ) -> None:
        store.start_services([start_of(1), start_of(2)])
        store.record_bills([bill_of(1, cents=60_00)])
        store.record_settlements(
            [write_of(SettlementKind.WRITE_OFF, 60_00, ceiling=100_00, approve=True)]
        )
        with pytest.raises(Conflict, match=r"\$60\.00 is more than \$0\.00, what the account has"):
            store.record_settlements(
                [write_of(SettlementKind.RECOVERY, 60_00, about="R-1", approve=True)]
            )
        store.record_payment(*payment_of(1, cents=70_00))

        with pytest.raises(Conflict, match=r"\$60\.01 is more than \$60\.00, what is written off"):
            store.record_settlements(
                [write_of(SettlementKind.RECOVERY, 60_01, about="R-1", approve=True)]
            )
        store.record_settlements(
            [write_of(SettlementKind.RECOVERY, 60_00, about="R-1", approve=True)]
        )

        assert store.trial_balance() == {"131": 70_00, "142": -10_00, "144": 0, "440": -60_00}

    def test_a_returned_payment_costs_once(self, store: Store) -> None:
        in_credit(store)
        write = write_of(SettlementKind.FEE, 25_00, about="R-1", approve=True)

        assert store.record_settlements([write]) == [True]
        assert store.record_settlements([write]) == [False]
        assert store.trial_balance()["451"] == -25_00

    def test_a_payment_is_charged_for_anew_only_after_that_was_taken_back(
        self, store: Store
    ) -> None:
        in_credit(store)
        first = write_of(SettlementKind.FEE, 25_00, about="R-1", approve=True)
        anew = write_of(SettlementKind.FEE, 25_00, "two", about="R-1", approve=True)
        store.record_settlements([first])

        with pytest.raises(Conflict, match="charged for or recovered already"):
            store.record_settlements([anew])
        store.record_settlements([after(first.case, Act.REVERSED)])
        assert store.record_settlements([anew]) == [True]

        assert store.trial_balance()["451"] == -25_00

    def test_a_credit_of_goodwill_needs_two(self, store: Store) -> None:
        in_credit(store)
        write = write_of(SettlementKind.CREDIT, 10_00)

        with pytest.raises(Conflict, match=r"A credit of \$10\.00 needs two people"):
            store.record_settlements([write])

    def test_a_special_charge_needs_two_and_is_paid_last(self, store: Store) -> None:
        in_credit(store)
        alone = write_of(SettlementKind.SPECIAL, 10_00, about="Repair of a heater")
        with pytest.raises(Conflict, match=r"A special charge of \$10\.00 needs two people"):
            store.record_settlements([alone])
        asked = write_of(SettlementKind.SPECIAL, 10_00, about="Repair of a heater", needs_two=True)
        assert store.record_settlements([asked]) == [True]
        for name in ("Ana", " ANA\u00a0"):
            with pytest.raises(Conflict, match="cannot approve it"):
                store.record_settlements([after(asked.case, Act.APPROVED, name)])
        assert "415" not in store.trial_balance()

        store.record_settlements([after(asked.case, Act.APPROVED)])

        assert store.trial_balance()["415"] == -10_00
        with store.viewing(ANALYST, ["all"]):
            entry = store.entries_of_account(account_id(1))[-1]
        assert entry.cause == "Repair of a heater (no part of your electric service)"

    def test_two_special_charges_may_be_for_the_same_thing(self, store: Store) -> None:
        in_credit(store)
        for key in ("one", "two"):
            write = write_of(
                SettlementKind.SPECIAL, 10_00, key, about="Repair of a heater", needs_two=True
            )
            settled(store, write, Act.APPROVED)

        assert store.trial_balance()["415"] == -20_00

    def test_a_provision_is_of_no_account(self, store: Store) -> None:
        store.start_services([start_of(1)])
        store.record_bills([bill_of(1)])
        write = write_of(SettlementKind.PROVISION, 1_00, approve=True)
        write = replace(write, case=replace(write.case, account_id=""))

        store.record_settlements([write])

        assert store.trial_balance()["904"] == 1_00
        issued = bill_of(1)[0].issued_day
        days = DaySpan(issued, issued + timedelta(days=1))
        assert store.revenue_cents(days) == 165_19
        assert store.revenue_cents(DaySpan(days.until_day, days.until_day + timedelta(1))) == 0


class TestAWriteOfSeveral:
    def test_is_all_or_nothing(self, store: Store) -> None:
        in_credit(store)

        with pytest.raises(Conflict, match="more than"):
            store.record_settlements([ask(1, 20_00), ask(1, 40_00, "two")])

        with store.viewing(ANALYST, ["all"]):
            assert store.settlements() == []
        assert store.trial_balance() == {"131": 50_00, "142": -50_00}


class TestLooking:
    def test_lists_what_waits_the_oldest_first(self, store: Store) -> None:
        in_credit(store)
        settled(store, ask(1, 5_00, "three"), Act.APPROVED, Act.SENT, Act.CLEARED)
        second = ask(1, 6_00, "two")
        store.record_settlements([second])
        first = settled(store, ask(1, 7_00, "one", on=DAY - timedelta(days=1)), Act.APPROVED)

        with store.viewing(ANALYST, ["all"]):
            waiting = store.settlements(open_only=True)
            every = store.settlements(kind=SettlementKind.REFUND)
            none = store.settlements(kind=SettlementKind.FEE)

        assert waiting == [first, second.case]
        assert (len(every), none) == (3, [])

    def test_names_accounts_in_credit_and_of_one_holder(self, store: Store) -> None:
        in_credit(store)
        more = start_of(3)
        same = replace(more.holders[0], person_id="person-1")
        store.start_service(replace(more, persons=(), holders=(same,)))

        with store.viewing(ANALYST, ["all"]):
            assert store.accounts_in_credit() == {account_id(1): 50_00}
            assert store.accounts_of_same_holder(account_id(1), LATER) == [account_id(3)]
            assert store.accounts_of_same_holder(account_id(2), LATER) == []

    def test_names_accounts_of_the_same_people_on_a_day(self, store: Store) -> None:
        """1 and 3 are Ana's, 4 hers and Ben's, 5 was Ben's until June, 6 hers, and both's since."""
        ana, ben, june = "person-1", "person-2", date(2025, 6, 1)
        in_credit(store)
        always, until, since = Validity(FIRST_DAY), Validity(FIRST_DAY, june), Validity(june)
        shared = {
            3: [(ana, always)],
            4: [(ana, always), (ben, always)],
            5: [(ben, until)],
            6: [(ana, always), (ben, since)],
        }
        for number, people in shared.items():
            begun = start_of(number)
            (holder,) = begun.holders
            held = tuple(replace(holder, person_id=one, days=days) for one, days in people)
            store.start_service(replace(begun, persons=(), holders=held))

        def same(number: int, on: date) -> list[str]:
            return store.accounts_of_same_people(account_id(number), LATER, on)

        with store.viewing(ANALYST, ["all"]):
            assert same(1, date(2025, 5, 31)) == [account_id(3), account_id(6)]
            assert same(1, june) == [account_id(3)]
            assert same(4, date(2025, 5, 31)) == []
            assert same(4, june) == [account_id(6)]
            assert same(2, june) == [account_id(5)]  # Ben's until the day before
            assert same(9, june) == []

    def test_is_personal(self, store: Store) -> None:
        in_credit(store)
        store.record_settlements([ask(1, 20_00)])

        for look in (
            lambda: store.settlement("refund:one"),
            store.settlements,
            lambda: store.payee("bank-1"),
            lambda: store.payees_of_account(account_id(1)),
            store.accounts_in_credit,
            lambda: store.accounts_of_same_holder(account_id(1), LATER),
            lambda: store.accounts_of_same_people(account_id(1), LATER, FIRST_DAY),
        ):
            with pytest.raises(NotViewing):
                look()

    def test_for_what_is_not_there_finds_nothing(self, store: Store) -> None:
        with pytest.raises(NotFound, match="There is no settlement refund:x"):
            kept(store, "refund:x")
        store.start_service(start_of(1))
        with pytest.raises(NotFound, match="There is no settlement refund:one"):
            store.record_settlements([after(case_of(ask(1, 1)), Act.APPROVED, "Ben")])
        with pytest.raises(NotFound, match="There is no account"):
            store.record_settlements([ask(2, 1)])
