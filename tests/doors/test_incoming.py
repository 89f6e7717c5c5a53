"""``POST /api/readings``: the same journey and the same answer as ``ingest``, bounded, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client
from tests.doors.test_intake_commands import PaperSystem
from tests.journeys.test_receive_readings import NOON, ZONE, day_of_quarter_hours, installed

from meterledger.entrypoints.web import incoming, system
from meterledger.facts.sources import ED25519, Source
from meterledger.kernel.canonical import sha256_hex
from meterledger.stores.gateways.signatures import signed_bytes
from meterledger.stores.lake import IntervalLake
from meterledger.stores.memory import MemoryStore
from meterledger.stores.vault import FileVault

ADDRESS = "/api/readings"


@dataclass
class Provided:
    """A provider of one system."""

    made: PaperSystem

    def system(self) -> Any:
        return self.made

    def library(self) -> Any:
        raise AssertionError("the book is not asked")


@pytest.fixture
def behind(tmp_path: Path, client: Client) -> Iterator[PaperSystem]:
    store = MemoryStore()
    installed(store)
    made = PaperSystem(
        store,
        IntervalLake(tmp_path / "lake", zone=ZONE, files_at=store.lake_files),
        FileVault(tmp_path / "vault", tmp_path / "keys.json"),
    )
    before = system.provide(Provided(made))
    yield made
    system.provide(before)


def send(client: Client, data: bytes | str, name: str = "day.cmep", **headers: str) -> Any:
    raw = data.encode() if isinstance(data, str) else data
    said = {"X-File-Name": name, **{key.replace("_", "-"): word for key, word in headers.items()}}
    return client.post(ADDRESS, raw, content_type="application/octet-stream", headers=said)


class TestAFile:
    def test_is_stored_once_and_known_then(self, client: Client, behind: PaperSystem) -> None:
        first = send(client, day_of_quarter_hours())
        again = send(client, day_of_quarter_hours())
        assert (first.status_code, again.status_code) == (201, 200)
        (entry,) = first.json()["files"]
        assert (entry["file"], entry["status"], entry["refusal"]) == ("day.cmep", "stored", None)
        assert entry["channels"][0]["sum"] == "24.000"
        assert again.json()["files"][0]["status"] == "known"
        assert behind.vault.hashes() == [entry["sha256"]]
        viewer, meters = behind.store.read_log[0]
        assert (viewer.name, viewer.purpose, meters) == ("api", "receive readings", ("M1",))

    def test_is_refused_with_its_sentence_and_counted(
        self, client: Client, behind: PaperSystem
    ) -> None:
        answer = send(client, "nonsense")
        assert answer.status_code == 422
        (entry,) = answer.json()["files"]
        assert "This is neither Green Button XML" in entry["refusal"]
        assert behind.vault.read(entry["sha256"]) == b"nonsense"
        (day,) = behind.store.intake_days(NOON.date(), NOON.date(), zone_name=ZONE)
        assert day.totals.refused.files == 1

    def test_says_with_its_address_what_a_table_does_not(
        self, client: Client, behind: PaperSystem
    ) -> None:
        answer = client.post(
            f"{ADDRESS}?meter=M1&unit=kWh&zone=America/Chicago",
            b"start,value\n2026-03-09 00:00,0.25\n2026-03-09 00:15,0.25\n",
            content_type="text/csv",
        )
        assert answer.json()["files"][0]["channels"][0]["sum"] == "0.50"

    def test_is_believed_with_its_signature(self, client: Client, behind: PaperSystem) -> None:
        key = Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes_raw().hex()
        behind.store.add_source(Source("north", ED25519, public, True, NOON))
        text = day_of_quarter_hours()
        signature = key.sign(signed_bytes("north", 3, text.encode())).hex()
        said = {"X_Source": "north", "X_Sequence": "3"}
        assert "It is unsigned" in send(client, text, **said).json()["files"][0]["refusal"]
        assert send(client, text, **said, X_Signature=signature).status_code == 201
        assert send(client, text, **said, X_Signature=signature).status_code == 200


class TestARequestThatIsNoFile:
    def refused(self, answer: Any, status: int, words: str, behind: PaperSystem) -> None:
        assert answer.status_code == status
        (entry,) = answer.json()["files"]
        assert words in entry["refusal"]
        assert "Nothing of it was kept" in entry["refusal"]
        assert behind.vault.hashes() == []
        assert behind.store.book[-1].refusal == entry["refusal"]

    @pytest.mark.parametrize(("size", "status"), [(100, 422), (101, 413)])
    def test_is_larger_than_may_be(
        self,
        client: Client,
        behind: PaperSystem,
        monkeypatch: pytest.MonkeyPatch,
        size: int,
        status: int,
    ) -> None:
        monkeypatch.setattr(incoming, "BODY_BYTES_MAX", 100)
        assert send(client, "x" * size).status_code == status

    def test_was_damaged_on_its_way(self, client: Client, behind: PaperSystem) -> None:
        answer = send(client, "abc", X_Content_SHA256="f" * 64)
        self.refused(answer, 400, "and not the one that was said", behind)
        sound = send(client, "abc", X_Content_SHA256=sha256_hex(b"abc").upper())
        assert sound.status_code == 422  # taken, and refused for what it says

    @pytest.mark.parametrize("name", ["", "a/b", "a\\b", "x" * 201])
    def test_has_a_name_that_is_none(self, client: Client, behind: PaperSystem, name: str) -> None:
        self.refused(send(client, "abc", name), 400, "is not the name of a file", behind)

    @pytest.mark.parametrize("word", ["meter=%00", "unit=" + "x" * 201, "zone=%0A"])
    def test_asks_with_what_cannot_be_read(
        self, client: Client, behind: PaperSystem, word: str
    ) -> None:
        answer = client.post(f"{ADDRESS}?{word}", b"abc", content_type="text/csv")
        self.refused(answer, 400, "cannot be read", behind)

    @pytest.mark.parametrize("number", ["-1", "x", "1" * 19, "٣"])
    def test_has_a_number_that_is_none(
        self, client: Client, behind: PaperSystem, number: str
    ) -> None:
        answer = send(client, "abc", X_Sequence=number)
        self.refused(answer, 400, "X-Sequence is not a number", behind)


class TestWhoMaySend:
    def test_is_no_page_of_another_site(self, client: Client, behind: PaperSystem) -> None:
        for headers in (
            {"Sec_Fetch_Site": "cross-site"},
            {"Origin": "https://meter.example"},
            {"Origin": "null"},
        ):
            assert send(client, day_of_quarter_hours(), **headers).status_code == 403
        assert behind.vault.hashes() == []
        own = {"Origin": "http://127.0.0.1", "Sec_Fetch_Site": "same-origin"}
        assert send(client, day_of_quarter_hours(), **own).status_code == 201

    def test_only_sends(self, client: Client, behind: PaperSystem) -> None:
        assert client.get(ADDRESS).status_code == 405
        assert client.delete(ADDRESS).status_code == 405
