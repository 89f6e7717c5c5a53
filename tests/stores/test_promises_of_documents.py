"""What was issued, set aside and came back; how warm it was: the same promises on both stores."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tests.stores.paper_town import (
    ANALYST,
    LATER,
    account_id,
    bill_of,
    month_of,
    payment_of,
    rebill_of,
    start_of,
)

from meterledger.facts.documents import (
    NOT_RENDERED,
    CameBack,
    Channel,
    DeadMailbox,
    DocumentKind,
    IssuedDocument,
    KeptPlace,
    SetAside,
    cycle_run,
)
from meterledger.facts.weather import DailyTemperature
from meterledger.kernel.span import DaySpan
from meterledger.usecases.late_charge_rows import columns_of
from meterledger.usecases.ports import Conflict, NotViewing, Store

ISSUED = month_of(0).until_day
RUN = cycle_run(15, ISSUED)


def name_of(number: int, month: int = 0) -> str:
    return bill_of(number, month)[0].bill_id


def document_of(number: int, **changed: Any) -> IssuedDocument:
    made = IssuedDocument(
        bill_id=name_of(number),
        account_id=account_id(number),
        kind=DocumentKind.ORIGINAL,
        channel=Channel.PRINT,
        sha256=f"{number:064x}",
        content_sha256=f"{number + 100:064x}",
        template="bill_1",
        template_sha256="c" * 64,
        compiler="typst 0",
        page_count=2,
        place=KeptPlace("d" * 64, 20, 30, 0, 20),
        run_id=RUN,
        address="",
        made_at=LATER,
    )
    return replace(made, **changed)


def back_of(number: int, reason: str = "mailbox unknown") -> CameBack:
    return CameBack(name_of(number), account_id(number), f"{number:064x}", reason, "Ana", LATER)


@pytest.fixture
def billed(store: Store) -> Store:
    """Three accounts, two in cycle 15 and one in cycle 3, billed for a month; one for two."""
    store.start_services([start_of(1), start_of(2), start_of(3, cycle=3)])
    store.record_bills([bill_of(1), bill_of(2), bill_of(3), bill_of(1, 1)])
    return store


class TestDocuments:
    def test_are_kept_with_all_that_is_known_of_them(self, billed: Store) -> None:
        sent = document_of(2, channel=Channel.ELECTRONIC, address="ana@example.com")
        assert billed.record_documents([document_of(1), sent]) == 2
        with billed.viewing(ANALYST, []):
            found = billed.documents_of_bills([name_of(2), name_of(1), name_of(3)])
            assert found == {name_of(1): [document_of(1)], name_of(2): [sent]}
            assert sorted(one.bill_id for one in billed.documents_of_run(RUN)) == sorted(found)
            assert len(billed.documents_kept()) == 2

    def test_go_out_once_on_a_channel(self, billed: Store) -> None:
        assert billed.record_documents([document_of(1)]) == 1
        again = document_of(1, sha256="f" * 64, run_id="another run")
        assert billed.record_documents([again, document_of(2)]) == 1
        with billed.viewing(ANALYST, []):
            assert billed.documents_of_bills([name_of(1)])[name_of(1)] == [document_of(1)]

    def test_that_are_duplicates_are_kept_each_once(self, billed: Store) -> None:
        copy = document_of(1, kind=DocumentKind.DUPLICATE)
        other = replace(copy, sha256="e" * 64)
        assert billed.record_documents([document_of(1), copy, copy, other]) == 3
        assert billed.record_documents([copy]) == 0

    def test_are_of_bills_that_are_known(self, billed: Store) -> None:
        with pytest.raises(Conflict, match="There is no bill B-nothing"):
            billed.record_documents([document_of(1), document_of(2, bill_id="B-nothing")])
        with billed.viewing(ANALYST, []):
            assert billed.documents_kept() == []

    def test_are_seen_by_a_viewer_alone(self, billed: Store) -> None:
        with pytest.raises(NotViewing):
            billed.documents_of_bills([name_of(1)])


class TestWhatIsSetAside:
    def test_is_kept_once_in_a_run_with_its_reason(self, billed: Store) -> None:
        aside = SetAside(name_of(1), account_id(1), RUN, "a letter", LATER)
        billed.record_documents([], [aside])
        billed.record_documents([], [replace(aside, reason="another")])
        later = replace(aside, run_id="the next run")
        billed.record_documents([], [later])
        with billed.viewing(ANALYST, []):
            assert billed.set_aside_of_bill(name_of(1)) == [aside, later]


class TestWhatNoRunTook:
    def test_is_what_stands_since_the_first_document_and_was_not_set_aside(
        self, billed: Store
    ) -> None:
        later = ISSUED + timedelta(days=1)
        last = month_of(1).until_day
        with billed.viewing(ANALYST, []):
            assert billed.left_without_document(later) == []
            days = [(3, ISSUED, 1), (15, ISSUED, 2)]
            assert billed.days_without_document(later) == days
            assert billed.days_without_document(ISSUED) == []
        billed.record_documents([document_of(2)])
        with billed.viewing(ANALYST, []):
            assert billed.left_without_document(later) == [name_of(1), name_of(3)]
            assert billed.left_without_document(ISSUED) == []
            assert len(billed.left_without_document(last + timedelta(days=1))) == 3
        billed.record_documents([], [SetAside(name_of(3), account_id(3), RUN, "a letter", LATER)])
        billed.record_rebills([rebill_of(1)])
        with billed.viewing(ANALYST, []):
            assert name_of(1) not in billed.left_without_document(later), "it was cancelled"
            assert name_of(3) not in billed.left_without_document(later)
            assert (3, ISSUED, 1) in billed.days_without_document(later)

    def test_is_nothing_that_is_not_rendered(self, billed: Store) -> None:
        later = ISSUED + timedelta(days=1)
        told = SetAside(name_of(3), account_id(3), RUN, f"{NOT_RENDERED}$0.74 is less", LATER)
        billed.record_documents([document_of(2)], [told])
        with billed.viewing(ANALYST, []):
            assert billed.left_without_document(later) == [name_of(1)]
            assert billed.days_without_document(later) == [(15, ISSUED, 1)]

    def test_begins_with_the_day_of_the_first_document(self, billed: Store) -> None:
        billed.record_documents([document_of(1, bill_id=name_of(1, 1))])
        with billed.viewing(ANALYST, []):
            last = month_of(1).until_day
            assert billed.left_without_document(last + timedelta(days=1)) == []


class TestWhatCameBack:
    def test_waits_for_paper_until_it_is_printed(self, billed: Store) -> None:
        sent = document_of(1, channel=Channel.ELECTRONIC, address="ana@example.com")
        billed.record_documents([sent])
        assert billed.record_came_back(back_of(1))
        assert not billed.record_came_back(back_of(1, "said twice"))
        with billed.viewing(ANALYST, []):
            assert billed.came_back_of_bills([name_of(1), name_of(2)]) == {name_of(1): [back_of(1)]}
            assert billed.waiting_for_paper() == [name_of(1)]

        billed.record_documents([document_of(1, kind=DocumentKind.DUPLICATE)])
        with billed.viewing(ANALYST, []):
            assert billed.waiting_for_paper() == [name_of(1)]

        billed.record_documents([document_of(1, run_id="the next run")])
        with billed.viewing(ANALYST, []):
            assert billed.waiting_for_paper() == []

    def test_is_known_by_its_mailbox(self, billed: Store) -> None:
        sent = document_of(1, channel=Channel.ELECTRONIC, address="ana@example.com")
        billed.record_documents([sent, document_of(2, channel=Channel.ELECTRONIC, address="b@x")])
        billed.record_came_back(back_of(1))
        accounts = [account_id(1), account_id(2)]
        with billed.viewing(ANALYST, []):
            dead = [DeadMailbox(account_id(1), "ana@example.com", LATER)]
            assert billed.dead_mailboxes(accounts) == dead
            assert billed.dead_mailboxes(accounts[1:]) == []

    def test_is_of_a_bill_that_is_known(self, billed: Store) -> None:
        with pytest.raises(Conflict, match="There is no bill"):
            billed.record_came_back(replace(back_of(1), bill_id="B-nothing"))


class TestWhatGoesOutLate:
    DUE = ISSUED + timedelta(days=40)

    def test_is_due_later_and_keeps_the_bill(self, billed: Store) -> None:
        billed.record_documents([document_of(1, due_day=self.DUE), document_of(2)])
        copy = document_of(3, kind=DocumentKind.DUPLICATE, due_day=self.DUE)
        billed.record_documents([copy])
        names = [name_of(number) for number in (1, 2, 3)]
        with billed.viewing(ANALYST, []):
            assert billed.later_due_days(names) == {name_of(1): self.DUE}
            assert billed.documents_of_bills(names)[name_of(1)][0].due_day == self.DUE
            money = billed.account_money([account_id(1)], with_due_days=True)[account_id(1)]
            first = min(money.bills, key=lambda one: one.issued_day)
            assert first.due_on(self.DUE, LATER) == self.DUE
            not_yet = LATER - timedelta(seconds=1)
            assert first.due_on(self.DUE, not_yet) == first.due_day == bill_of(1)[0].due_day
            assert dict(money.due_days)[f"bill:{name_of(1)}"] == bill_of(1)[0].due_day
            aged = billed.each_owing(ISSUED + timedelta(days=60), lambda one, mine: mine)
            assert first in next(one for one in aged if one.account_id == account_id(1)).bills

    def test_is_late_as_known_then_and_in_columns_alike(self, billed: Store) -> None:
        """The first was sent late, the second came back, the third was set aside."""
        sent_at, printed_at = LATER + timedelta(hours=1), LATER + timedelta(hours=2)
        billed.record_documents([document_of(1, due_day=self.DUE, made_at=sent_at)])
        back = document_of(2, channel=Channel.ELECTRONIC, made_at=sent_at)
        aside = SetAside(name_of(3), account_id(3), RUN, "a letter", sent_at)
        billed.record_documents([back], [aside])
        billed.record_came_back(replace(back_of(2), learned_at=sent_at))
        accounts = [account_id(number) for number in (1, 2, 3)]

        def told(at: datetime) -> list[tuple[date | None, bool]]:
            found = billed.late_histories(accounts, at)
            bills = [min(found[one].bills, key=lambda each: each.issued_day) for one in accounts]
            have, want = billed.late_columns(accounts, at), columns_of(list(found.values()))
            told_alone = billed.late_bills([*accounts, account_id(7)], at)
            assert told_alone == {one: found[one].bills for one in accounts}
            assert sorted(have.bills.due) == sorted(want.bills.due)
            assert have.one_by_one.tolist() == want.one_by_one.tolist()
            return [(one.later_due, one.is_delivered) for one in bills]

        with billed.viewing(ANALYST, []):
            assert told(sent_at - timedelta(seconds=1)) == [(None, True)] * 3
            assert told(sent_at) == [(self.DUE, True), (None, False), (None, False)]
        printed = [document_of(one, made_at=printed_at, due_day=self.DUE) for one in (2, 3)]
        billed.record_documents(printed)
        with billed.viewing(ANALYST, []):
            assert told(sent_at) == [(self.DUE, True), (None, False), (None, False)]
            assert told(printed_at) == [(self.DUE, True)] * 3


class TestReadingForMany:
    def test_bills_of_a_cycles_day(self, billed: Store) -> None:
        with billed.viewing(ANALYST, []):
            found = [one.bill_id for one in billed.bills_issued(15, ISSUED)]
            assert found == [name_of(1), name_of(2)]
            assert [one.bill_id for one in billed.bills_issued(3, ISSUED)] == [name_of(3)]
            assert billed.bills_issued(15, ISSUED + timedelta(days=1)) == []

    def test_bills_and_entries_of_accounts_are_those_of_each(self, billed: Store) -> None:
        billed.record_payment(*payment_of(1))
        accounts = [account_id(1), account_id(3), account_id(1)]
        with billed.viewing(ANALYST, []):
            bills = billed.bills_of_accounts(accounts)
            entries = billed.entries_of_accounts(accounts)
            assert set(bills) == set(entries) == set(accounts)
            for account in set(accounts):
                assert bills[account] == billed.issued_bills_of_account(account)
                assert entries[account] == billed.entries_of_account(account)
            assert [len(entries[account]) for account in accounts[:2]] == [3, 1]

    def test_cancelled_bills_are_among_them(self, billed: Store) -> None:
        """What was asked before a correction is what the cancelled bill asked."""
        billed.record_rebills([rebill_of(1)])
        with billed.viewing(ANALYST, []):
            found = billed.bills_of_accounts([account_id(1)])[account_id(1)]
            assert found == billed.issued_bills_of_account(account_id(1))
        assert [one.bill_id for one in found if one.cancelled_by] == [name_of(1)]


class TestTemperatures:
    def test_are_those_learned_last_as_known_then(self, store: Store) -> None:
        first, second = date(2025, 7, 1), date(2025, 7, 2)
        days = DaySpan(first, date(2025, 7, 5))
        told = DailyTemperature("KSTL", first, 801, "a service", LATER)
        assert store.record_temperatures([told, replace(told, day=second, mean_tenths_f=-7)]) == 2
        assert store.record_temperatures([told]) == 0
        hour = timedelta(hours=1)
        corrected = replace(told, mean_tenths_f=795, learned_at=LATER + hour)
        assert store.record_temperatures([corrected]) == 1
        assert store.temperatures("KSTL", days, LATER - hour) == {}
        assert store.temperatures("KSTL", days, LATER) == {first: 801, second: -7}
        assert store.temperatures("KSTL", days, LATER + hour) == {first: 795, second: -7}
        assert store.temperatures("KCOU", days, LATER) == {}
        assert store.temperatures("KSTL", DaySpan(second, date(2025, 7, 3)), LATER) == {second: -7}
