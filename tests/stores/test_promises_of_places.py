"""Customers and places: two clocks, no overlap, all or nothing; on memory and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from tests.stores.paper_town import (
    ANALYST,
    CLAUSE,
    FIRST_DAY,
    LATER,
    LEARNED,
    account_id,
    agreement_of,
    bill_of,
    month_of,
    only_agreement,
    start_of,
)
from tests.stores.programs_of_paper import participation_of

from meterledger.facts.participation import Participation
from meterledger.facts.places import Account, BillableService, MeterInstallation, TaxPlace
from meterledger.kernel.decision import Reason
from meterledger.kernel.span import Validity
from meterledger.usecases.ports import Conflict, NotFound, NotViewing, ServiceStart, Store

STOP = date(2025, 4, 1)
AFTER = LATER + timedelta(days=1)


def services(store: Store, number: int = 1, at: datetime = LATER) -> list[BillableService]:
    with store.viewing(ANALYST, [account_id(number)]):
        return store.services_of_account(account_id(number), at)


class TestStartingService:
    def test_records_all_that_a_bill_needs(self, store: Store) -> None:
        store.start_service(start_of(1))

        (service,) = services(store)

        start = start_of(1)
        assert service == BillableService(
            agreement=start.agreement,
            account=Account(account_id(1), 15, FIRST_DAY, LEARNED),
            premise=start.premise,  # type: ignore[arg-type]
            installations=(start.installation,),  # type: ignore[arg-type]
            tax_places=(start.tax_place,),  # type: ignore[arg-type]
            billed_until=None,
            holders=("Ana Rivera 1",),
        )

    def test_names_everybody_responsible_once_in_order_of_their_ids(self, store: Store) -> None:
        start = start_of(1)
        second = replace(start.persons[0], person_id="another", name="Bo Chen")
        store.start_service(
            replace(
                start,
                persons=(*start.persons, second),
                holders=(*start.holders, replace(start.holders[0], person_id="another")),
            )
        )

        assert services(store)[0].holders == ("Bo Chen", "Ana Rivera 1")

    def test_refuses_a_second_agreement_on_one_day_and_names_the_first(self, store: Store) -> None:
        store.start_service(start_of(1))
        other = replace(agreement_of(1, date(2025, 2, 1)), account_id=account_id(1))

        with pytest.raises(
            Conflict, match=r"SP-1 is taken already, 2025-01-01 until further"
        ) as no:
            store.start_service(only_agreement(other))

        assert "agreement AG-1-20250101" in no.value.sentence

    def test_begins_on_the_day_the_former_agreement_ends(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.stop_service(agreement_of(1).agreement_id, STOP, LATER)

        with pytest.raises(Conflict, match="taken already"):
            store.start_service(only_agreement(agreement_of(1, STOP - timedelta(days=1))))
        store.start_service(only_agreement(agreement_of(1, STOP)))

        days = [one.agreement.days for one in services(store, at=LATER + timedelta(days=1))]
        assert days == [Validity(FIRST_DAY, STOP), Validity(STOP)]

    def test_refuses_a_meter_at_two_service_points(self, store: Store) -> None:
        store.start_service(start_of(1))
        second = start_of(2)
        moved = MeterInstallation("SP-2", "M-1", 1, Validity(date(2025, 2, 1)), LEARNED)

        with pytest.raises(Conflict, match=r"Meter M-1 is taken already"):
            store.start_service(replace(second, installation=moved))

    def test_refuses_two_meters_at_one_service_point(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.stop_service(agreement_of(1).agreement_id, STOP, LATER)
        second = MeterInstallation("SP-1", "M-9", 1, Validity(STOP), LEARNED)

        with pytest.raises(Conflict, match=r"Service point SP-1 is taken already.*meter M-1"):
            store.start_service(replace(only_agreement(agreement_of(1, STOP)), installation=second))

    def test_refuses_a_second_tax_place_of_a_premise(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.stop_service(agreement_of(1).agreement_id, STOP, LATER)
        other = TaxPlace("P-1", "none", Validity(STOP), LEARNED)

        with pytest.raises(Conflict, match="tax place of premise P-1 is taken already"):
            store.start_service(replace(only_agreement(agreement_of(1, STOP)), tax_place=other))

    def test_takes_again_what_is_known_with_the_same_contents(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.stop_service(agreement_of(1).agreement_id, STOP, LATER)
        again = start_of(1)

        store.start_service(
            replace(
                again,
                account=replace(again.account, opened_day=STOP),  # type: ignore[type-var]
                agreement=agreement_of(1, STOP),
            )
        )

        found = services(store, at=LATER + timedelta(days=1))
        assert [len(one.installations) for one in found] == [1, 1]
        assert [one.holders for one in found] == [("Ana Rivera 1",)] * 2

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            (
                lambda s: replace(s, account=replace(s.account, cycle=3)),
                r"Account \d+ is known with",
            ),
            (
                lambda s: replace(s, premise=replace(s.premise, city="Clayton")),
                "Premise P-1 is known",
            ),
            (
                lambda s: replace(s, persons=(replace(s.persons[0], name="Somebody"),)),
                "Person person-1 is known with other contents",
            ),
            (
                lambda s: replace(
                    s,
                    service_point=replace(s.service_point, premise_id="P-2"),
                    premise=replace(s.premise, premise_id="P-2"),
                    tax_place=None,
                ),
                "Service point SP-1 is known with other contents",
            ),
        ],
        ids=["account", "premise", "person", "service point"],
    )
    def test_refuses_what_is_known_with_other_contents(
        self, store: Store, changed: object, words: str
    ) -> None:
        store.start_service(start_of(1))
        change = changed
        assert callable(change)

        with pytest.raises(Conflict, match=words):
            store.start_service(change(replace(start_of(1), agreement=agreement_of(1, STOP))))

    @pytest.mark.parametrize(
        ("left_out", "words"),
        [
            ({"account": None}, r"There is no account \d+"),
            ({"persons": ()}, "There is no person person-1"),
            ({"premise": None}, "There is no premise P-1"),
            ({"service_point": None}, "There is no service point SP-1"),
        ],
        ids=["account", "person", "premise", "service point"],
    )
    def test_refuses_what_refers_to_nothing(
        self, store: Store, left_out: dict[str, None], words: str
    ) -> None:
        with pytest.raises(Conflict, match=words):
            store.start_service(replace(start_of(1), **left_out))

        with store.viewing(ANALYST, ["all"]):
            assert store.account_ids() == []

    def test_refuses_an_agreement_name_that_is_used(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])
        store.stop_service(agreement_of(2).agreement_id, STOP, LATER)
        again = replace(agreement_of(2, STOP), agreement_id=agreement_of(1).agreement_id)

        with pytest.raises(Conflict, match=r"Agreement AG-1-20250101 is known already"):
            store.start_service(only_agreement(again))

    def test_changes_nothing_when_one_of_many_is_refused(self, store: Store) -> None:
        clash = replace(start_of(3), agreement=replace(agreement_of(3), service_point_id="SP-2"))

        with pytest.raises(Conflict, match="SP-2 is taken"):
            store.start_services([start_of(1), start_of(2), clash])

        with store.viewing(ANALYST, ["all"]):
            assert store.account_ids() == []
            assert store.services_of_cycle(15, LATER) == []
        assert store.meter_installations(["M-1", "M-2", "M-3"]) == {}
        store.start_services([start_of(1), start_of(2), start_of(3)])

    def test_gives_a_service_point_to_one_of_many_who_ask_at_once(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.stop_service(agreement_of(1).agreement_id, STOP, LATER)
        asking: list[ServiceStart] = []
        for number in range(2, 10):
            start = start_of(number)
            asking.append(
                replace(
                    start,
                    installation=None,
                    agreement=replace(
                        start.agreement, service_point_id="SP-1", days=Validity(STOP)
                    ),
                )
            )

        def ask(start: ServiceStart) -> str:
            try:
                store.start_service(start)
            except Conflict as no:
                return no.sentence
            return "given"

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(ask, asking))

        assert answers.count("given") == 1
        assert all("SP-1 is taken already" in one for one in answers if one != "given")


class TestStoppingService:
    def test_ends_the_agreement_and_leaves_what_was_known(self, store: Store) -> None:
        store.start_service(start_of(1))

        store.stop_service(agreement_of(1).agreement_id, STOP, LATER)

        (before,) = services(store, at=LATER - timedelta(seconds=1))
        (after,) = services(store, at=LATER)
        assert before.agreement == agreement_of(1)
        assert after.agreement.days == Validity(FIRST_DAY, STOP)
        assert after.agreement.learned_at == LATER

    def test_counts_as_learned_after_a_bill_of_the_same_instant(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.record_bills([bill_of(1, known_at=LATER)])

        store.stop_service(agreement_of(1).agreement_id, STOP, LATER)

        (as_billed,) = services(store, at=LATER)
        (now,) = services(store, at=LATER + timedelta(seconds=1))
        assert as_billed.agreement.days == Validity(FIRST_DAY)
        assert now.agreement.days == Validity(FIRST_DAY, STOP)

    def test_may_come_at_the_instant_of_the_start(self, store: Store) -> None:
        store.start_service(start_of(1))

        store.stop_service(agreement_of(1).agreement_id, STOP, LEARNED)

        assert services(store, at=LEARNED)[0].agreement.days == Validity(FIRST_DAY)
        assert services(store)[0].agreement.days == Validity(FIRST_DAY, STOP)

    def test_refuses_an_agreement_nobody_knows(self, store: Store) -> None:
        with pytest.raises(NotFound, match="There is no agreement nobody's"):
            store.stop_service("nobody's", STOP, LATER)

    def test_refuses_a_second_end(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.stop_service(agreement_of(1).agreement_id, STOP, LATER)

        with pytest.raises(Conflict, match="It has ended already on 2025-04-01"):
            store.stop_service(agreement_of(1).agreement_id, STOP, LATER)

    def test_refuses_an_end_before_the_beginning(self, store: Store) -> None:
        store.start_service(start_of(1))

        with pytest.raises(Conflict, match="begins on 2025-01-01 and cannot end on 2025-01-01"):
            store.stop_service(agreement_of(1).agreement_id, FIRST_DAY, LATER)
        store.stop_service(agreement_of(1).agreement_id, FIRST_DAY + timedelta(days=1), LATER)

    def test_refuses_an_end_inside_what_is_billed(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.record_bills([bill_of(1)])
        billed_until = month_of(0).until_day

        with pytest.raises(Conflict, match=f"It is billed until {billed_until}, past 2025-01-30"):
            store.stop_service(
                agreement_of(1).agreement_id, billed_until - timedelta(days=1), LATER
            )
        store.stop_service(agreement_of(1).agreement_id, billed_until, LATER)


class TestReadingPlaces:
    def test_sees_nothing_that_was_learned_later(self, store: Store) -> None:
        store.start_service(start_of(1))

        assert services(store, at=LEARNED - timedelta(seconds=1)) == []
        assert len(services(store, at=LEARNED)) == 1

    def test_reads_a_cycle_by_account_and_first_day(self, store: Store) -> None:
        store.start_services([start_of(3), start_of(1), start_of(2, cycle=7)])
        store.stop_service(agreement_of(1).agreement_id, STOP, LATER)
        store.start_service(only_agreement(agreement_of(1, STOP)))

        with store.viewing(ANALYST, ["cycle 15"]):
            found = store.services_of_cycle(15, LATER + timedelta(days=1))

        assert [(one.account.account_id, one.agreement.days.from_day) for one in found] == [
            (account_id(1), FIRST_DAY),
            (account_id(1), STOP),
            (account_id(3), FIRST_DAY),
        ]

    def test_says_until_when_an_agreement_is_billed(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])
        store.record_bills([bill_of(1, 0), bill_of(1, 1)])

        assert services(store)[0].billed_until == month_of(1).until_day
        assert services(store, 2)[0].billed_until is None

    def test_finds_one_agreement_as_known_then(self, store: Store) -> None:
        store.start_service(start_of(1))

        with store.viewing(ANALYST, [account_id(1)]):
            found = store.service_of_agreement(agreement_of(1).agreement_id, LEARNED)
            assert found.agreement == agreement_of(1)
            with pytest.raises(NotFound, match="There is no agreement AG-1-20250101"):
                store.service_of_agreement(
                    agreement_of(1).agreement_id, LEARNED - timedelta(seconds=1)
                )

    def test_finds_accounts_in_order_and_refuses_an_unknown_one(self, store: Store) -> None:
        store.start_services([start_of(2), start_of(1)])

        with store.viewing(ANALYST, ["all"]):
            assert store.account_ids() == [account_id(1), account_id(2)]
            assert store.account(account_id(2)) == start_of(2).account
            with pytest.raises(NotFound, match="There is no account 4000000016"):
                store.account("4000000016")

    def test_finds_meters_that_are_installed_and_leaves_out_others(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])

        found = store.meter_installations(["M-2", "M-unknown"])

        assert found == {"M-2": [start_of(2).installation]}


class TestFindingAHolder:
    def found(self, store: Store, words: str, limit: int = 9) -> list[tuple[str, str]]:
        with store.viewing(ANALYST, ["names"]):
            return store.accounts_of_holder(words, LATER, limit)

    def test_by_every_word_in_any_order_and_case(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])
        (person,) = start_of(1).persons[:1]
        first, *_, last = person.name.split()

        assert (account_id(1), person.name) in self.found(store, f"{last.upper()} {first[:2]}")
        assert self.found(store, f"{last} nobody-of-that-name") == []

    @pytest.mark.parametrize("words", ["", "  ", "%", "_", "\\", "a\x00"])
    def test_by_no_word_or_a_sign_finds_nobody(self, store: Store, words: str) -> None:
        store.start_service(start_of(1))
        assert self.found(store, words) == []

    def test_at_most_so_many(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])
        assert len(self.found(store, "e", 1)) <= 1

    def test_needs_a_viewer(self, store: Store) -> None:
        with pytest.raises(NotViewing):
            store.accounts_of_holder("ana", LATER, 9)


class TestPeople:
    def test_are_found_by_id_and_by_whole_name(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])
        one, other = start_of(1).persons[0], start_of(2).persons[0]

        with store.viewing(ANALYST, ["people"]):
            assert store.people([one.person_id, "nobody"], []) == {one.person_id: one.name}
            found = store.people([], [other.name.upper(), other.name[:2], "a\x00"])
            assert found[other.person_id] == other.name
            assert set(found.values()) == {other.name}

    def test_of_an_account_are_told_with_their_days(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])
        (person, holder) = (start_of(1).persons[0], start_of(1).holders[0])

        with store.viewing(ANALYST, ["people"]):
            found = store.people_of_account(account_id(1), LATER)
            assert (person.person_id, person.name, holder.days) in found
            assert len(found) == len(start_of(1).holders)
            assert store.people_of_account(account_id(1), LATER - timedelta(days=999)) == []

    def test_need_a_viewer(self, store: Store) -> None:
        with pytest.raises(NotViewing):
            store.people(["P1"], [])
        with pytest.raises(NotViewing):
            store.people_of_account(account_id(1), LATER)


class TestAgreementsAtAPlace:
    def test_are_those_of_whomever_by_first_day_as_known_then(self, store: Store) -> None:
        store.start_service(start_of(1))
        name, point = agreement_of(1).agreement_id, agreement_of(1).service_point_id
        store.stop_service(name, date(2025, 3, 1), LATER)
        other = replace(agreement_of(2, date(2025, 3, 1)), service_point_id=point)
        store.start_service(replace(start_of(2), agreement=other, installation=None))
        with store.viewing(ANALYST, ["a place"]):
            now = store.agreements_at(point, LATER)
            before = store.agreements_at(point, LATER - timedelta(seconds=1))
        assert [one.agreement_id for one in now] == [name, other.agreement_id]
        assert store.served_before(point, date(2025, 3, 1))
        assert not store.served_before(point, date(2025, 2, 28))
        assert before[0].days.until_day is None
        with pytest.raises(NotViewing):
            store.agreements_at(point, LATER)


class TestPuttingAnAgreementOnAnotherOption:
    REASON = Reason("given back to the start of service", CLAUSE)

    def put(self, store: Store, schedule: str = "1M-smart") -> None:
        name = agreement_of(1).agreement_id
        store.put_on_schedule(name, schedule, LATER, [self.REASON])

    def test_is_from_its_first_day_and_was_not_known_before(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.record_bills([bill_of(1, 0)])

        self.put(store)

        (now,) = services(store, at=LATER + timedelta(days=1))
        assert now.agreement.schedule == "1M-smart"
        assert now.agreement.days == agreement_of(1).days
        assert now.billed_until == bill_of(1, 0)[0].days.until_day
        (before,) = services(store, at=LATER - timedelta(seconds=1))
        assert before.agreement.schedule == agreement_of(1).schedule

    def test_its_own_is_refused(self, store: Store) -> None:
        store.start_service(start_of(1))

        with pytest.raises(Conflict, match="is on 1M-anytime already"):
            self.put(store, "1M-anytime")

    def test_of_an_agreement_that_is_not_there_is_refused(self, store: Store) -> None:
        with pytest.raises(NotFound, match="There is no agreement"):
            self.put(store)


class TestChangingTheRateOption:
    REASON = Reason("asked for by the customer", CLAUSE)

    def change(
        self,
        store: Store,
        day: date = STOP,
        programs: Sequence[Participation] = (),
        **other: object,
    ) -> None:
        then = replace(agreement_of(1, day), schedule="1M-smart", learned_at=LATER)
        old = agreement_of(1).agreement_id
        store.change_agreement(old, day, replace(then, **other), [self.REASON], programs)  # type: ignore[arg-type]

    def test_ends_one_agreement_and_begins_the_other_and_both_name_each_other(
        self, store: Store
    ) -> None:
        store.start_service(start_of(1))

        self.change(store)

        first, second = services(store, at=LATER + timedelta(days=1))
        assert first.agreement.days == Validity(FIRST_DAY, STOP)
        assert second.agreement.days == Validity(STOP)
        assert (first.agreement.schedule, second.agreement.schedule) == ("1M-anytime", "1M-smart")
        assert (first.continues, first.continued_by) == ("", second.agreement.agreement_id)
        assert (second.continues, second.continued_by) == (first.agreement.agreement_id, "")

    def test_taken_back_goes_on_as_before(self, store: Store) -> None:
        store.start_service(start_of(1))
        self.change(store)

        store.take_back_agreement(agreement_of(1, STOP).agreement_id, LATER)

        (only,) = services(store, at=LATER + timedelta(days=1))
        assert (only.agreement.schedule, only.agreement.days) == (
            *("1M-anytime", Validity(FIRST_DAY)),
        )
        assert only.continued_by == ""

    def test_what_the_service_takes_part_in_is_kept_with_the_other_or_not_at_all(
        self, store: Store
    ) -> None:
        store.start_service(start_of(1))
        then = agreement_of(1, STOP).agreement_id
        going = replace(participation_of(1), agreement_id=then, days=Validity(STOP))

        with store.viewing(ANALYST, ["everything"]):
            with pytest.raises(Conflict, match="takes part in community_solar"):
                self.change(store, programs=[going, going])
            assert len(services(store, at=LATER + timedelta(days=1))) == 1
            assert store.participations([then]) == {}

            self.change(store, programs=[going])
            (kept,) = store.participations([then])[then]
            assert (kept.days, kept.blocks) == (Validity(STOP), going.blocks)
            assert kept.learned_at == services(store, at=AFTER)[1].agreement.learned_at

            store.take_back_agreement(then, LATER)
            assert store.participations([then]) == {}
            assert store.participations([then], kept.learned_at)[then] == (kept,)

            self.change(store, programs=[going])  # and once more, on the same day
            assert len(store.participations([then])[then]) == 1

    def test_of_a_first_agreement_is_not_taken_back(self, store: Store) -> None:
        store.start_service(start_of(1))

        with pytest.raises(Conflict, match="It continues no other rate option"):
            store.take_back_agreement(agreement_of(1).agreement_id, LATER)

    def test_a_period_parted_from_the_others_is_put_on_another_alone(self, store: Store) -> None:
        """A billed period of cut demand is moved, and the days around it keep their option."""
        store.start_service(start_of(1))
        rate, edges = agreement_of(1).schedule, (month_of(0).until_day, month_of(1).until_day)
        ends, instants = agreement_of(1), (LATER, LATER + timedelta(seconds=1))
        for edge, at in zip(edges, instants, strict=True):
            then = replace(agreement_of(1, edge), schedule=rate, learned_at=at)
            store.change_agreement(ends.agreement_id, edge, then, [self.REASON])
            ends = then
        middle, after = agreement_of(1, edges[0]).agreement_id, LATER + timedelta(hours=1)

        store.put_on_schedule(middle, "1M-smart", after, [self.REASON])

        told = services(store, at=after)
        assert [one.agreement.schedule for one in told] == [rate, "1M-smart", rate]
        assert [one.continued_by for one in told[:2]] == [
            *(one.agreement.agreement_id for one in told[1:])
        ]
        before = services(store, at=after - timedelta(seconds=1))
        assert [one.agreement.schedule for one in before] == [rate] * 3

    def test_is_not_known_before_it_was_learned(self, store: Store) -> None:
        store.start_service(start_of(1))

        self.change(store)

        (only,) = services(store, at=LATER - timedelta(seconds=1))
        assert only.agreement.days == Validity(FIRST_DAY)
        assert only.continued_by == ""

    def test_another_customer_on_the_same_day_continues_nothing(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])
        store.stop_service(agreement_of(1).agreement_id, STOP, LATER)
        other = replace(agreement_of(2, STOP), service_point_id=agreement_of(1).service_point_id)
        store.start_service(only_agreement(replace(other, learned_at=LATER)))

        (first,) = services(store, at=LATER + timedelta(days=1))
        assert first.continued_by == ""
        second = services(store, 2, at=LATER + timedelta(days=1))[-1]
        assert second.agreement.service_point_id == first.agreement.service_point_id
        assert second.continues == ""

    def test_past_what_is_billed_is_refused_and_changes_nothing(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.record_bills([bill_of(1, 0)])

        with pytest.raises(Conflict, match="It is billed until"):
            self.change(store, month_of(0).until_day - timedelta(days=1))

        assert services(store)[0].agreement.days == Validity(FIRST_DAY)

    def test_of_another_account_is_refused_and_changes_nothing(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])

        with pytest.raises(Conflict, match="is no other rate option of it"):
            self.change(store, account_id=account_id(2))

        assert services(store)[0].agreement.days == Validity(FIRST_DAY)

    def test_that_cannot_begin_leaves_the_old_one_going(self, store: Store) -> None:
        """The other agreement exists already: nothing ends."""
        store.start_service(start_of(1))

        with pytest.raises(Conflict):
            self.change(store, days=Validity(STOP - timedelta(days=1)))

        assert services(store)[0].agreement.days == Validity(FIRST_DAY)

    def test_of_an_agreement_that_nobody_has_is_refused(self, store: Store) -> None:
        with pytest.raises(NotFound):
            self.change(store)

    def test_twice_is_refused(self, store: Store) -> None:
        store.start_service(start_of(1))
        self.change(store)

        with pytest.raises(Conflict, match="It has ended already on 2025-04-01"):
            self.change(store, STOP + timedelta(days=1))
