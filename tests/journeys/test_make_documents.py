"""A cycle's documents: each bill goes out once, on paper or not, or is set aside with why."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from tests.doors.statements import NOW
from tests.journeys.town import NOON, VIEWER, Town, even

from meterledger.entrypoints.documents.files import NotWritable, write_run
from meterledger.entrypoints.documents.pool import OnePress
from meterledger.facts.billing_options import Delivery as Medium
from meterledger.facts.billing_options import DeliveryPreference
from meterledger.facts.documents import Channel, Delivery, DocumentKind
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.money import cents_from_text
from meterledger.kernel.span import Validity
from meterledger.rulebook.book import TariffBook
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.stores.memory.vault import MemoryVault
from meterledger.usecases import gather_statements
from meterledger.usecases.document_ports import (
    PaperForAll,
    PreferredDeliveries,
    Printed,
    StatedDeliveries,
    Unprintable,
)
from meterledger.usecases.make_documents import DocumentRun, Paper, make_cycle_documents
from meterledger.usecases.one_document import (
    NotPrinted,
    NotSent,
    check_documents,
    documents_of_bill,
    make_duplicate,
    remade,
    say_it_came_back,
)
from meterledger.usecases.ports import NotFound
from meterledger.usecases.print_file import control_totals, index_rows, print_parts

ISSUED = date(2025, 8, 1)
CYCLE = 1
POSTAL_CODES = {1: "63130", 2: "63033", 3: "63130", 4: "63017"}
PEOPLE = {1: "Ana Rivera", 2: "Grace Okafor", 3: "李伟", 4: "Sam Odell"}


class Documented:
    """Four homes billed for July, the documents' vault, and short words."""

    def __init__(self) -> None:
        self.town = Town()
        self.vault = MemoryVault()
        self.press = OnePress()
        store = self.town.store
        with store.viewing(VIEWER, []):
            for number, postal_code in POSTAL_CODES.items():
                self.town.start(
                    number,
                    people=((f"P{number}", PEOPLE[number]),),
                    postal_code=postal_code,
                    from_day=date(2025, 7, 1),
                )
                self.town.read(f"M{number}", (date(2025, 7, 1), date(2025, 9, 1)), even(90))
            self.town.bill(*POSTAL_CODES, on=ISSUED)

    def bill(self, number: int) -> str:
        with self.town.store.viewing(VIEWER, []):
            bills = self.town.store.bills_of_account(self.town.account_id(number))
        return str(bills[0].bill_id)

    def run(self, *, on: date = ISSUED, cycle: int = CYCLE, **changed: Any) -> DocumentRun:
        with self.town.store.viewing(VIEWER, []):
            return make_cycle_documents(
                cycle=cycle,
                on=on,
                made_at=changed.pop("made_at", NOW),
                sent=changed.pop("sent", on),
                store=self.town.store,
                vault=self.vault,
                press=changed.pop("press", self.press),
                deliveries=changed.pop("deliveries", PaperForAll()),
                book=self.town.book,
            )

    def electronic(self, *numbers: int, address: str = "ana@example.com") -> StatedDeliveries:
        return StatedDeliveries(
            {self.town.account_id(number): Delivery(True, address) for number in numbers}
        )

    def known(self, number: int) -> Any:
        with self.town.store.viewing(VIEWER, []):
            return documents_of_bill(self.bill(number), self.town.store)

    def came_back(self, number: int, reason: str = "mailbox unknown") -> Any:
        with self.town.store.viewing(VIEWER, []):
            return say_it_came_back(
                self.bill(number),
                reason=reason,
                author="Ana",
                learned_at=NOW,
                store=self.town.store,
            )

    def duplicate(self, number: int, on: date = date(2026, 11, 30)) -> Any:
        with self.town.store.viewing(VIEWER, []):
            return make_duplicate(
                self.bill(number),
                on=on,
                made_at=NOW,
                store=self.town.store,
                vault=self.vault,
                press=self.press,
                book=self.town.book,
            )


@pytest.fixture
def homes() -> Documented:
    return Documented()


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def text_of(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


MESSAGE = "New prices begin on September 1: see our web site."


def book_with_messages(tmp_path: Path, first: date, end: date | None) -> TariffBook:
    """The book with a message on bills issued on the days ``[first, end)``."""
    folder = tmp_path / "book"
    shutil.copytree(default_book_folder(), folder)
    contacts = folder / "bill_contacts"
    lines = (contacts / "bill_payment_address.yaml").read_text("utf-8").splitlines()
    cite = next(line for line in lines if "cite:" in line)
    told = [
        "kind: list",
        'meaning: "What every bill of the day tells."',
        'unit: "sentences"',
        "values:",
        f"  - effective_from: {first}",
        f"    effective_until: {end or 'null'}",
        f'    value: ["{MESSAGE}"]',
        "    standing: assumed",
        "    learned_on: 2026-11-29",
        cite,
        '    source: "made up"',
        "    confidence: low",
        "last_checked_on: 2026-11-29",
    ]
    (contacts / "bill_messages.yaml").write_text("\n".join(told) + "\n", "utf-8")
    return load_book(folder)


class TestARun:
    def test_accounts_for_every_bill_in_count_and_in_cents(self, homes: Documented) -> None:
        run = homes.run(deliveries=homes.electronic(4))
        assert [one.document.bill_id for one in run.printed] == [homes.bill(2), homes.bill(1)]
        assert [one.document.bill_id for one in run.electronic] == [homes.bill(4)]
        assert [one.bill_id for one, _ in run.set_aside] == [homes.bill(3)]
        totals: Any = control_totals(run)
        parts = ("printed", "electronic", "set_aside")
        assert totals["bills"]["count"] == 4 == sum(totals[part]["count"] for part in parts)
        cents = [cents_from_text(totals[part]["usd"], where=part) for part in parts]
        assert cents_from_text(totals["bills"]["usd"], where="bills") == sum(cents)
        assert all(cents)

    def test_sets_aside_what_cannot_be_set_and_goes_on(self, homes: Documented) -> None:
        homes.run()
        aside = homes.known(3).set_aside
        assert len(aside) == 1
        assert "cannot be set as an accessible PDF" in aside[0].reason
        assert homes.known(3).documents == ()

    def test_prints_the_messages_of_the_day_of_issue(
        self, homes: Documented, tmp_path: Path
    ) -> None:
        """From the day of issue to the day before 15 August; the next cycle has none of it."""
        homes.town.book = book_with_messages(tmp_path, ISSUED, date(2025, 8, 15))
        one = homes.run().printed[0]
        assert MESSAGE in text_of(Paper(homes.vault).pdf(one.document)).replace("\n", " ")

    @pytest.mark.parametrize(
        ("first", "end"), [(date(2025, 8, 2), None), (date(2025, 7, 1), ISSUED)], ids=str
    )
    def test_prints_no_message_of_other_days(
        self, homes: Documented, tmp_path: Path, first: date, end: date | None
    ) -> None:
        homes.town.book = book_with_messages(tmp_path, first, end)
        one = homes.run().printed[0]
        assert "Messages" not in text_of(Paper(homes.vault).pdf(one.document))

    def test_started_twice_makes_nothing_twice(self, homes: Documented) -> None:
        first = homes.run()
        second = homes.run(made_at=NOW + timedelta(days=3))
        assert (first.newly_made, second.newly_made) == (2 + 1, 0)
        assert [one.document for one in first.printed] == [one.document for one in second.printed]
        assert len(homes.vault.hashes()) == 1

    def test_killed_after_the_paper_is_kept_goes_on_where_it_was(self, homes: Documented) -> None:
        class Killed(Exception):
            pass

        def killed(*_: Any) -> int:
            raise Killed

        record = homes.town.store.record_documents
        homes.town.store.record_documents = killed
        with pytest.raises(Killed):
            homes.run()
        homes.town.store.record_documents = record
        assert homes.run().newly_made == 3
        assert len(homes.vault.hashes()) == 1

    def test_prints_a_bill_electronically_only_where_there_is_an_address(
        self, homes: Documented
    ) -> None:
        run = homes.run(deliveries=homes.electronic(1, address=""))
        assert not run.electronic

    def test_sends_out_no_bill_that_lacks_what_it_must_show(
        self, homes: Documented, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(gather_statements, "contact_route", lambda terms: None)
        run = homes.run()
        assert len(run.set_aside) == 4
        assert "does not show what it must: contact number." in run.set_aside[0][0].reason

    def test_sends_out_nothing_where_the_book_does_not_say_what_must_be_shown(
        self, homes: Documented
    ) -> None:
        run = homes.run(made_at=NOON)  # the list was entered four days later
        assert len(run.set_aside) == 4
        assert "psc_13_020_bill_contents_fields" in run.set_aside[0][0].reason

    def test_of_a_day_without_bills_is_empty(self, homes: Documented) -> None:
        assert homes.run(on=date(2025, 8, 2)).bills == 0


class TestABillThatLeavesOnAnotherDay:
    """Released, trued up, billed alone: no cycle's run is of its day."""

    LATE = date(2025, 8, 4)

    @pytest.fixture
    def late(self, homes: Documented) -> Documented:
        homes.run()
        town = homes.town
        with town.store.viewing(VIEWER, []):
            town.start(5, people=(("P5", "Lee Brown"),), from_day=date(2025, 7, 1))
            town.read("M5", (date(2025, 7, 1), date(2025, 9, 1)), even(90))
            town.bill(5, on=self.LATE)
        return homes

    def left(self, homes: Documented, before: date) -> Any:
        with homes.town.store.viewing(VIEWER, []):
            return homes.town.store.days_without_document(before)

    def test_goes_out_with_the_next_run_of_any_cycle_and_once(self, late: Documented) -> None:
        run = late.run(cycle=2, on=date(2025, 8, 5))
        assert [one.document.bill_id for one in run.printed] == [late.bill(5)]
        again = late.run(cycle=2, on=date(2025, 8, 5))
        assert [one.document for one in again.printed] == [one.document for one in run.printed]
        assert again.newly_made == 0
        assert late.run(cycle=3, on=date(2025, 8, 6)).bills == 0
        assert late.run(on=self.LATE).bills == 0, "it has gone out with another run"

    def test_waits_for_a_run_of_a_later_day(self, late: Documented) -> None:
        """A run of its own day is its cycle's: two runs of one day never print one bill."""
        assert late.run(cycle=2, on=self.LATE).bills == 0
        assert late.run(on=self.LATE).bills == 1

    def test_is_not_one_that_was_set_aside_nor_one_from_before_documents(
        self, late: Documented
    ) -> None:
        town = late.town
        with town.store.viewing(VIEWER, []):
            town.start(6, people=(("P6", "Kim Gray"),), from_day=date(2025, 6, 1))
            town.read("M6", (date(2025, 6, 1), date(2025, 8, 1)), even(90))
            town.bill(6, on=date(2025, 7, 1))
        run = late.run(cycle=2, on=date(2025, 8, 5))
        assert [one.document.bill_id for one in run.printed] == [late.bill(5)]
        assert run.set_aside == ()

    def test_is_told_by_cycle_and_day_until_it_has_a_document(self, late: Documented) -> None:
        """The letter-less name of the first run is among them: it has gone nowhere."""
        assert self.left(late, date(2025, 8, 5)) == [(1, ISSUED, 1), (1, self.LATE, 1)]
        assert self.left(late, self.LATE) == [(1, ISSUED, 1)]
        late.run(cycle=2, on=date(2025, 8, 5))
        assert self.left(late, date(2025, 8, 5)) == [(1, ISSUED, 1)]


class TestKept:
    def test_documents_are_made_again_to_the_byte(self, homes: Documented) -> None:
        run = homes.run()
        paper = Paper(homes.vault)
        for one in run.printed:
            assert sha256_hex(paper.pdf(one.document)) == one.document.sha256
            assert remade(one.document, paper, homes.press) == paper.pdf(one.document)

    def test_documents_are_not_made_again_by_a_template_that_was_edited(
        self, homes: Documented
    ) -> None:
        document = homes.run().printed[0].document
        edited = replace(document, template_sha256="0" * 64)
        with pytest.raises(NotPrinted, match="never edited"):
            remade(edited, Paper(homes.vault), homes.press)

    def test_documents_are_checked(self, homes: Documented) -> None:
        homes.run()
        store = homes.town.store
        with store.viewing(VIEWER, []):
            assert check_documents(store, homes.vault) == (3, [])
            kept = store.documents_kept()
            store._documents[0] = replace(kept[0], sha256="0" * 64)
            checked, broken = check_documents(store, homes.vault)
            assert (checked, len(broken)) == (3, 1)
            homes.vault.sealed.clear()
            assert len(check_documents(store, homes.vault)[1]) == 3


class TestAPrintFile:
    def test_is_sorted_by_postal_code_with_its_index(
        self, homes: Documented, tmp_path: Path
    ) -> None:
        run = homes.run()
        names = write_run(run, tmp_path, vault=homes.vault, portal="https://example.com")
        assert names == ["bills.pdf", "index.csv", "set_aside.csv", "totals.json"]
        bound = PdfReader(tmp_path / "bills.pdf")
        rows = rows_of(tmp_path / "index.csv")
        assert [row["postal_code"] for row in rows] == ["63017", "63033", "63130"]
        assert [(row["from_page"], row["to_page"]) for row in rows] == [
            ("1", "2"),
            ("3", "4"),
            ("5", "6"),
        ]
        assert len(bound.pages) == 6
        for row in rows:
            pages = bound.pages[int(row["from_page"]) - 1 : int(row["to_page"])]
            said = " ".join(page.extract_text() for page in pages)
            assert row["bill"] in said
            assert row["account"] in said
            assert f"${row['asked_usd']}" in said
            assert row["sheets"] == "1"

    def test_and_all_beside_it_has_the_same_bytes_again(
        self, homes: Documented, tmp_path: Path
    ) -> None:
        for folder in ("one", "two"):
            run = homes.run(deliveries=homes.electronic(4))
            write_run(run, tmp_path / folder, vault=homes.vault, portal="https://example.com")
        names = sorted(one.name for one in (tmp_path / "one").rglob("*") if one.is_file())
        assert len(names) == 5
        for path in (tmp_path / "one").rglob("*"):
            if path.is_file():
                other = tmp_path / "two" / path.relative_to(tmp_path / "one")
                assert path.read_bytes() == other.read_bytes()

    def test_is_cut_where_it_is_too_large(
        self, homes: Documented, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("meterledger.usecases.print_file.MOST_BILLS", 2)
        parts = print_parts(homes.run())
        assert [(part.name, len(part.going)) for part in parts] == [
            ("bills-001.pdf", 2),
            ("bills-002.pdf", 1),
        ]
        assert index_rows(parts[1])[0]["from_page"] == "1"

    def test_lists_what_was_set_aside(self, homes: Documented, tmp_path: Path) -> None:
        write_run(homes.run(), tmp_path, vault=homes.vault, portal="https://example.com")
        rows = rows_of(tmp_path / "set_aside.csv")
        assert [row["bill"] for row in rows] == [homes.bill(3)]
        assert "could not be displayed" in rows[0]["reason"]

    def test_that_cannot_be_written_is_refused(self, homes: Documented, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(NotWritable, match="They are kept"):
            write_run(homes.run(), tmp_path / "file", vault=homes.vault, portal="x")


class TestAnElectronicBill:
    def test_is_a_message_that_tells_no_amount_and_no_use(
        self, homes: Documented, tmp_path: Path
    ) -> None:
        run = homes.run(deliveries=homes.electronic(4))
        write_run(run, tmp_path, vault=homes.vault, portal="https://example.com/")
        (path,) = (tmp_path / "outbox").iterdir()
        mail = message_from_bytes(path.read_bytes(), policy=default)
        assert mail["To"] == "ana@example.com"
        body = mail.get_content()
        assert f"https://example.com/bills/{homes.bill(4)}/" in body.replace("\n", " ")
        assert "$" not in body
        assert "kWh" not in body
        assert "Elm Street" not in body

    def test_goes_to_who_has_asked_for_it_from_the_day_on(self, homes: Documented) -> None:
        store = homes.town.store
        with store.viewing(VIEWER, []):
            for number, day in ((1, ISSUED), (2, ISSUED + timedelta(days=1))):
                asked = DeliveryPreference(
                    homes.town.account_id(number),
                    Medium.ELECTRONIC,
                    Validity(day),
                    NOON,
                    f"home{number}@example.com",
                )
                store.prefer_delivery(asked)
        listed = homes.electronic(4)
        run = homes.run(
            deliveries=StatedDeliveries(listed.by_account, PreferredDeliveries(store, NOW))
        )
        sent = {one.document.bill_id: one.document.address for one in run.electronic}
        assert sent == {homes.bill(1): "home1@example.com", homes.bill(4): "ana@example.com"}

    def test_that_came_back_goes_out_with_the_next_print_file(self, homes: Documented) -> None:
        homes.run(deliveries=homes.electronic(4))
        homes.came_back(4)
        same = homes.run(deliveries=homes.electronic(4))
        assert [one.document.bill_id for one in same.electronic] == [homes.bill(4)]
        later = homes.run(on=date(2025, 8, 4), cycle=3, deliveries=homes.electronic(4))
        assert [one.document.bill_id for one in later.printed] == [homes.bill(4)]
        again = homes.run(on=date(2025, 8, 4), cycle=3, deliveries=homes.electronic(4))
        assert again.newly_made == 0
        assert [one.document for one in again.printed] == [one.document for one in later.printed]
        assert homes.run(on=date(2025, 8, 5), cycle=4).bills == 0
        known = homes.known(4)
        assert [one.channel for one in known.documents] == [Channel.ELECTRONIC, Channel.PRINT]
        assert "due_day" not in Paper(homes.vault).content(known.documents[0]).decode()
        assert [one.due_day for one in known.documents] == [None, date(2025, 8, 25)]
        assert [one.reason for one in known.came_back] == ["mailbox unknown"]

    def test_comes_back_once(self, homes: Documented) -> None:
        homes.run(deliveries=homes.electronic(4))
        assert homes.came_back(4) == homes.came_back(4, "said again")

    def test_that_was_never_sent_cannot_come_back(self, homes: Documented) -> None:
        homes.run()
        with pytest.raises(NotSent, match="was not sent electronically"):
            homes.came_back(1)
        with pytest.raises(NotSent, match="Why the bill came back is not said"):
            homes.came_back(1, " ")


class TestTheTimeToPay:
    """It counts from the day on which the bill was mailed or posted (20 CSR 4240-13.015)."""

    def test_of_what_goes_out_on_its_day_is_the_bills(self, homes: Documented) -> None:
        run = homes.run()
        assert {one.due_day for one in run.printed} == {date(2025, 8, 22)}
        assert {one.document.due_day for one in run.printed} == {None}

    def test_of_what_goes_out_later_is_told_on_paper_page_and_index(
        self, homes: Documented
    ) -> None:
        run = homes.run(sent=date(2025, 8, 11))
        assert {row["due"] for row in index_rows(print_parts(run)[0])} == {"2025-09-01"}
        paper = text_of(Paper(homes.vault).pdf(run.printed[1].document)).replace("\n", " ")
        assert "Please pay by September 1, 2025" in paper
        assert "This bill says August 22, 2025 as its due day, and was sent later." in paper
        again = homes.run(sent=date(2025, 8, 20))
        assert {row["due"] for row in index_rows(print_parts(again)[0])} == {"2025-09-01"}
        assert "September 1, 2025" in text_of(Paper(homes.vault).pdf(homes.duplicate(1)))
        with homes.town.store.viewing(VIEWER, []):
            bill = homes.town.store.bill(homes.bill(1))
            assert bill.due_day == date(2025, 8, 22), "the bill keeps its bytes"
            assert homes.town.replay(bill.bill_id).same_bytes

    def test_is_told_in_the_message_of_an_electronic_one(
        self, homes: Documented, tmp_path: Path
    ) -> None:
        run = homes.run(deliveries=homes.electronic(1), sent=date(2025, 8, 4))
        names = write_run(run, tmp_path / "out", vault=homes.vault, portal="http://127.0.0.1")
        mail = next(one for one in names if one.endswith(".eml"))
        assert "It is due on August 25, 2025." in (tmp_path / "out" / mail).read_text()


class TestADeadMailbox:
    """The next bill does not go there, until the customer gives an address anew."""

    NEXT = date(2025, 9, 2)

    def next_month(self, homes: Documented, told_at: Any = None, address: str = "") -> Any:
        homes.run(deliveries=homes.electronic(1))
        homes.came_back(1)
        homes.run(on=date(2025, 8, 4), cycle=3)
        town = homes.town
        with town.store.viewing(VIEWER, []):
            town.bill(1, on=self.NEXT)
        wanted = Delivery(True, address or "ana@example.com", told_at)
        return homes.run(on=self.NEXT, deliveries=StatedDeliveries({town.account_id(1): wanted}))

    def test_takes_no_further_bill_and_the_paper_says_so(self, homes: Documented) -> None:
        run = self.next_month(homes)
        assert ([one.document.bill_id for one in run.electronic], len(run.printed)) == ([], 1)
        paper = text_of(Paper(homes.vault).pdf(run.printed[0].document)).replace("\n", " ")
        assert "A bill that we sent to ana@example.com came back." in paper

    @pytest.mark.parametrize(
        ("told_at", "address", "sent"),
        [
            (NOW, "ana@example.com", 0),
            (NOW + timedelta(seconds=1), "ana@example.com", 1),
            (None, "ann@example.org", 1),
        ],
    )
    def test_is_put_right_by_another_address_or_the_same_told_since(
        self, homes: Documented, told_at: Any, address: str, sent: int
    ) -> None:
        assert len(self.next_month(homes, told_at, address).electronic) == sent


class TestADuplicate:
    def test_is_marked_with_its_day_and_kept(self, homes: Documented) -> None:
        homes.run()
        made = homes.duplicate(1)
        assert made.kind is DocumentKind.DUPLICATE
        assert "Duplicate, November 30, 2026" in text_of(Paper(homes.vault).pdf(made))
        assert homes.known(1).documents[1] == made

    def test_made_twice_a_day_is_one_and_another_day_another(self, homes: Documented) -> None:
        homes.run()
        assert homes.duplicate(1) == homes.duplicate(1)
        assert homes.duplicate(1, date(2026, 12, 1)).sha256 != homes.duplicate(1).sha256
        assert len(homes.known(1).documents) == 3

    def test_is_of_what_has_gone_out(self, homes: Documented) -> None:
        with pytest.raises(NotPrinted, match="has not gone out yet"):
            homes.duplicate(1)

    def test_is_of_a_bill(self, homes: Documented) -> None:
        with homes.town.store.viewing(VIEWER, []), pytest.raises(NotFound):
            documents_of_bill("B-nothing", homes.town.store)


def test_a_press_of_another_kind_is_asked_in_order(homes: Documented) -> None:
    """What comes back belongs to what was asked, whoever answers."""

    class Odd(OnePress):
        def set(self, contents: Iterable[bytes]) -> Iterator[Printed | Unprintable]:
            for content in contents:
                number = json.loads(content)["number"]
                yield Unprintable("no") if number == homes.bill(1) else Printed(content, 3)

    run = homes.run(press=Odd())
    assert [one.bill_id for one, _ in run.set_aside] == [homes.bill(1)]
    assert {one.document.sheet_count for one in run.printed} == {2}
    for one in run.printed:
        assert json.loads(Paper(homes.vault).pdf(one.document))["number"] == one.document.bill_id
