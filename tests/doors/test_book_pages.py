"""The book is a place to read: chapters, provisions, sheets, readings, rules and coverage.

Over the small book of ``reading_book``; one class at the end walks the real one.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from tests.doors.reading_book import BookOnly, reading_book

from meterledger.entrypoints.web import system
from meterledger.entrypoints.web.system import Library
from meterledger.entrypoints.wiring import open_book
from meterledger.rulebook.loading import default_book_folder, load_book

SOUND_BOOK = Path(__file__).parents[1] / "data" / "broken_tariffs" / "sound_book"


def text_of(response: HttpResponse) -> str:
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def links_of(response: HttpResponse) -> list[str]:
    return [unescape(href) for href in re.findall(r'href="([^"]+)"', response.content.decode())]


@pytest.fixture
def book() -> Iterator[BookOnly]:
    with reading_book() as provider:
        yield provider


@pytest.fixture
def reader(book: BookOnly, watched_templates: None) -> Client:
    """A browser on this machine; what the server would raise, a test sees."""
    return Client(headers={"host": "127.0.0.1"})


LATE = "/book/provisions/late.charge.rate/"
RULE = "/book/rules/late.example/"
ASKED = {"today": "2019-03-20", "f.unpaid_usd": "200.00", "f.kind": "residential"}


class TestTheContents:
    def test_show_instruments_by_rank(self, reader: Client) -> None:
        said = text_of(reader.get("/book/"))

        assert said.index("Statutes Rank 1: Revised Statutes") < said.index(
            "Tariff Rank 3: Schedule"
        )

    def test_count_each_chapters_paragraphs_by_state(self, reader: Client) -> None:
        said = text_of(reader.get("/book/"))

        assert "General rules and regulations V: late payment 3 2 1 0 1" in said
        assert "RSMo 386.820 1 0 0 1 0" in said

    def test_name_values_whose_sheet_is_not_held(self, reader: Client) -> None:
        assert "Fees 1 Second hand" in text_of(reader.get("/book/"))

    def test_lead_to_every_page_and_every_page_opens(self, reader: Client) -> None:
        seen, waiting = set(), {"/book/"}
        while waiting:
            address = waiting.pop()
            seen.add(address)
            response = reader.get(address)
            refused = "today=2010-01-01" in address  # the story of a day before the first sheet
            assert response.status_code == (422 if refused else 200), address
            found = {one.partition("#")[0] for one in links_of(response)}
            waiting |= {one for one in found if one.startswith("/book/")} - seen

        for part in ("chapters", "provisions", "sheets", "readings", "rules"):
            assert any(one.startswith(f"/book/{part}/") for one in seen), part
        assert {"/book/missing/", "/book/coverage/", "/book/late_charge_rate_percent/"} <= seen

    def test_of_links_inside_pages_lead_to_what_is_there(self, reader: Client) -> None:
        for address in ("/book/sheets/sheet-136/", LATE, "/book/chapters/grr_v_late_payment/"):
            for link in links_of(reader.get(address)):
                target, _, anchor = link.partition("#")
                if anchor and target.startswith("/book/"):
                    assert f'id="{anchor}"' in reader.get(target).content.decode(), link


class TestAChapter:
    ADDRESS = "/book/chapters/grr_v_late_payment/"

    def test_shows_what_is_carried_forward_and_why_the_rest_is_silent(self, reader: Client) -> None:
        said = text_of(reader.get(self.ADDRESS))

        assert "As it stands today, November 25, 2026" in said
        assert "draws one and a half percent." in said
        assert "Sheet 136, rev. 1, GRR V.J carried forward past its end" in said
        assert "'late.partial.order' (Order of a partial payment) has left the tariff" in said
        assert "'late.charge.waiver' (One late charge a year is waived) has no text" in said

    @pytest.mark.parametrize(
        ("day", "percent"),
        [("2017-03-31", "draws two percent."), ("2017-04-01", "draws one and a half percent.")],
    )
    def test_shows_how_it_stood_on_a_day(self, day: str, percent: str, reader: Client) -> None:
        assert percent in text_of(reader.get(self.ADDRESS, {"on": day}))

    def test_puts_paragraphs_in_order_with_their_values(self, reader: Client) -> None:
        said = text_of(reader.get(self.ADDRESS, {"on": "2015-01-01"}))

        assert said.index("GRR V.K") < said.index("GRR V.M")
        assert "Rate of the late charge 2 percent" in said

    def test_lists_the_days_on_which_it_changed(self, reader: Client) -> None:
        links = links_of(reader.get(self.ADDRESS))

        assert [link for link in links if "?on=" in link] == [
            f"{self.ADDRESS}?on={day}" for day in ("2013-06-30", "2017-04-01", "2022-02-28")
        ]

    def test_of_values_alone_is_a_table_of_them(self, reader: Client) -> None:
        assert "The fee 15 USD Second hand" in text_of(reader.get("/book/chapters/fees/"))

    def test_that_is_none_names_those_there_are(self, reader: Client) -> None:
        response = reader.get("/book/chapters/grr_x/")

        assert response.status_code == 404
        assert "Read one of fees, grr_v_late_payment, rsmo_386_820" in text_of(response)

    def test_on_no_day_is_refused_in_words(self, reader: Client) -> None:
        response = reader.get(self.ADDRESS, {"on": "soon"})

        assert response.status_code == 422
        assert "'soon' is not a day" in text_of(response)


class TestAProvision:
    def test_shows_every_version_with_what_changed(self, reader: Client) -> None:
        said = text_of(reader.get(LATE))

        newest = said.index("Every version, newest first")
        rest = said[newest:]
        assert rest.index("revision 1") < rest.index("original")
        assert "What changed: One and a half percent instead of two; moved from K to J." in rest
        assert "April 1, 2017 to February 27, 2022 (days inferred)" in rest
        assert "Order XX-2017-0002 Cancelled by XX-2022-0003" in rest
        assert "Confidence Medium. The letter of the paragraph moved." in rest
        assert "At the edges Paid on the delinquent date: nothing." in rest

    def test_says_that_its_text_is_carried_forward_and_links_the_gap(self, reader: Client) -> None:
        response = reader.get(LATE)

        assert "The text is carried forward, and" not in text_of(response)
        assert "the text is carried forward, and every decision on it says so" in text_of(response)
        assert "/book/missing/#m-04" in links_of(response)

    def test_says_the_line_of_time_in_a_table_too(self, reader: Client) -> None:
        response = reader.get(LATE)
        said = text_of(response)
        rate = "Rate of the late charge"

        assert f"{rate} June 30, 2013 to March 31, 2017 2 percent Sheet 136, rev. Original" in said
        assert f"{rate} February 28, 2022, until further notice 1.5 percent" in said
        line = response.context["line"]
        assert [row.name for row in line.rows] == [
            "Text",
            "Rate of the late charge",
            "The bill on which a late charge is shown",
        ]
        assert [bar.look for bar in line.rows[1].bars] == ["filed", "filed", "carried_forward"]

    def test_names_its_rules_stories_and_readings(self, reader: Client) -> None:
        response = reader.get(LATE)
        said = text_of(response)

        assert "Late charge of the example late.example , 5 stories" in said
        assert "Two hundred dollars unpaid cost four at two percent." in said
        assert "Before the first sheet that is held nothing is charged." not in said
        assert "Whether a late charge itself draws a late charge read as compound" in said
        assert {RULE, "/book/readings/late.compound/"} <= set(links_of(response))

    @pytest.mark.parametrize(
        ("day", "words"),
        [
            ("2013-06-29", "is not in force on 2013-06-29"),
            ("2013-06-30", "draws two percent."),
            ("2022-02-27", "read in a filed sheet or statute"),
            ("2022-02-28", "the last filed text, carried forward past its end"),
        ],
    )
    def test_answers_for_a_day(self, day: str, words: str, reader: Client) -> None:
        assert words in text_of(reader.get(LATE, {"on": day}))

    def test_that_waits_for_a_person_says_so(self, reader: Client) -> None:
        said = text_of(reader.get("/book/provisions/late.charge.waiver/"))

        assert "Leave the case in the review queue and find the text (M-04)" in said
        assert "a person decides, and the book refuses" in said
        assert "State M Text missing : The form of the request" in said

    def test_that_nothing_carries_names_its_room(self, reader: Client) -> None:
        said = text_of(reader.get("/book/provisions/late.partial.order/"))

        assert "No rule carries it yet. The room ledger will own one" in said

    def test_that_is_none_names_the_nearest(self, reader: Client) -> None:
        response = reader.get("/book/provisions/late.charge/")

        assert response.status_code == 404
        assert "Ids like it: late.charge.rate" in text_of(response)


class TestASheet:
    ADDRESS = "/book/sheets/sheet-136/"

    def test_shows_all_its_pages_with_dates_and_what_each_paragraph_says(
        self, reader: Client
    ) -> None:
        said = text_of(reader.get(self.ADDRESS))

        assert "Schedule of rates, rank 3" in said
        assert "Cancelled April 1, 2017 by XX-2017-0002" in said
        assert "Effective, as stamped April 1, 2017" in said
        assert "GRR V.K C Carried Rate of the late charge . What is unpaid" in said
        assert "GRR V.J The book states nothing of this paragraph." in said

    @pytest.mark.parametrize(
        ("day", "shown"),
        [("2017-03-31", ["136-0"]), ("2017-04-01", ["136-1"]), ("2022-02-28", [])],
    )
    def test_shows_the_page_in_force_on_a_day(
        self, day: str, shown: list[str], reader: Client
    ) -> None:
        response = reader.get(self.ADDRESS, {"on": day})

        assert [row.block.block for row in response.context["rows"]] == shown

    def test_that_is_not_held_is_said_to_be(self, reader: Client) -> None:
        response = reader.get("/book/sheets/sheet-54/")

        assert response.status_code == 404
        assert "The book holds no sheet 'sheet-54'" in text_of(response)


class TestTheMissingTexts:
    def test_name_the_gap_its_interim_and_who_needs_it(self, reader: Client) -> None:
        response = reader.get("/book/missing/")
        said = text_of(response)

        assert "M-04: Sheet 136, revision 2" in said
        assert "Until it is found Carried forward and flagged." in said
        assert LATE in links_of(response)
        assert "Sheet 54 Schedule 1 Only a summary of it was published." in said


class TestReadings:
    def test_are_listed_by_what_they_change(self, reader: Client) -> None:
        said = text_of(reader.get("/book/readings/"))

        assert "Changes: decisions of rules (1)" in said
        assert "Changes: no decision (1)" in said
        assert "late.compound compound Medium Regulatory affairs" in said

    def test_list_the_values_of_which_one_caps_another(self, reader: Client) -> None:
        said = text_of(reader.get("/book/readings/"))

        assert (
            "July 1, 2021, until further notice Its first day is a reading 15 USD The fee" in said
        )
        assert "Sheet 54, in force 2017-04-01, Fee Schedule 1 10 USD" in said
        assert "The limit, 10 USD" in said

    def test_have_a_page_with_positions_options_and_who_must_confirm(self, reader: Client) -> None:
        said = text_of(reader.get("/book/readings/late.compound/"))

        assert "Practice of the company undated A charge never draws one." in said
        assert "compound Chosen Earlier late charges are in the base." in said
        assert "simple Earlier late charges are left out." in said
        assert "To confirm with Regulatory affairs" in said
        assert "Key late.compound" in said

    def test_name_the_rules_and_stories_that_they_change(self, reader: Client) -> None:
        response = reader.get("/book/readings/late.compound/")
        said = text_of(response)

        assert RULE in links_of(response)
        assert "An earlier charge draws one where the reading compounds." in said
        assert "An earlier charge draws none where the reading is simple." in said
        assert "cost four at two percent" not in said

    def test_that_change_nothing_say_why(self, reader: Client) -> None:
        said = text_of(reader.get("/book/readings/fee.cap_start/"))

        assert "No decision. The fee is below the cap on every day between the two." in said

    def test_of_no_such_key_is_not_found(self, reader: Client) -> None:
        response = reader.get("/book/readings/late/")

        assert response.status_code == 404
        assert "Keys like it: " in text_of(response)


class TestTheMapOfCoverage:
    def test_is_measured_and_leads_to_provisions(self, reader: Client) -> None:
        response = reader.get("/book/coverage/")
        said = text_of(response)

        assert "5 paragraphs of 3 printed pages state 4 provisions." in said
        assert "C Carried: GRR V.J, Rate of the late charge" in said
        assert LATE in links_of(response)

    def test_shows_what_is_claimed_and_is_not_so(self, reader: Client) -> None:
        said = text_of(reader.get("/book/coverage/"))

        assert "no rule uses 'fee_usd'" in said

    def test_keeps_to_the_content_policy(self, reader: Client) -> None:
        content = reader.get("/book/coverage/").content.decode()

        assert " style=" not in content
        assert "<style" not in content

    def test_runs_the_stories_once(self, reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        from meterledger.entrypoints.web import shelf

        runs: list[Any] = []
        monkeypatch.setattr(shelf, "_kept", {})
        monkeypatch.setattr(shelf, "find_stories", lambda folder: runs.append(folder) or [])

        reader.get(LATE)
        reader.get(RULE)

        assert len(runs) == 1


class TestARule:
    def test_says_what_it_decides_and_from_what(self, reader: Client) -> None:
        said = text_of(reader.get(RULE))

        assert "Day that counts the bill on which the charge is shown" in said
        assert "Late charge, USD The late charge." in said
        assert "Carries Rate of the late charge" in said

    def test_tells_its_stories_with_facts_and_outcome(self, reader: Client) -> None:
        said = text_of(reader.get(RULE))

        assert "Two hundred dollars unpaid cost three at one and a half percent." in said
        assert "Given Unpaid, USD 200.00 Earlier charges, USD 0.00 Kind residential" in said
        assert "Then Late charge, USD 3.00 Says 1.5 percent" in said
        assert "It does not hold now" not in said

    def test_leads_from_every_story_to_its_answer(self, reader: Client) -> None:
        tries = [link for link in links_of(reader.get(RULE)) if "today=" in link]

        assert len(tries) == 5
        answers = [reader.get(link) for link in tries]
        assert [one.status_code for one in answers] == [200, 200, 200, 200, 422]
        got = [{n: t for n, t, _ in one.context["answer"].outcome} for one in answers[:4]]
        assert [one["late charge, USD"] for one in got] == ["4.00", "3.00", "4.50", "3.00"]

    def test_decides_on_the_facts_of_the_form_with_reasons_and_clauses(
        self, reader: Client
    ) -> None:
        response = reader.get(RULE, ASKED)
        said = text_of(response)

        assert "Decided for March 20, 2019 Late charge, USD 3.00 Is charged yes" in said
        assert "1.5 percent of what is unpaid Sheet 136, rev. 1, GRR V.J" in said
        assert "/book/late_charge_rate_percent/#from-2017-04-01" in links_of(response)
        assert '"unpaid_usd": "200.00"' in said
        assert response.status_code == 200

    def test_supposes_another_reading_where_asked_and_says_so(self, reader: Client) -> None:
        facts = ASKED | {"f.earlier_charges_usd": "100"}
        as_read = text_of(reader.get(RULE, facts))
        supposed = text_of(reader.get(RULE, facts | {"reading.late.compound": "simple"}))

        assert "Late charge, USD 4.50" in as_read
        assert "Rests on the reading late.compound : compound" in as_read
        assert "Late charge, USD 3.00" in supposed
        assert "Nothing may be issued on this answer." in supposed
        assert "Nothing may be issued" not in as_read

    @pytest.mark.parametrize(
        ("changed", "words", "field"),
        [
            ({"f.unpaid_usd": ""}, "The fact 'unpaid_usd' is missing.", "f.unpaid_usd"),
            ({"f.unpaid_usd": "lots"}, "'lots' stands where an amount of dollars", "f.unpaid_usd"),
            ({"f.kind": "farm"}, "'farm' stands where one of its words", "f.kind"),
            (
                {"f.payments.0.day": "2019-03-01", "f.payments.0.paid_usd": "x"},
                "'x' stands where an amount of dollars is expected",
                "f.payments.0.paid_usd",
            ),
        ],
    )
    def test_refuses_a_fact_beside_its_field(
        self, changed: dict[str, str], words: str, field: str, reader: Client
    ) -> None:
        response = reader.get(RULE, ASKED | changed)

        assert response.status_code == 422
        assert words in text_of(response)
        assert f'id="{field}-problem"' in response.content.decode()
        assert f'href="#{field}"' in response.content.decode()

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"f.unpaid_usd": "-1.00"}, "A credit draws no late charge."),
            ({"today": "2010-01-01"}, "No value of 'late_charge_rate_percent' is in force"),
            ({"today": ""}, "The day that counts is missing."),
            ({"today": "soon"}, "'soon' is not a day between 1990 and 2100."),
            (
                {"f.earlier_charges_usd": "1", "reading.late.compound": "perhaps"},
                "has no option 'perhaps'",
            ),
        ],
    )
    def test_shows_a_no_of_the_rule_or_the_book_with_what_to_do(
        self, changed: dict[str, str], words: str, reader: Client
    ) -> None:
        response = reader.get(RULE, ASKED | changed)

        assert response.status_code == 422
        assert "Not decided" in text_of(response)
        assert words in text_of(response)
        assert 'value="200.00"' in response.content.decode() or "unpaid_usd" in str(changed)

    def test_refuses_an_address_longer_than_facts_are(self, reader: Client) -> None:
        response = reader.get(RULE, ASKED | {"f.notes": "x" * 20_001})

        assert response.status_code == 422
        assert "The facts are longer than 20000 characters" in text_of(response)

    def test_escapes_what_was_typed(self, reader: Client) -> None:
        response = reader.get(RULE, ASKED | {"f.unpaid_usd": '"><b>x</b>'})

        assert "<b>x" not in response.content.decode()

    def test_answers_to_nothing_but_reading(self, reader: Client) -> None:
        assert reader.post(RULE, ASKED).status_code == 405

    def test_that_is_none_names_the_nearest(self, reader: Client) -> None:
        response = reader.get("/book/rules/late/")

        assert response.status_code == 404
        assert "Rules like it: late.example" in text_of(response)


class TestAValuesPage:
    def test_leads_on_to_its_provision_and_its_printed_page(self, reader: Client) -> None:
        response = reader.get("/book/late_charge_rate_percent/")

        assert {LATE, "/book/sheets/sheet-136/#page-136-1"} <= set(links_of(response))
        assert "Days Inferred; the sheet prints none" in text_of(response)
        assert "/book/missing/#m-04" in links_of(response)

    def test_says_that_its_sheet_is_not_held_and_why(self, reader: Client) -> None:
        said = text_of(reader.get("/book/fee_usd/"))

        assert "Its sheet Not held. Only a summary of it was published." in said
        assert "Not held" not in text_of(reader.get("/book/late_charge_rate_percent/"))

    def test_leads_back_to_its_chapter(self, reader: Client) -> None:
        assert "/book/chapters/fees/" in links_of(reader.get("/book/fee_usd/"))

    def test_names_the_limit_over_it_and_the_value_under_it(self, reader: Client) -> None:
        assert "Capped by The most that the fee may be" in text_of(reader.get("/book/fee_usd/"))
        assert "Caps The fee" in text_of(reader.get("/book/fee_cap_usd/"))


class RealBook(BookOnly):
    def library(self) -> Library:
        return Library(self.book, self.now)


class TestTheRealBook:
    """A walk, not its contents: those change with every sheet."""

    @pytest.fixture
    def reader(self, watched_templates: None) -> Iterator[Client]:
        before = system.provide(RealBook(open_book()))
        yield Client(headers={"host": "127.0.0.1"})
        system.provide(before)

    def test_opens_its_contents_and_lists(self, reader: Client) -> None:
        for address in ("/book/", "/book/readings/", "/book/missing/", "/book/rules/"):
            assert reader.get(address).status_code == 200, address

    def test_opens_every_chapter_and_a_provision_and_sheet_of_each(self, reader: Client) -> None:
        for chapter in sorted(set(links_of(reader.get("/book/")))):
            if not chapter.startswith("/book/chapters/"):
                continue
            response = reader.get(chapter)
            assert response.status_code == 200, chapter
            links = sorted(set(links_of(response)))
            for part in ("/book/provisions/", "/book/sheets/"):
                for link in [one for one in links if one.startswith(part)][:2]:
                    assert reader.get(link).status_code == 200, link


class LaterBook(RealBook):
    """As it is known when all of it was entered."""

    def library(self) -> Library:
        return Library(self.book, datetime(2026, 11, 30, 12, tzinfo=UTC))


class TestTheInventedBook:
    """Every value of it has a page, whatever its kind."""

    @pytest.fixture
    def reader(self, watched_templates: None) -> Iterator[Client]:
        book = load_book(default_book_folder().parent / "prairie_light_example")
        before = system.provide(LaterBook(book))
        yield Client(headers={"host": "127.0.0.1"})
        system.provide(before)

    def test_opens_every_rate_option_and_value(self, reader: Client) -> None:
        view = load_book(default_book_folder().parent / "prairie_light_example").as_known(date.max)
        for name in view.names():
            kind = "schedules/" if view.kind_of(name) == "schedule" else ""
            assert reader.get(f"/book/{kind}{name}/").status_code == 200, name

    def test_shows_what_a_schedule_rests_on(self, reader: Client) -> None:
        page = text_of(reader.get("/book/schedules/PL-G3/"))

        assert "Least billing demand" in page
        assert "Reactive demand" in page

    def test_shows_seasons_of_periods_by_their_number_and_of_months_by_their_name(
        self, reader: Client
    ) -> None:
        page = text_of(reader.get("/book/prairie_period_seasons/"))

        assert "period 6, period 7, period 8 and period 9" in page
        assert "June, July, August and September" in page


class TestWhatNobodyKnows:
    def test_has_a_page(self, watched_templates: None) -> None:
        before = system.provide(LaterBook(open_book()))
        reader = Client(headers={"host": "127.0.0.1"})
        for address in ("schedules/2M-single-phase", "sgs_summer_usd_per_kwh", "schedules/11M"):
            assert reader.get(f"/book/{address}/").status_code == 200, address
        system.provide(before)


class TestARateOptionLearnedLater:
    def test_says_that_it_was_not_known_and_does_not_break(
        self, watched_templates: None, tmp_path: Path
    ) -> None:
        folder = shutil.copytree(SOUND_BOOK, tmp_path / "book")
        schedule = folder / "sheet_001" / "1X-times.yaml"
        schedule.write_text(schedule.read_text().replace("2026-01-05", "2026-03-01"))
        before = system.provide(BookOnly(load_book(folder), folder=folder))
        try:
            client = Client(headers={"host": "127.0.0.1"}, raise_request_exception=True)
            early = client.get("/book/schedules/1X-times/?known=2026-02-01")
            later = client.get("/book/schedules/1X-times/?known=2026-03-01")
        finally:
            system.provide(before)

        assert early.status_code in (404, 422)
        assert "1X-times" in text_of(early)
        assert "is in force on" in text_of(early)
        assert later.status_code == 200
