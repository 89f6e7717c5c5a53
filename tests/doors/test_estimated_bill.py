"""An estimated bill says so on its page and on paper, with its share and its clauses."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from tests.doors.usage_web_town import Behind
from tests.journeys.usage_town import DAY, NEXT, UsageTown, usage_town, with_gap

from meterledger.entrypoints.web import system
from meterledger.entrypoints.web.bill_words import bill_words
from meterledger.entrypoints.web.statement_words import CAUSE_WORDS
from meterledger.facts.estimates import EstimateCause
from meterledger.facts.usage_log import ReadingEffort
from meterledger.usecases import estimate_records
from meterledger.usecases.gather_statements import statement_of
from meterledger.usecases.ports import Viewer

OCTOBER = date(2025, 10, 1)
SHOWN = "No reading had arrived for 4 of 2,976 intervals. They were estimated:"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> UsageTown:
    """A home on each option, with four intervals of October estimated; the sixth sent them all."""
    made = usage_town(Path(tmp_path_factory.mktemp("estimated")))
    with made.store.viewing(Viewer("test", "build"), []):
        for number, schedule in enumerate(
            [one for one in made.view.schedule_codes() if one.startswith("1M-")], start=1
        ):
            made.start(number, schedule=schedule, from_day=OCTOBER, tax_place="university_city")
            made.arrive(f"M{number}", (date(2025, 9, 1), date(2025, 11, 1)), with_gap(DAY, 10, 14))
        made.start(9, from_day=OCTOBER)
        made.arrive("M9", (date(2025, 9, 1), date(2025, 11, 1)))
        made.validate()
        made.bill(1, 2, 3, 4, 5, 9, on=date(2025, 11, 1), known_at=NEXT)
    return made


@pytest.fixture
def client(town: UsageTown, watched_templates: None) -> Iterator[Any]:
    from django.test import Client

    before = system.provide(Behind(town))
    yield Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
    system.provide(before)


def bill_of(town: UsageTown, number: int) -> str:
    with town.store.viewing(Viewer("test", "look"), []):
        return str(town.store.bills_of_account(town.account_id(number))[0].bill_id)


def test_the_page_says_it_before_all_else(client: Any, town: UsageTown) -> None:
    page = client.get(f"/bills/{bill_of(town, 1)}/").content.decode()
    assert "This bill is based on estimated usage" in page
    assert SHOWN in page
    assert "0.1 percent of the energy" in page
    notice = page[page.index('id="estimated"') : page.index('id="use"')]
    assert ">Sheet 131, rev. 4, GRR V.E.1</a>" in notice
    assert ">Sheet 131.2, rev. Original, GRR V.E.3.d</a>" in notice


def test_why_there_was_no_reading_is_told_as_it_was_logged(client: Any, town: UsageTown) -> None:
    """The night logged that the meter's device sent nothing (GRR V.E.1)."""
    page = client.get(f"/bills/{bill_of(town, 1)}/").content.decode()
    assert "The reason: the meter&#x27;s device did not send its readings." in page
    with town.store.viewing(Viewer("test", "look"), []):
        stored = town.store.bill(bill_of(town, 1))
        logged = town.store.estimates_of_meter("M1", stored.days)
        made = statement_of(stored, store=town.store, book=town.book, known_at=NEXT)
    estimate = made.usage.estimate
    assert estimate is not None
    assert {one.estimate.cause for one in logged} == {estimate.cause}
    for cause in EstimateCause:
        told = bill_words(
            replace(made, usage=replace(made.usage, estimate=replace(estimate, cause=cause)))
        ).estimate
        assert told is not None
        assert f" The reason: {CAUSE_WORDS[cause]}." in told.sentence
    silent = bill_words(
        replace(made, usage=replace(made.usage, estimate=replace(estimate, cause=None)))
    ).estimate
    assert silent is not None
    assert "reason" not in silent.sentence


def test_the_page_tells_what_was_tried_and_the_paper_does_not(client: Any, town: UsageTown) -> None:
    paper = client.get(f"/bills/{bill_of(town, 2)}.pdf").content
    with town.store.viewing(Viewer("test", "try"), []):
        town.store.record_effort(
            ReadingEffort(
                *(town.pseudonym("M2"), "M2", DAY, "on_demand_read", "no <answer>"),
                *("head-end", NEXT),
            )
        )
    page = client.get(f"/bills/{bill_of(town, 2)}/").content.decode()
    efforts = " ".join(page[page.index('id="efforts"') : page.index('id="contact"')].split())
    assert '<a href="/usage/meters/M2/"><code>M2</code></a>: remote device failed.' in efforts
    assert (
        "The scheduled readings of October 8, 2025 were looked for, and had not all come."
        in efforts
    )
    assert "<li>October 8, 2025: on demand read, no &lt;answer&gt;, by head-end</li>" in efforts
    assert "lacks" not in efforts
    assert client.get(f"/bills/{bill_of(town, 2)}.pdf").content == paper


def test_what_the_record_of_an_estimate_lacks_is_told_with_its_clause(
    client: Any, town: UsageTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an estimate of days that no night has looked at."""
    monkeypatch.setattr(estimate_records, "NIGHT", "another kind of run")
    page = client.get(f"/bills/{bill_of(town, 1)}/").content.decode()
    efforts = page[page.index('id="efforts"') : page.index('id="contact"')]
    assert "The record lacks every effort to obtain an actual reading." in efforts
    assert ">Sheet 131, rev. 4, GRR V.E.1</a>" in efforts
    assert "<code>meterledger review effort</code>" in efforts


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_the_paper_says_it_on_its_face_and_stays_one_sheet(
    client: Any, town: UsageTown, number: int
) -> None:
    answer = client.get(f"/bills/{bill_of(town, number)}.pdf")
    paper = PdfReader(io.BytesIO(answer.content))
    text = " ".join(paper.pages[0].extract_text().split())
    assert len(paper.pages) == 2
    assert "This bill is based on estimated usage" in text
    assert "4 intervals estimated by" in text
    assert "Sheet 131.2, rev. Original, GRR V.E.3.d" in text


def test_of_a_register_days_are_told(town: UsageTown) -> None:
    with town.store.viewing(Viewer("test", "look"), []):
        stored = town.store.bill(bill_of(town, 1))
        made = statement_of(stored, store=town.store, book=town.book, known_at=NEXT)
    estimate = made.usage.estimate
    assert estimate is not None
    days = replace(made, usage=replace(made.usage, estimate=replace(estimate, day_count=3)))
    told = bill_words(days).estimate
    assert told is not None
    assert told.sentence.startswith("The register was not read for 3 of 31 days. Their use was")
    one = replace(made, usage=replace(made.usage, estimate=replace(estimate, day_count=1)))
    told = bill_words(one).estimate
    assert told is not None
    assert told.sentence.startswith("The register was not read for 1 of 31 days. Its use was")


def test_a_bill_on_readings_says_nothing_of_it(client: Any, town: UsageTown) -> None:
    page = client.get(f"/bills/{bill_of(town, 9)}/").content.decode()
    assert "stimated" not in page
    assert "Efforts to read the meter" not in page
    paper = PdfReader(io.BytesIO(client.get(f"/bills/{bill_of(town, 9)}.pdf").content))
    assert "stimated" not in paper.pages[0].extract_text()


def test_the_record_is_the_one_that_was_issued(client: Any, town: UsageTown) -> None:
    record = client.get(f"/bills/{bill_of(town, 1)}/record.json").json()
    assert record["usage"]["estimated"]["percent"] == "0.1"
