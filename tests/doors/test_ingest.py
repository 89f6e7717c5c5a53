"""``meterledger ingest``: is it wired, do the JSON shapes stay, does the right "no" come back."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli import ingest
from meterledger.facts.places import (
    Account,
    Agreement,
    MeterInstallation,
    Premise,
    ServicePoint,
    TaxPlace,
)
from meterledger.kernel.span import Validity
from meterledger.stores.lake import IntervalLake
from meterledger.stores.memory import MemoryStore, MemoryVault
from meterledger.usecases.ports import ServiceStart

DATA = Path(__file__).parents[1] / "data"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
GREEN_BUTTON = DATA / "greenbutton" / "15minLP_15Days.xml.gz"
BAD = DATA / "greenbutton" / "1hrLP_32DaysM_D000_BAD.xml"

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """Run the command with words; ``--json`` is the caller's choice."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    ingest.register(app)
    runner = CliRunner()
    return lambda *words: runner.invoke(app, [str(word) for word in words])


class TestDryRun:
    def test_gives_the_shape_that_stays(self, run: Run) -> None:
        result = run("--dry-run", "--json", GREEN_BUTTON)
        assert result.exit_code == 0
        (entry,) = json.loads(result.stdout)["files"]
        assert entry["file"] == str(GREEN_BUTTON)
        assert entry["sha256"] == hashlib.sha256(GREEN_BUTTON.read_bytes()).hexdigest()
        assert (entry["status"], entry["refusal"], entry["quarantined"]) == ("read", None, 0)
        assert entry["channels"] == [
            {
                "meter": "9b6c7063-01",
                "commodity": "electricity",
                "unit": "Wh",
                "kind": "interval",
                "direction": "delivered",
                "interval_seconds": 900,
                "readings": 1340,
                "missing": 0,
                "from": "2012-03-01T05:00:00Z",
                "to": "2012-03-15T04:00:00Z",
                "sum": "1397734",
            }
        ]

    def test_shows_a_sum_in_its_unit_without_an_exponent(self, run: Run) -> None:
        result = run("--dry-run", "--json", DATA / "greenbutton" / "MonthlyOnlyElectricData.xml")
        (channel,) = json.loads(result.stdout)["files"][0]["channels"]
        assert (channel["sum"], channel["unit"]) == ("9567000", "Wh")

    def test_shows_what_a_register_ran_on(self, run: Run) -> None:
        result = run("--dry-run", "--json", DATA / "headend" / "sensus_2011_hourly_registers.cmep")
        entry = json.loads(result.stdout)["files"][0]
        differences = {one["meter"]: one["difference"] for one in entry["channels"]}
        assert differences == {"E00000105AB": "23", "W00000101": "194", "W00000102": "51"}
        assert [one["code"] for one in entry["findings"]] == ["metering.register_backward"] * 2

    def test_a_refused_file_exits_2_with_one_sentence_and_the_others_are_read(
        self, run: Run
    ) -> None:
        result = run("--dry-run", "--json", BAD, GREEN_BUTTON)
        assert result.exit_code == 2
        refused, read = json.loads(result.stdout)["files"]
        assert refused["status"] == "refused"
        assert refused["channels"] == []
        assert "begins with <xyz>" in refused["refusal"]
        assert result.stderr.strip() == refused["refusal"]
        assert read["status"] == "read"

    def test_a_missing_file_is_refused_by_name(self, run: Run, tmp_path: Path) -> None:
        result = run("--dry-run", "--json", tmp_path / "none.cmep")
        assert result.exit_code == 2
        entry = json.loads(result.stdout)["files"][0]
        assert entry["sha256"] is None
        assert "cannot be read" in entry["refusal"]

    def test_options_say_what_a_table_does_not(self, run: Run, tmp_path: Path) -> None:
        table = tmp_path / "home.csv.gz"
        text = b"start,value\n2025-07-01 00:00,0.25\n2025-07-01 00:15,0.30\n"
        table.write_bytes(gzip.compress(text))
        assert "--meter" in run("--dry-run", table).stderr
        assert "--unit" in run("--dry-run", table, "--meter", "M1").stderr
        assert "--zone" in run("--dry-run", table, "--meter", "M1", "--unit", "kWh").stderr
        words = ("--dry-run", "--json", table, "--meter", "M1", "--unit", "kWh")
        result = run(*words, "--zone", "America/Chicago")
        (channel,) = json.loads(result.stdout)["files"][0]["channels"]
        assert (channel["from"], channel["sum"]) == ("2025-07-01T05:00:00Z", "0.55")

    def test_words_for_a_person_name_what_was_set_aside(self, run: Run) -> None:
        result = run("--dry-run", DATA / "headend" / "spec_cases.cmep")
        assert result.exit_code == 0
        assert "spec_cases.cmep: read, 2 set aside" in result.stdout
        assert "set aside, line 11: Its stamp of reading 1 is '202602300015'" in result.stdout

    def test_help_speaks_to_an_analyst(self, run: Run) -> None:
        words = " ".join(run("--help").stdout.split())
        assert "The same file twice changes nothing" in words


class TestStoring:
    @pytest.fixture
    def system(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
        """A system over the memory store and a real lake, with meter 9b6c7063-01 installed."""
        store = MemoryStore()
        days = Validity(date(2012, 1, 1))
        store.start_service(
            ServiceStart(
                persons=(),
                account=Account("1000000008", 1, days.from_day, NOW),
                holders=(),
                premise=Premise("P1", "1 Main St", "St. Louis", "MO", "63101", NOW),
                tax_place=TaxPlace("P1", "none", days, NOW),
                service_point=ServicePoint("SP1", "P1", NOW),
                installation=MeterInstallation("SP1", "9b6c7063-01", 1, days, NOW),
                agreement=Agreement("A1", "1000000008", "SP1", "1M-anytime", days, NOW),
            )
        )
        system = SimpleNamespace(
            store=store,
            lake=IntervalLake(tmp_path / "lake", zone="America/Chicago", files_at=store.lake_files),
            vault=MemoryVault(),
            view=SimpleNamespace(name="a utility", time_zone="America/Chicago", names=list),
            now=NOW,
        )

        @contextmanager
        def opened() -> Iterator[Any]:
            yield system

        monkeypatch.setattr(wiring, "open_system", opened)
        return system

    def test_stores_once_and_then_knows_it(self, run: Run, system: Any) -> None:
        first = json.loads(run("--json", GREEN_BUTTON).stdout)["files"][0]
        again = json.loads(run("--json", GREEN_BUTTON).stdout)["files"][0]
        assert (first["status"], again["status"]) == ("stored", "known")
        assert system.store.lake_sequence() == 1
        viewer, meters = system.store.read_log[0]
        assert (viewer.purpose, meters) == ("receive readings", ("9b6c7063-01",))
        data = GREEN_BUTTON.read_bytes()
        assert system.vault.read(hashlib.sha256(data).hexdigest()) == data

    def test_a_parquet_table_is_stored_once_and_then_known(
        self, run: Run, system: Any, tmp_path: Path
    ) -> None:
        quarters = [1_751_346_000 + 900 * number for number in range(96)]
        table = pa.table(
            {
                "meter": ["9b6c7063-01"] * 96,
                "start": pa.array(quarters, pa.timestamp("s", tz="UTC")),
                "value": [250] * 96,
                "unit": ["Wh"] * 96,
            }
        )
        file = tmp_path / "july.parquet"
        pq.write_table(table, file)

        first = json.loads(run("--json", file).stdout)["files"][0]

        assert (first["status"], first["format"]) == ("stored", "parquet")
        assert first["channels"][0]["from"] == "2025-07-01T05:00:00Z"
        assert first["channels"][0]["sum"] == "24000"
        assert json.loads(run("--json", file).stdout)["files"][0]["status"] == "known"

    def test_a_meter_that_is_not_installed_exits_2_and_stores_nothing(
        self, run: Run, system: Any
    ) -> None:
        result = run(DATA / "greenbutton" / "electric_containerized.xml")
        assert result.exit_code == 2
        assert "Meter 3-1 is not installed anywhere" in result.stderr
        assert "meterledger service start" in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1
        assert system.store.lake_sequence() == 0

    def test_naming_the_meter_takes_the_file(self, run: Run, system: Any) -> None:
        hourly = DATA / "greenbutton" / "1hrLP_32Days.xml.gz"
        result = run("--json", hourly, "--meter", "9b6c7063-01")
        assert json.loads(result.stdout)["files"][0]["status"] == "stored"
