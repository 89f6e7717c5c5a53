"""Service starts whole or not at all, and a refusal says what is missing."""

from __future__ import annotations

from datetime import date
from types import ModuleType
from typing import Any

import pytest

from meterledger.rulebook.book import NoSuchValue
from meterledger.rulebook.series import NoRuleInForce
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.start_service import ServiceRefused, stop_service, warnings_of


class TestStartingService:
    def test_records_who_where_by_which_meter_on_what(self, town: Any, towns: ModuleType) -> None:
        agreement = town.start(
            1, people=(("ana", "Ana Rivera"), ("bo", "Bo Li")), tax_place="pagedale"
        )

        (service,) = town.store.services_of_account(town.account_id(1), towns.NOON)
        assert agreement.agreement_id == "0000000018-SP1-20250701"
        assert service.agreement == agreement
        assert service.holders == ("Ana Rivera", "Bo Li")
        assert [one.place for one in service.tax_places] == ["pagedale"]
        assert [one.meter_id for one in service.installations] == ["M1"]
        assert service.billed_until is None

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"account_id": "0000000019"}, "'0000000019' is not an account number (did you mean"),
            ({"account_id": "123"}, "'123' is not an account number. Give 10 digits"),
            ({"account_id": ""}, "'' is not an account number"),
            ({"account_id": "²²²²²²²²²²"}, "is not an account number. Give 10 digits"),
            ({"account_id": "٠٠٠٠٠٠٠٠٠٠"}, "is not an account number. Give 10 digits"),
            ({"people": ()}, "account 0000000018: Nobody is responsible for the account"),
            ({"people": (("a b", "Ana"),)}, "'a b' cannot name a person"),
            ({"people": (("ana", " "),)}, "The name of person ana is empty"),
            ({"cycle": 0}, "There is no reading cycle 0. Name a cycle from 1 to 21"),
            ({"cycle": 22}, "There is no reading cycle 22"),
            ({"multiplier": 0}, "meter M1: A multiplier of 0 cannot be"),
            ({"multiplier": 100_001}, "meter M1: A multiplier of 100001 cannot be"),
            ({"meter_id": ""}, "'' cannot name a meter"),
            ({"meter_id": "M 1"}, "'M 1' cannot name a meter"),
            ({"meter_id": "M1\n"}, "cannot name a meter"),
            ({"premise_id": "-P"}, "'-P' cannot name a premise"),
            ({"service_point_id": "x" * 65}, "cannot name a service point"),
            ({"address": " "}, "The address of premise PR1 is empty"),
            ({"address": "1 Elm\x00Street"}, "not printable"),
            ({"city": "x" * 201}, "The city of premise PR1 is empty, longer than 200"),
            ({"postal_code": ""}, "The postal code of premise PR1 is empty"),
            (
                {"state": "IL"},
                "premise PR1: The utility does not serve in a state 'IL'. Name a "
                "state that utility.yaml of its tariff book names: MO.",
            ),
        ],
    )
    def test_refuses_what_cannot_be_and_records_nothing(
        self, changed: dict[str, Any], words: str, town: Any, towns: ModuleType
    ) -> None:
        with pytest.raises(ServiceRefused) as refused:
            town.start(1, **changed)

        assert words in str(refused.value)
        assert town.store.account_ids() == []

    def test_warns_of_a_business_without_a_place_of_its_sales_tax(
        self, town: Any, towns: ModuleType
    ) -> None:
        view = town.book.as_known(towns.CLASSES_TOLD.date())
        shop = town.request(1, schedule="2M-single-phase")

        (warning,) = warnings_of(shop, view)

        assert warning.startswith(
            "Nobody has said in which sales-tax place premise PR1 lies: the bills of small general "
            "service are held until it is told."
        )
        assert (
            warnings_of(town.request(1, schedule="2M-single-phase", sales_tax_place="none"), view)
            == ()
        )
        assert warnings_of(town.request(1), view) == ()

    def test_takes_the_only_state_the_utility_serves_in(self, town: Any, towns: ModuleType) -> None:
        town.start(1)
        town.start(2, state="MO")

        services = town.services(1, 2, known_at=towns.NOON)
        assert [service.premise.state for service in services] == ["MO", "MO"]

    def test_asks_for_the_state_where_the_utility_serves_in_several(
        self, town: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(town.view, "states", ("MO", "IL"))

        with pytest.raises(ServiceRefused) as refused:
            town.start(1)

        assert str(refused.value) == (
            "premise PR1: Nobody said in which state the premise lies. The utility serves in "
            "several; name one of MO, IL."
        )
        town.start(1, state="IL")
        (service,) = town.services(1)
        assert service.premise.state == "IL"

    def test_before_the_book_said_how_many_cycles_there_are_is_refused(self, town: Any) -> None:
        with pytest.raises(NoRuleInForce, match="'reading_cycle_count' is in force on 2010-12-31"):
            town.start(1, from_day=date(2010, 12, 31))

    @pytest.mark.parametrize("cycle", [1, 21])
    @pytest.mark.parametrize("multiplier", [1, 100_000])
    def test_takes_the_ends_of_what_can_be(self, cycle: int, multiplier: int, town: Any) -> None:
        assert town.start(1, cycle=cycle, multiplier=multiplier)

    def test_on_an_unknown_schedule_is_refused(self, town: Any) -> None:
        with pytest.raises(NoSuchValue, match=r"There is no schedule '1M-never'\. Name one of "):
            town.start(1, schedule="1M-never")

    def test_in_an_unknown_municipality_is_refused(self, town: Any) -> None:
        with pytest.raises(NoSuchValue, match="municipal_gross_receipts_atlantis"):
            town.start(1, tax_place="atlantis")
        assert town.store.account_ids() == []

    def test_before_the_schedule_is_refused(self, town: Any) -> None:
        with pytest.raises(NoRuleInForce, match="in force on 2020-01-01"):
            town.start(1, from_day=date(2020, 1, 1))

    @pytest.mark.parametrize(
        "taken", [{"service_point_id": "SP1", "premise_id": "PR1"}, {"meter_id": "M1"}]
    )
    def test_where_somebody_is_already_is_a_conflict_and_records_nothing(
        self, taken: dict[str, Any], town: Any
    ) -> None:
        town.start(1)
        if "premise_id" in taken:
            taken = {**taken, "address": "1 Elm Street"}

        with pytest.raises(Conflict):
            town.start(2, **taken)

        assert town.store.account_ids() == [town.account_id(1)]

    def test_twice_is_a_conflict(self, town: Any) -> None:
        town.start(1)
        with pytest.raises(Conflict):
            town.start(1)


class TestStoppingService:
    def stop(self, town: Any, towns: ModuleType, agreement_id: str, day: date) -> None:
        stop_service(
            agreement_id=agreement_id, last_day_out=day, learned_at=towns.LATER, store=town.store
        )

    def test_is_known_from_then_on_and_not_before(self, town: Any, towns: ModuleType) -> None:
        agreement = town.start(1)

        self.stop(town, towns, agreement.agreement_id, date(2025, 9, 1))

        def until(moment: Any) -> date | None:
            (service,) = town.store.services_of_account(town.account_id(1), moment)
            return service.agreement.days.until_day  # type: ignore[no-any-return]

        assert until(towns.NOON) is None
        assert until(towns.LAST) == date(2025, 9, 1)

    def test_of_no_such_agreement_is_refused(self, town: Any, towns: ModuleType) -> None:
        with pytest.raises(NotFound, match="A-none"):
            self.stop(town, towns, "A-none", date(2025, 9, 1))

    @pytest.mark.parametrize("day", [date(2025, 6, 1), date(2025, 7, 1), date(2025, 7, 31)])
    def test_before_it_began_or_inside_what_is_billed_is_a_conflict(
        self, day: date, town: Any, towns: ModuleType
    ) -> None:
        agreement = town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 8, 1)))
        town.bill(1, on=date(2025, 8, 1))

        with pytest.raises(Conflict):
            self.stop(town, towns, agreement.agreement_id, day)

    def test_on_the_day_until_which_it_is_billed_is_allowed_once(
        self, town: Any, towns: ModuleType
    ) -> None:
        agreement = town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 8, 1)))
        town.bill(1, on=date(2025, 8, 1))

        self.stop(town, towns, agreement.agreement_id, date(2025, 8, 1))

        assert town.bill(1, on=date(2026, 1, 1), known_at=towns.LAST).issued == []
        with pytest.raises(Conflict, match="ended already"):
            self.stop(town, towns, agreement.agreement_id, date(2025, 9, 1))
