"""Pages say what the store and the book say, in words; every kind of "no" is a page."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from tests.doors.web_town import PEOPLE, WebTown
from tests.journeys.town import VIEWER

from meterledger.entrypoints.web import system
from meterledger.facts.bills import read_record
from meterledger.kernel.ids import with_check_digit
from meterledger.kernel.money import usd_display


def text_of(response: HttpResponse) -> str:
    """What a reader sees: no tags, one space where there was any."""
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def links_of(response: HttpResponse) -> list[str]:
    return [unescape(href) for href in re.findall(r'href="([^"]+)"', response.content.decode())]


def bill_address(bill: Any) -> str:
    return f"/bills/{bill.bill_id}/"


class TestTheFrontPage:
    def test_adds_up_bills_and_journal_to_one_number(
        self, client: Client, web_town: WebTown
    ) -> None:
        billed = sum(bill.total_cents for number in PEOPLE for bill in web_town.bills(number))

        said = text_of(client.get("/"))

        assert f"Billed {usd_display(billed)} Posted {usd_display(billed)}" in said
        assert "What was billed is what was posted, to the cent." in said

    def test_lists_accounts_without_a_name_or_an_address(self, client: Client) -> None:
        said = text_of(client.get("/"))

        assert "0000000018 A. R., T. M. University City Anytime Users $0.00" in said
        assert "Rivera" not in said
        assert "Elm Street" not in said

    @pytest.mark.parametrize("typed", ["0000000026", " 000-000-0026 ", "00000 00026"])
    def test_finds_an_account_however_it_is_typed(self, typed: str, client: Client) -> None:
        response = client.get("/", {"account": typed})

        assert response.headers["location"] == "/accounts/0000000026/"

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ("0000000027", "'0000000027' is not an account number."),
            ("0000000027", "Did you mean 0000000026?"),
            ("12", "An account number has 10 digits, the last checking the others."),
            ("０００００００００1", "is not an account number."),
            (with_check_digit("999999999"), "There is no account 999999999"),
            ("<b>x</b>", "'<b>x</b>' is not an account number."),
        ],
    )
    def test_says_what_is_wrong_with_a_number(self, typed: str, words: str, client: Client) -> None:
        response = client.get("/", {"account": typed})

        assert response.status_code == 422
        assert words in text_of(response)
        assert "<b>x" not in response.content.decode()


class TestAnAccountsPage:
    def test_says_who_and_where_and_what_is_owed(self, client: Client, web_town: WebTown) -> None:
        said = text_of(client.get("/accounts/0000000026/"))

        with web_town.town.store.viewing(VIEWER, []):
            owed = web_town.town.store.balance_cents("0000000026")
        assert "Grace Okafor person P2 408 Pagedale Avenue, Apartment 3 Pagedale, MO 63133" in said
        shown = usd_display(owed)
        assert f"Owed now {shown} {shown} of it is past due" in said

    def test_names_everybody_who_is_responsible(self, client: Client) -> None:
        assert "Ana Rivera person P1 Tomás Müller-Nguyễn person P1b" in text_of(
            client.get("/accounts/0000000018/")
        )

    def test_shows_a_credit_as_one(self, client: Client) -> None:
        assert "Credit $25.00 Nothing to pay" in text_of(client.get("/accounts/0000000034/"))

    def test_says_when_bills_are_due_and_how_they_are_sent(self, client: Client) -> None:
        said = text_of(client.get("/accounts/0000000018/"))
        assert "Bills are due as usual; no day was chosen" in said
        assert "Bills are sent on paper, as nobody has said otherwise" in said

    def test_shows_payments_against_the_oldest_bill_first(
        self, client: Client, web_town: WebTown
    ) -> None:
        said = text_of(client.get("/accounts/0000000026/"))
        first, second, *_ = (bill.total_cents for bill in web_town.bills(2))

        assert f"Paid {usd_display(first)} $0.00" in said
        assert f"Partly paid {usd_display(second)} {usd_display(second - 40_00)}" in said

    def test_tells_the_balance_step_by_step_to_what_is_owed(
        self, client: Client, web_town: WebTown
    ) -> None:
        response = client.get("/accounts/0000000018/")

        assert response.status_code == 200
        steps = response.context["story"]
        assert [step.balance_cents for step in steps][-1] == 0
        assert sum(step.cents for step in steps) == 0
        assert "Cash payment R-1-1" in text_of(response)
        assert f"Bill for {web_words(web_town.bills(1)[0])}" in text_of(response)


def web_words(bill: Any) -> str:
    from meterledger.entrypoints.web.words import span_words

    return span_words(bill.days)


class TestABillsPage:
    def test_shows_printed_posted_and_recorded_as_one_number(
        self, client: Client, web_town: WebTown
    ) -> None:
        for number in PEOPLE:
            for bill in web_town.bills(number):
                said = text_of(client.get(bill_address(bill)))
                due = bill.previous_balance_cents + bill.total_cents
                assert f"Total of this bill {usd_display(bill.total_cents)}" in said
                assert usd_display(due) in said

    def test_names_the_lines_that_stand_on_assumed_values(
        self, client: Client, web_town: WebTown
    ) -> None:
        bill = web_town.bills(1)[1]
        record = read_record(bill.record)
        said = text_of(client.get(bill_address(bill)))

        notice = said[said.index("This bill uses assumed values") : said.index("Your use")]
        assumed = {line["label"] for line in record["lines"] if line["standing"] == "assumed"}
        assert assumed
        assert all(label in notice.partition("Taken from")[0] for label in assumed)

    def test_leads_every_line_to_the_entry_of_the_book_in_force(
        self, client: Client, web_town: WebTown
    ) -> None:
        for number in PEOPLE:
            bill = web_town.bills(number)[1]
            page = client.get(bill_address(bill))
            lines = [line for group in page.context["groups"] for line in group.lines]
            assert len(lines) == len(read_record(bill.record)["lines"])
            for line in lines:
                address, _, anchor = line.clause.address.partition("#")
                clause = client.get(address)
                assert clause.status_code == 200, address
                assert f'id="{anchor}"' in clause.content.decode(), line.clause.address
                began = date.fromisoformat(anchor.removeprefix("from-"))
                assert began <= line.words.from_day
                assert line.words.series in text_of(clause)

    def test_shows_the_clause_with_the_price_on_the_line(
        self, client: Client, web_town: WebTown
    ) -> None:
        page = client.get(bill_address(web_town.bills(1)[1]))
        lines = [line for group in page.context["groups"] for line in group.lines]
        fuel = [line for line in lines if line.words.label == "Fuel adjustment charge"]
        assert [line.words.price for line in fuel] == ["$0.00395", "$0.00362"]  # 1 October
        assert len({line.clause.address for line in fuel}) == 2

    def test_has_every_day_of_the_chart_in_numbers(self, client: Client, web_town: WebTown) -> None:
        for bill in (web_town.bills(1)[2], web_town.bills(4)[2]):  # over the end of daylight time
            page = client.get(bill_address(bill))
            daily = read_record(bill.record)["usage"]["daily_wh"]
            assert [energy for _, energy in page.context["days"]] == daily
            assert page.content.decode().count("<rect") == len(daily) == bill.days.day_count
            assert f"{daily[0] // 1000}.{daily[0] % 1000:03d}" in text_of(page)

    def test_shows_what_it_was_made_with(self, client: Client, web_town: WebTown) -> None:
        bill = web_town.bills(5)[0]
        said = text_of(client.get(bill_address(bill)))
        pins = read_record(bill.record)["pins"]
        assert all(str(pin) in said for pin in pins.values())
        assert bill.record_sha256 in said

    def test_hands_out_the_record_byte_for_byte(self, client: Client, web_town: WebTown) -> None:
        bill = web_town.bills(3)[1]
        response = client.get(f"/bills/{bill.bill_id}/record.json")
        assert response.content == bill.record
        assert response.headers["content-type"].startswith("application/json")

    def test_says_so_when_it_is_paid(self, client: Client, web_town: WebTown) -> None:
        bill = web_town.bills(1)[1]
        said = text_of(client.get(bill_address(bill)))
        assert "Paid; it was due by October 23, 2025" in said
        assert "Nothing of this bill is open." in said

    def test_leads_by_a_clause_to_the_provision_and_the_printed_page_where_they_are_held(
        self, client: Client, web_town: WebTown
    ) -> None:
        said = set()
        for link in links_of(client.get(bill_address(web_town.bills(2)[1]))):
            if link.startswith("/book/") and "?known=" in link:
                said |= {one.split("/")[2] for one in links_of(client.get(link)) if "/book/" in one}
        assert {"provisions", "sheets", "chapters"} <= said


class TestTheBook:
    def test_opens_every_page_that_its_contents_name(self, client: Client) -> None:
        links = {link for link in links_of(client.get("/book/")) if link.startswith("/book/")}
        assert {"/book/schedules/1M-smart/", "/book/chapters/riders/", "/book/rules/"} <= links
        for link in sorted(links):
            assert client.get(link).status_code == 200, link

    def test_shows_every_value_that_no_text_states(self, client: Client, web_town: WebTown) -> None:
        view = web_town.library().view
        contents = client.get("/book/")
        shown: set[str] = set()
        for link in links_of(contents):
            if link.startswith("/book/chapters/"):
                shown |= {one.partition("#")[0] for one in links_of(client.get(link))}
        for name in view.names():
            if view.kind_of(name) == "schedule":
                if not view.series(name).values:
                    continue  # nobody knows it yet, and no page can tell it
                assert f"/book/schedules/{name}/" in links_of(contents)
            elif not view.provision_of(name):
                assert f"/book/{name}/" in shown, name

    def test_shows_value_days_standing_citation_and_source_of_every_entry(
        self, client: Client, web_town: WebTown
    ) -> None:
        said = text_of(client.get("/book/anytime_summer_usd_per_kwh/"))
        assert "June 1, 2025, until further notice" in said
        assert "$0.156 per kWh" in said
        assert "Sheet 54, Anytime, summer energy" in said
        assert "MO P.S.C. Schedule No. 6" in said
        assert "ER-2024-0319" in said
        assert "Taken from a published secondary source, not from the sheet" in said
        assert "Source HA_PKG" in said

    def test_writes_a_credit_with_its_sign(self, client: Client) -> None:
        assert "-$0.00207 per kWh" in text_of(client.get("/book/fac_usd_per_kwh/"))

    def test_can_be_read_as_it_was_known(self, client: Client, web_town: WebTown) -> None:
        before = text_of(client.get("/book/fac_usd_per_kwh/", {"known": "2026-11-01"}))
        assert "As the tariff book was known on November 1, 2026." in before
        assert "Anything that needs one is held, never guessed." in before
        after = text_of(client.get("/book/fac_usd_per_kwh/", {"known": "2026-11-25"}))
        assert "never guessed" not in after

    def test_sends_the_name_of_a_schedule_to_its_page(self, client: Client) -> None:
        response = client.get("/book/1M-smart/")
        assert response.headers["location"] == "/book/schedules/1M-smart/"


class TestANo:
    @pytest.mark.parametrize(
        ("address", "status", "words"),
        [
            ("/accounts/0000000999/", 404, "There is no account 0000000999."),
            ("/bills/B-nothing/", 404, "There is no bill B-nothing."),
            ("/bills/B-nothing.pdf", 404, "There is no bill B-nothing."),
            ("/book/fac_usd/", 404, "The book has no value called 'fac_usd'."),
            ("/book/fac_usd/", 404, "Names like it: fac_usd_per_kwh"),
            ("/book/schedules/9M/", 404, "There is no schedule '9M'."),
            ("/book/?known=yesterday", 422, "'yesterday' is not a day between 1990 and 2100."),
            ("/book/?known=yesterday", 422, "Write it as year-month-day, like 2026-11-25"),
            ("/nowhere/", 404, "There is no page at this address."),
        ],
    )
    def test_is_a_page_with_what_to_do(
        self, address: str, status: int, words: str, client: Client
    ) -> None:
        response = client.get(address)
        assert response.status_code == status
        assert words in text_of(response)
        assert "What to do" in text_of(response)

    def test_is_json_where_json_was_asked_for(self, client: Client) -> None:
        response = client.get("/bills/B-nothing/record.json")
        assert response.status_code == 404
        assert "There is no bill B-nothing" in response.json()["refusal"]

    def test_of_ours_tells_the_reader_nothing_of_the_fault(
        self, client: Client, web_town: WebTown
    ) -> None:
        class Broken:
            def system(self) -> Any:
                raise RuntimeError("the secret inside")

            def library(self) -> Any:
                return web_town.library()

        before = system.provide(Broken())
        response = client.get("/accounts/0000000018/")
        system.provide(before)
        assert response.status_code == 500
        assert "Something broke on our side, and nothing was changed." in text_of(response)
        assert "secret" not in response.content.decode()
