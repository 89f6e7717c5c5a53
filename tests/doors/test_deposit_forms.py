"""Forms of deposits at the desk: seen first, asked then, guaranteed, given back by two people."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from tests.doors.settled_web_town import the_book
from tests.faults.web_doors_of_deposits import NO_GUARANTEE, shops
from tests.journeys.conftest import town_module
from tests.journeys.deposit_town import APPLICANT, Home, home_of
from tests.stores.paper_town import ANALYST, account_id

from meterledger.entrypoints.web import system
from meterledger.entrypoints.web.system import Library
from meterledger.entrypoints.wiring import System
from meterledger.facts.deposits import DepositAct
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.deposit_money import deposit_money

OURS = {"sec-fetch-site": "same-origin"}
ANA = {"author": "Ana Rivera", "reason": "A low score, seen on the report"}
BEN = {"author": "Ben Ito", "reason": "Seen on the deposit's page"}
SCORE = {
    "kind": "initial",
    "given.f.score": "yes",
    "f.score.eaer_score": "650",
    "given.f.identity": "yes",
    "f.identity.asked_for": "false",
    "f.identity.document_shown": "false",
    "f.identity.social_security_number_correct": "false",
    "f.estimated_annual_bill_usd": "1200.00",
}
CONTINUED = {"kind": "continued", "f.tampered_or_diverted": "false", "f.agreement": "none"}
TOLD = {**APPLICANT, "estimated_annual_bill_usd": "1200.00"}
JULY = date(2025, 7, 1)


class Desk:
    """A home, the pages, and what day it is."""

    def __init__(self, client: Any, behind: Behind) -> None:
        self.client, self.behind, self.home = client, behind, behind.home

    def look(self, **typed: str) -> Any:
        return self.client.get(
            "/deposits/ask/", {"account": self.home.account, "look": "yes", **typed}
        )

    def ask(self, seen: str, act: str = "ask", **typed: str) -> Any:
        sent = {"account": self.home.account, "act": act, "seen": seen, **typed}
        return self.client.post("/deposits/ask/", sent, headers=OURS)

    def decide(self, deposit_id: str, act: str, **typed: str) -> Any:
        return self.client.post(
            f"/deposits/{deposit_id}/", {"act": act, **BEN, **typed}, headers=OURS
        )

    def money(self, number: int = -1) -> Any:
        deposits = self.home.deposits()
        found = deposit_money(self.home.account, deposits, self.home.town.store)
        return found[deposits[number].deposit_id]


class Behind:
    """Puts one home behind the pages, on a day."""

    def __init__(self, book: Any = None) -> None:
        towns = town_module()
        self.town = towns.Town(book=book) if book else towns.Town()
        self.viewing = lambda: self.town.store.viewing(towns.VIEWER, [])
        self.today = JULY
        with self.viewing():
            self.home = home_of(self.town)

    def system(self) -> System:
        now = datetime(self.today.year, self.today.month, self.today.day, 17, tzinfo=UTC)
        book = self.town.book
        at = max(now, self.home.now)
        made = System(self.town.store, self.town.lake, book, at, Path())
        return _On(made, self.today)  # type: ignore[return-value]

    def library(self) -> Library:
        return Library(self.town.book, self.home.now)


class _On:
    """The system on a day before what it knows: the town's readings were learned later."""

    def __init__(self, made: System, today: date) -> None:
        self._made, self.today = made, today

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)


@pytest.fixture
def desk(watched_templates: None) -> Iterator[Desk]:
    yield from at_desk(Behind())


def at_desk(behind: Behind) -> Iterator[Desk]:
    from django.test import Client

    before = system.provide(behind)
    client = Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
    with behind.viewing():
        yield Desk(client, behind)
    system.provide(before)


@pytest.fixture
def by_tariff(watched_templates: None, tmp_path: Path) -> Iterator[Desk]:
    """A desk in November, by the book as if the tariff alone were followed in winter."""
    folder = tmp_path / "union_electric_mo6"
    shutil.copytree(default_book_folder(), folder)
    reading = folder / "readings" / "c_cwr_deposit.yaml"
    told = reading.read_text(encoding="utf-8")
    chosen = "{option: most_protective, learned_on"
    assert chosen in told
    reading.write_text(told.replace(chosen, "{option: tariff_only, learned_on"), encoding="utf-8")
    behind = Behind(load_book(folder))
    behind.today = date(2025, 11, 3)
    yield from at_desk(behind)


def text_of(answer: Any) -> str:
    return " ".join(unescape(answer.content.decode()).split())


def seen_of(answer: Any) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]+)"', answer.content.decode())
    assert found, text_of(answer)[-3000:]
    return found[1]


def asked(desk: Desk) -> str:
    """Ask for 200 dollars by the form, and the deposit's id."""
    answer = desk.ask(seen_of(desk.look(**SCORE)), **SCORE, **ANA)
    assert answer.status_code == 302, text_of(answer)
    (deposit,) = desk.home.deposits()
    return str(deposit.deposit_id)


class TestLooking:
    def test_begins_with_the_account_and_what_it_is_for(self, desk: Desk) -> None:
        text = text_of(desk.client.get("/deposits/ask/"))

        assert "For which account" in text
        assert "See whether it may be asked for" not in text

    def test_asks_what_our_books_do_not_say(self, desk: Desk) -> None:
        text = text_of(desk.client.get(f"/deposits/ask/?account={desk.home.account}&kind=initial"))

        assert 'name="f.score.eaer_score"' in text
        assert re.search(r'name="given.f.score" value="yes" checked', text)
        assert 'name="f.credit.owns_or_buys_home"' not in text  # the tests of 2013
        kept = text_of(
            desk.client.get(f"/deposits/ask/?account={desk.home.account}&kind=continued")
        )
        assert 'name="f.bills"' not in kept
        assert 'name="f.small_debt.balance_usd"' not in kept

    def test_shows_the_decision_with_its_clauses_and_writes_nothing(self, desk: Desk) -> None:
        text = text_of(desk.look(**SCORE))

        assert "A deposit of up to $200.00 may be asked for" in text
        assert "the EAER score is 650" in text
        assert re.search(r'<a href="/book/[^"]+">Sheet 139, rev. 1, GRR VI.A.1.c', text)
        assert "It would be due by July 22, 2025" in text
        assert desk.home.deposits() == ()

    def test_says_that_none_may_be_asked_for_and_offers_no_form(self, desk: Desk) -> None:
        text = text_of(desk.look(**{**SCORE, "f.score.eaer_score": "700"}))

        assert "No deposit may be asked for" in text
        assert "No listed reason is met: no deposit" in text
        assert 'name="seen"' not in text

    def test_says_which_fact_is_missing_and_who_has_it(self, desk: Desk) -> None:
        left = {name: value for name, value in SCORE.items() if "score" not in name}

        answer = desk.look(**left)

        assert answer.status_code == 422
        assert "Nobody has told when we served the applicant last, and the risk score." in text_of(
            answer
        )
        assert "order the score from Equifax" in text_of(answer)

    def test_puts_a_fact_that_is_none_beside_its_field(self, desk: Desk) -> None:
        answer = desk.look(**{**SCORE, "f.score.eaer_score": "six"})

        assert answer.status_code == 422
        assert '<a href="#f.score.eaer_score">Go to the field' in text_of(answer)

    @pytest.mark.parametrize("account", ["7", "../x", "0000000018 or 1"])
    def test_of_an_account_that_is_not_there_is_refused(self, desk: Desk, account: str) -> None:
        answer = desk.client.get("/deposits/ask/", {**SCORE, "account": account, "look": "yes"})

        assert answer.status_code == 422
        assert "There is no account" in text_of(answer)

    def test_of_another_class_of_service_is_refused(self, desk: Desk) -> None:
        answer = desk.look(kind="non-residential", **{
            "f.guarantee_offered": "false",
            "f.guarantor_credit_satisfactory": "false",
            "f.company_accepts_guarantee": "false",
        })  # fmt: skip

        assert "A deposit that is non-residential is not for residential service" in text_of(answer)


class TestAsking:
    def test_goes_on_to_the_deposits_page_with_its_letter(self, desk: Desk) -> None:
        answer = desk.ask(seen_of(desk.look(**SCORE)), **SCORE, **ANA)

        (deposit,) = desk.home.deposits()
        assert answer.headers["Location"] == f"/deposits/{deposit.deposit_id}/?done=ask"
        assert deposit.asked is not None
        assert (deposit.asked.by, deposit.asked.cents) == ("Ana Rivera", 200_00)
        page = text_of(desk.client.get(answer.headers["Location"]))
        assert "Asked for. The letter to the customer is below." in page
        letter = desk.client.get(f"/deposits/{deposit.deposit_id}/notice.pdf")
        assert letter.content.startswith(b"%PDF-1.7")

    def test_sent_twice_it_is_asked_for_once(self, desk: Desk) -> None:
        seen = seen_of(desk.look(**SCORE))

        answers = [desk.ask(seen, **SCORE, **ANA) for _ in range(2)]

        assert [one.status_code for one in answers] == [302, 302]
        assert len(desk.home.deposits()[0].steps) == 1

    def test_asked_by_somebody_else_meanwhile_is_refused(self, desk: Desk) -> None:
        seen = seen_of(desk.look(**SCORE))
        desk.ask(seen, **SCORE, **ANA)

        answer = desk.ask(seen, **SCORE, **BEN)

        assert answer.status_code == 422
        assert "was taken already, with other contents" in text_of(answer)

    def test_of_a_part_is_of_that_part(self, desk: Desk) -> None:
        desk.ask(seen_of(desk.look(**SCORE)), **SCORE, **ANA, usd="80.00")

        assert desk.home.deposits()[0].asked_cents == 80_00

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"usd": "200.01"}, "A deposit of $200.01 cannot be asked for"),
            ({"usd": "0"}, "'0' is not an amount above zero"),
            ({"usd": "many"}, "'many'"),
            ({"author": ""}, "Who decides, and why, is missing"),
            ({"act": "shred"}, "No decision was chosen"),
            ({"act": "notice"}, "No decision was chosen"),
            ({"seen": "0000"}, "It is decided otherwise now than on the page"),
            ({"f.score.eaer_score": "651"}, "It is decided otherwise now than on the page"),
            ({"disconnection_notice": "tomorrow"}, "is not a day"),
        ],
    )
    def test_by_half_a_form_writes_nothing(
        self, desk: Desk, typed: dict[str, str], words: str
    ) -> None:
        sent = {"act": "ask", "seen": seen_of(desk.look(**SCORE)), **SCORE, **ANA, **typed}

        answer = desk.client.post(
            "/deposits/ask/", {"account": desk.home.account, **sent}, headers=OURS
        )

        assert (answer.status_code, words in text_of(answer)) == (422, True), text_of(answer)
        assert desk.home.deposits() == ()
        assert ("A deposit of up to" in text_of(answer)) is ("disconnection_notice" not in typed)

    def test_from_another_site_is_refused(self, desk: Desk) -> None:
        answer = desk.client.post(
            "/deposits/ask/", {"account": desk.home.account, "act": "ask", **SCORE, **ANA}
        )

        assert answer.status_code >= 400
        assert desk.home.deposits() == ()

    def test_to_keep_service_needs_its_notice_on_an_earlier_day(self, desk: Desk) -> None:
        desk.home.live(date(2025, 8, 1), 12, late=(3, 5, 7, 9, 11))
        desk.behind.today = date(2026, 8, 1)
        looked = desk.look(**CONTINUED)
        assert "may be asked for, and not yet" in text_of(looked)

        noticed = desk.ask(seen_of(looked), act="notice", **CONTINUED, **ANA, sent_by="mail")

        assert noticed.status_code == 302, text_of(noticed)
        early = desk.ask(seen_of(desk.look(**CONTINUED)), **CONTINUED, **ANA)
        assert "The deposit cannot be asked for before its notice" in text_of(early)
        desk.behind.today = date(2026, 8, 2)
        answer = desk.ask(seen_of(desk.look(**CONTINUED)), **CONTINUED, **ANA)
        assert answer.status_code == 302, text_of(answer)
        (deposit,) = desk.home.deposits()
        assert [one.act for one in deposit.steps] == [DepositAct.NOTICED, DepositAct.ASKED]

    def test_in_the_season_is_refused_with_its_clause(self, desk: Desk) -> None:
        desk.behind.today = date(2025, 12, 1)

        text = text_of(desk.look(**SCORE))

        assert "No deposit may be asked for" in text
        assert 'name="seen"' not in text

    def test_by_the_tariff_alone_shows_novembers_parts_and_asks_for_them(
        self, by_tariff: Desk
    ) -> None:
        winter = {**SCORE, "f.can_pay_at_once": "false"}
        looked = by_tariff.look(**winter)
        text = text_of(looked)
        assert "It may be paid in 6 parts" in text
        assert "$33.33 billed November 3, 2025, due by" in text
        at_once = text_of(by_tariff.look(**SCORE, **{"f.can_pay_at_once": "true"}))
        assert "A deposit of up to $200.00 may be asked for" in at_once
        assert "parts:" not in at_once

        answer = by_tariff.ask(seen_of(looked), **winter, **ANA)

        assert answer.status_code == 302, text_of(answer)
        (deposit,) = by_tariff.home.deposits()
        assert [one.cents for one in deposit.steps[0].parts] == [
            *(33_33, 33_33, 33_34, 33_33, 33_33, 33_34)
        ]
        page = text_of(by_tariff.client.get(answer.headers["Location"]))
        assert "$33.34 billed April 3, 2026" in page


class TestAGuarantor:
    def test_takes_the_place_of_what_is_unpaid(self, desk: Desk) -> None:
        deposit_id = asked(desk)
        assert "A guarantor takes its place" in text_of(desk.client.get(f"/deposits/{deposit_id}/"))

        answer = desk.decide(deposit_id, "guarantee", guarantor="Aunt May", in_writing="yes")

        assert answer.status_code == 302, text_of(answer)
        page = text_of(desk.client.get(f"/deposits/{deposit_id}/"))
        assert "Aunt May guarantees $200.00 in writing" in page
        assert desk.money().unpaid_cents == 0
        again = desk.decide(deposit_id, "guarantee", guarantor="Aunt May", in_writing="yes")
        assert again.status_code == 302
        assert len(desk.home.deposits()[0].steps) == 2

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"guarantor": "Aunt May"}, "A guarantee is given in writing"),
            ({"in_writing": "yes"}, "A guarantee is given in writing"),
            ({"guarantor": "A", "in_writing": "yes", "author": ""}, "Who decides, and why, is"),
            ({"guarantor": "A", "in_writing": "yes", "seen": "7"}, "It is not what it was when"),
        ],
    )
    def test_by_half_a_form_is_refused(self, desk: Desk, typed: dict[str, str], words: str) -> None:
        deposit_id = asked(desk)

        answer = desk.client.post(
            f"/deposits/{deposit_id}/", {"act": "guarantee", **BEN, **typed}, headers=OURS
        )

        assert (answer.status_code, words in text_of(answer)) == (422, True), text_of(answer)
        assert len(desk.home.deposits()[0].steps) == 1

    def test_is_released_after_twelve_good_months(self, desk: Desk) -> None:
        deposit_id = asked(desk)
        desk.decide(deposit_id, "guarantee", guarantor="Aunt May", in_writing="yes")
        desk.home.live(date(2025, 8, 1), 12)
        desk.behind.today = date(2026, 8, 10)
        assert "The guarantor may be released" in text_of(
            desk.client.get(f"/deposits/{deposit_id}/")
        )

        answers = [desk.decide(deposit_id, "back") for _ in range(2)]

        assert [one.status_code for one in answers] == [302, 302]
        assert desk.home.deposits()[0].state == "released"


class TestTheWayBack:
    @pytest.fixture
    def paid(self, desk: Desk) -> Desk:
        deposit_id = asked(desk)
        desk.home.pay(200_00, date(2025, 7, 5))
        desk.home.live(date(2025, 8, 1), 12)
        desk.behind.today = date(2026, 7, 10)
        assert desk.home.deposits()[0].deposit_id == deposit_id
        return desk

    def test_is_no_choice_before_twelve_good_months(self, paid: Desk) -> None:
        paid.behind.today = date(2026, 6, 1)
        deposit_id = paid.home.deposits()[0].deposit_id
        page = text_of(paid.client.get(f"/deposits/{deposit_id}/"))
        assert "It stays for now" in page
        assert "It goes back now" not in page
        assert "We tried to return it" not in page  # it is not to be returned yet

        answer = paid.decide(deposit_id, "back")

        assert (answer.status_code, "Nothing of this deposit is due now" in text_of(answer)) == (
            422,
            True,
        )

    def test_is_asked_for_by_one_and_approved_by_another(self, paid: Desk) -> None:
        paid.behind.today = date(2026, 8, 1)
        deposit_id = paid.home.deposits()[0].deposit_id
        page = text_of(paid.client.get(f"/deposits/{deposit_id}/"))
        assert "It may go back" in page
        assert "GRR VI.C.2" in page

        back = paid.decide(deposit_id, "back")
        assert back.status_code == 302, text_of(back)
        again = paid.decide(deposit_id, "back")
        assert again.status_code == 302
        assert paid.home.deposits()[0].of(DepositAct.GIVEN_BACK)[0].by == "Ben Ito"
        remains = text_of(paid.client.get(f"/deposits/{deposit_id}/"))
        assert "are to go back" in remains

        first = paid.decide(deposit_id, "refund")
        second = paid.decide(deposit_id, "refund")
        address = first.headers["Location"].partition("?")[0]
        assert second.headers["Location"].partition("?")[0] == address
        assert "waits for another person" in text_of(paid.client.get(f"/deposits/{deposit_id}/"))

        mine = paid.client.post(address, {"act": "approve", **BEN}, headers=OURS)
        assert "Ben Ito has asked for this and cannot approve it" in text_of(mine)
        assert paid.money().held_cents > 0
        other = paid.client.post(address, {"act": "approve", **ANA}, headers=OURS)
        assert other.status_code == 302, text_of(other)
        assert paid.money().held_cents == 0
        paid.home.check()

    def test_of_what_is_not_there_is_refused(self, paid: Desk) -> None:
        answer = paid.decide(paid.home.deposits()[0].deposit_id, "refund")

        assert answer.status_code == 422
        assert "Nothing of this deposit is to be refunded now" in text_of(answer)

    def test_nothing_chosen_and_another_site_change_nothing(self, paid: Desk) -> None:
        deposit_id = paid.home.deposits()[0].deposit_id
        steps = len(paid.home.deposits()[0].steps)

        nothing = paid.decide(deposit_id, "")
        elsewhere = paid.client.post(f"/deposits/{deposit_id}/", {"act": "back", **BEN})

        assert (nothing.status_code, elsewhere.status_code >= 400) == (422, True)
        assert len(paid.home.deposits()[0].steps) == steps

    def test_of_a_deposit_that_is_not_there_is_not_found(self, paid: Desk) -> None:
        assert paid.decide("D-0", "back").status_code == 404


def test_a_small_remainder_goes_back_once_the_customer_asks(desk: Desk) -> None:
    """5.00 of deposit and 4.50 open of the final bill: less than a dollar remains."""
    home, store = desk.home, desk.home.town.store
    home.ask(JULY, cents=5_00, told=TOLD)
    home.pay(5_00, date(2025, 7, 5))
    agreement = store.services_of_account(home.account, home.now)[0].agreement
    store.stop_service(agreement.agreement_id, date(2025, 7, 20), home.now)
    assert home.bill(date(2025, 7, 22)) is not None
    home.pay(store.balance_cents(home.account) - 4_50, date(2025, 7, 22))
    home.night(date(2025, 7, 22))
    desk.behind.today = date(2025, 7, 23)
    page = f"/deposits/{home.deposits()[0].deposit_id}/"
    assert "$0.52 go back once the customer asks" in text_of(desk.client.get(page))

    answers = [desk.decide(home.deposits()[0].deposit_id, "request") for _ in range(2)]

    assert [one.status_code for one in answers] == [302, 302]
    text = text_of(desk.client.get(page))
    assert "$0.52 are to go back" in text
    assert "Ask for its refund" in text


class Shops:
    """Shops on paper behind the pages, on a day."""

    def __init__(self) -> None:
        self.store, self.book = MemoryStore(), the_book()
        self.today = date(2026, 12, 2)
        with self.store.viewing(ANALYST, ["all"]):
            shops(self.store)

    def system(self) -> System:
        now = datetime(self.today.year, self.today.month, self.today.day, 17, tzinfo=UTC)
        return System(self.store, None, self.book, now, None)  # type: ignore[arg-type]

    def library(self) -> Library:
        return Library(self.book, self.system().now)

    def deposit(self) -> Any:
        with self.store.viewing(ANALYST, ["all"]):
            (found,) = self.store.deposits_of_accounts([account_id(1)])[account_id(1)]
        return found


class TestABusiness:
    KIND = {"account": account_id(1), "kind": "non-residential", **NO_GUARANTEE}  # noqa: RUF012

    @pytest.fixture
    def behind(self) -> Shops:
        return Shops()

    @pytest.fixture
    def client(self, behind: Shops, watched_templates: None) -> Iterator[Any]:
        from django.test import Client

        before = system.provide(behind)
        yield Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
        system.provide(before)

    @pytest.fixture
    def page(self, client: Any, behind: Shops) -> str:
        """A deposit of 50 dollars was asked for at the desk."""
        seen = seen_of(client.get("/deposits/ask/", {**self.KIND, "look": "yes"}))
        sent = {**self.KIND, "act": "ask", "seen": seen, "usd": "50.00", **ANA}
        answer = client.post("/deposits/ask/", sent, headers=OURS)
        assert answer.status_code == 302, text_of(answer)
        return f"/deposits/{behind.deposit().deposit_id}/"

    def decide(self, client: Any, page: str, act: str, **typed: str) -> Any:
        return client.post(page, {"act": act, **BEN, **typed}, headers=OURS)

    def test_is_reviewed_after_three_years_by_what_somebody_chose(
        self, client: Any, behind: Shops, page: str
    ) -> None:
        pay = {"account": account_id(1), "usd": "215.19", "key": "R-9", "tender": "cash"}
        taken = client.post("/payments/take/", {**pay, "on": "2026-12-02"}, headers=OURS)
        assert taken.status_code == 302, text_of(taken)
        behind.today = date(2029, 12, 1)
        assert "The credit is satisfactory" not in text_of(client.get(page))
        behind.today = date(2029, 12, 2)
        text = text_of(client.get(page))
        assert "The customer’s credit is to be reviewed" in text
        assert "The credit is satisfactory" in text

        answers = [self.decide(client, page, "not_satisfactory") for _ in range(2)]

        assert [one.status_code for one in answers] == [302, 302]
        (reviewed,) = behind.deposit().of(DepositAct.REVIEWED)
        assert (reviewed.note, reviewed.by) == ("not_satisfactory", "Ben Ito")
        assert "It stays for now" in text_of(client.get(page))

    def test_that_does_not_satisfy_is_looked_at_again_in_the_same_words(
        self, client: Any, behind: Shops, page: str
    ) -> None:
        pay = {"account": account_id(1), "usd": "215.19", "key": "R-9", "tender": "cash"}
        client.post("/payments/take/", {**pay, "on": "2026-12-02"}, headers=OURS)
        for behind.today in (date(2029, 12, 2), date(2030, 12, 2)):
            assert "The credit is satisfactory" in text_of(client.get(page))
            for _ in range(2):
                assert self.decide(client, page, "not_satisfactory").status_code == 302

        reviews = behind.deposit().of(DepositAct.REVIEWED)
        assert [one.on.year for one in reviews] == [2029, 2030]
        behind.today = date(2031, 12, 2)
        assert self.decide(client, page, "satisfactory").status_code == 302
        assert "It goes back now" in text_of(client.get(page))

    @pytest.mark.parametrize(("not_accepted", "status"), [("", 302), ("yes", 422)])
    def test_takes_a_guarantor_only_whose_credit_satisfies_us(
        self, client: Any, behind: Shops, page: str, not_accepted: str, status: int
    ) -> None:
        assert "credit does not satisfy us" in text_of(client.get(page))

        answer = self.decide(
            *(client, page, "guarantee"),
            guarantor="A bank",
            in_writing="yes",
            not_accepted=not_accepted,
        )

        assert answer.status_code == status
        assert (behind.deposit().guarantee is None) is bool(not_accepted)


@pytest.fixture
def held(desk: Desk) -> Desk:
    """200 dollars are held; it is September, and nothing goes back yet."""
    asked(desk)
    desk.home.pay(200_00, date(2025, 7, 5))
    desk.behind.today = date(2025, 9, 1)
    return desk


def page_of(desk: Desk) -> str:
    return text_of(desk.client.get(f"/deposits/{desk.home.deposits()[0].deposit_id}/"))


class TestADispute:
    def test_is_told_and_settled_once_each(self, held: Desk) -> None:
        deposit_id = held.home.deposits()[0].deposit_id
        assert "Something is in dispute" in page_of(held)

        told = [held.decide(deposit_id, "dispute", about="another_matter") for _ in range(2)]

        assert [one.status_code for one in told] == [302, 302], text_of(told[0])
        page = page_of(held)
        assert "In dispute: another matter" in page
        assert ("The dispute is over" in page, "Something is in dispute" in page) == (True, False)
        over = [held.decide(deposit_id, "settle") for _ in range(2)]
        assert [one.status_code for one in over] == [302, 302], text_of(over[0])
        assert "The dispute is settled" in page_of(held)
        acts = [one.act for one in held.home.deposits()[0].steps]
        assert acts == [DepositAct.ASKED, DepositAct.DISPUTED, DepositAct.SETTLED]

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"act": "dispute", "about": "the weather"}, "is nothing that a dispute is about"),
            ({"act": "dispute"}, "is nothing that a dispute is about"),
            ({"act": "settle"}, "No dispute is open"),
            ({"act": "dispute", "about": "another_matter", "author": ""}, "Who decides, and why"),
            ({"act": "dispute", "about": "another_matter", "seen": "9"}, "It is not what it was"),
        ],
    )
    def test_by_half_a_form_is_refused(self, held: Desk, typed: dict[str, str], words: str) -> None:
        deposit_id = held.home.deposits()[0].deposit_id

        answer = held.decide(deposit_id, **typed)

        assert (answer.status_code, words in text_of(answer)) == (422, True), text_of(answer)
        assert len(held.home.deposits()[0].steps) == 1

    def test_lets_a_deposit_that_could_go_back_wait(self, held: Desk) -> None:
        held.home.live(date(2025, 8, 1), 12)
        held.behind.today = date(2026, 8, 1)
        deposit_id = held.home.deposits()[0].deposit_id
        assert "It goes back now" in page_of(held)

        held.decide(deposit_id, "dispute", about="disconnection_for_nonpayment")

        page = page_of(held)
        assert "It may go back, and may wait for a dispute" in page
        assert "It goes back now" not in page
        held.decide(deposit_id, "settle")
        assert "It goes back now" in page_of(held)


class TestAnAgreement:
    def test_gives_up_what_is_unpaid(self, desk: Desk) -> None:
        deposit_id = asked(desk)
        typed = {"made_on": "2025-07-01", "broken": ""}

        answers = [desk.decide(deposit_id, "agreement", **typed) for _ in range(2)]

        assert [one.status_code for one in answers] == [302, 302], text_of(answers[0])
        assert desk.money().unpaid_cents == 0
        page = page_of(desk)
        assert "$200.00 that were unpaid are given up" in page
        assert "A Cold Weather agreement was made" not in page

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"made_on": ""}, "is not a day"),
            ({"made_on": "soon"}, "'soon' is not a day"),
            ({"made_on": "2025-06-01"}, "The agreement cancels nothing"),
        ],
    )
    def test_of_no_day_or_broken_is_refused(
        self, desk: Desk, typed: dict[str, str], words: str
    ) -> None:
        answer = desk.decide(asked(desk), "agreement", **typed)

        assert (answer.status_code, words in text_of(answer)) == (422, True), text_of(answer)
        assert desk.money().unpaid_cents == 200_00


class TestAnEffort:
    def test_ends_interest_and_stays(self, held: Desk) -> None:
        held.home.live(date(2025, 8, 1), 12)
        held.behind.today = date(2026, 8, 1)
        deposit_id = held.home.deposits()[0].deposit_id
        held.decide(deposit_id, "back")
        assert "We tried to return it" in page_of(held)

        answers = [held.decide(deposit_id, "effort", how="A check, mailed") for _ in range(2)]
        nothing = held.decide(deposit_id, "effort", how=" ")

        assert [one.status_code for one in answers] == [302, 302], text_of(answers[0])
        assert "An effort without its way is no record" in text_of(nothing)
        assert "Effort to return it: A check, mailed" in page_of(held)
        assert len(held.home.deposits()[0].of(DepositAct.EFFORT)) == 1
        assert "Ask for its refund" in page_of(held)


class TestAMove:
    @pytest.fixture
    def next_home(self, held: Desk) -> Home:
        held.home.town.start(2, people=(("P1", "Person 1"),), from_day=date(2025, 9, 1))
        return Home(held.home.town, 2, now=held.home.now)

    def test_takes_two_people_and_goes_on_to_the_other_account(
        self, held: Desk, next_home: Home
    ) -> None:
        deposit_id = held.home.deposits()[0].deposit_id
        assert f'<option value="{next_home.account}">' in page_of(held)
        typed = {"to_account": next_home.account, "approver": "Ana Rivera"}

        answers = [held.decide(deposit_id, "move", **typed) for _ in range(2)]

        (there,) = next_home.deposits()
        address = f"/deposits/{there.deposit_id}/?done=move"
        assert [one.headers.get("Location") for one in answers] == [address, address]
        assert "It has moved to this account" in text_of(held.client.get(address))
        (money,) = next_home.money().values()
        assert (money.held_cents, money.first_received) == (200_00, date(2025, 7, 5))
        assert there.steps[0].reason == "Seen on the deposit's page; approved by Ana Rivera"
        assert f"moved to deposit {there.deposit_id}" in page_of(held)
        held.home.check()
        next_home.check()

    @pytest.mark.parametrize("approver", ["", "Ben Ito", " ben  ito "])
    def test_by_one_person_is_refused(self, held: Desk, next_home: Home, approver: str) -> None:
        deposit_id = held.home.deposits()[0].deposit_id

        answer = held.decide(deposit_id, "move", to_account=next_home.account, approver=approver)

        assert answer.status_code == 422
        assert "Moving a deposit needs two different people" in text_of(answer)
        assert next_home.deposits() == ()

    def test_to_somebody_else_is_refused_and_both_accounts_are_logged(
        self, held: Desk, next_home: Home
    ) -> None:
        held.home.town.start(3, people=(("P3", "Person 1"),), from_day=date(2025, 9, 1))
        stranger = held.home.town.account_id(3)
        assert stranger not in page_of(held)

        answer = held.decide(
            held.home.deposits()[0].deposit_id, "move", to_account=stranger, approver="Zoe"
        )

        assert "is not another account of the same customer" in text_of(answer)
        assert held.home.town.store.read_log[-1][1] == (held.home.account, stranger)

    def test_is_no_choice_without_another_account_or_while_it_is_unpaid(self, desk: Desk) -> None:
        asked(desk)
        desk.home.town.start(2, people=(("P1", "Person 1"),), from_day=date(2025, 7, 1))
        assert "It moves to another account" not in page_of(desk)

        desk.home.pay(200_00, JULY)
        assert "It moves to another account" in page_of(desk)
