"""The commands around a file's way in: report, watch, retry, quarantine, source, vault."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from click.testing import Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.journeys.test_receive_readings import NOON, ZONE, day_of_quarter_hours, installed
from tests.journeys.test_take_file import install_second, mostly_ours
from typer.testing import CliRunner

from meterledger.entrypoints import clock, wiring
from meterledger.entrypoints.cli import ingest, intake, quarantine, source, vault
from meterledger.kernel.canonical import sha256_hex
from meterledger.stores.gateways.signatures import signed_bytes
from meterledger.stores.lake import IntervalLake
from meterledger.stores.memory import MemoryStore
from meterledger.stores.vault import FileVault, VaultNotWritable
from meterledger.usecases.ports import Viewer

Run = Callable[..., Result]
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
DAY = ("--from", "2026-03-20", "--to", "2026-03-21")


@dataclass(frozen=True)
class PaperSystem:
    """A system over dictionaries, a real lake and a real vault."""

    store: MemoryStore
    lake: IntervalLake
    vault: FileVault
    view: Any = field(
        default_factory=lambda: SimpleNamespace(name="a utility", time_zone=ZONE, names=list)
    )
    now: datetime = NOON


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PaperSystem:
    store = MemoryStore()
    installed(store)
    made = PaperSystem(
        store,
        IntervalLake(tmp_path / "lake", zone=ZONE, files_at=store.lake_files),
        FileVault(tmp_path / "data" / "vault", tmp_path / "data" / "vault-keys.json"),
    )

    @contextmanager
    def opened(
        *_: Any, viewer: Viewer | None = None, subjects: Any = (), **__: Any
    ) -> Iterator[PaperSystem]:
        if viewer is None:
            yield made
        else:
            with store.viewing(viewer, subjects):
                yield made

    monkeypatch.setattr(wiring, "open_system", opened)
    monkeypatch.setattr(clock, "now_utc", lambda: NOON)
    monkeypatch.setenv("METERLEDGER_DATA", str(tmp_path / "data"))
    return made


@pytest.fixture
def run() -> Run:
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    for module in (ingest, intake, quarantine, vault, source):
        module.register(app)
    runner = CliRunner()
    return lambda *words: runner.invoke(app, [str(word) for word in words])


def told(result: Result) -> Any:
    return json.loads(result.stdout)


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    folder = tmp_path / "landing"
    folder.mkdir()
    return folder


def land(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    then = NOON.timestamp() - 60
    os.utime(path, (then, then))
    return path


class TestReport:
    def test_balances_on_every_side(self, run: Run, system: PaperSystem, landing: Path) -> None:
        for name, text in (
            ("good.cmep", mostly_ours()),
            ("bad.txt", "nonsense"),
            ("strange.cmep", day_of_quarter_hours(meter="M9")),
        ):
            run("ingest", land(landing, name, text))
        run("ingest", landing / "good.cmep")

        answer = told(run("intake", "report", *DAY, "--json"))

        totals = answer["totals"]
        assert totals["received"] == {"files": 3, "rows": 202, "energy_wh": "49000"}
        assert totals["stored"] == {"files": 1, "rows": 96, "energy_wh": "24000"}
        assert totals["quarantined"] == {"files": 0, "rows": 10, "energy_wh": "1000"}
        assert totals["refused"] == {"files": 2, "rows": 96, "energy_wh": "24000"}
        assert totals["repeated_files"] == 1
        assert [one["file"] for one in answer["refused"]] == ["bad.txt", "strange.cmep"]
        assert answer["refused"][0]["sha256"] == sha256_hex(b"nonsense")
        assert answer["waiting_in_quarantine"] == 1

    def test_speaks_to_a_person(self, run: Run, system: PaperSystem, landing: Path) -> None:
        run("ingest", land(landing, "bad.txt", "nonsense"))
        said = run("intake", "report", *DAY).stdout
        assert "2026-03-20  -       received" in said
        assert "refused 2026-03-20T17:00:00Z: bad.txt, line 1: This is neither" in said
        assert sha256_hex(b"nonsense") in said

    def test_of_no_day_is_refused(self, run: Run, system: PaperSystem) -> None:
        result = run("intake", "report", "--from", "2026-03-20", "--to", "2026-03-20")
        assert result.exit_code == 2
        assert "--to is the day after the last" in result.stderr

    def test_names_a_file_that_is_not_there(self, run: Run, system: PaperSystem) -> None:
        run("ingest", "none.cmep")
        (refused,) = told(run("intake", "report", *DAY, "--json"))["refused"]
        assert (refused["file"], refused["sha256"]) == ("none.cmep", None)
        assert "cannot be read" in refused["refusal"]


class TestWatch:
    def test_moves_what_it_took_and_what_it_refused(
        self, run: Run, system: PaperSystem, landing: Path
    ) -> None:
        land(landing, "good.cmep", day_of_quarter_hours())
        land(landing, "bad.txt", "nonsense")
        (landing / "half.cmep").write_text("MEP")  # written just now

        result = run("intake", "watch", landing, "--once", "--json")

        assert result.exit_code == 2
        files = {Path(one["file"]).name: one["status"] for one in told(result)["files"]}
        assert files == {"bad.txt": "refused", "good.cmep": "stored"}
        assert (landing / "taken" / "good.cmep").is_file()
        assert "neither Green Button" in (landing / "refused" / "bad.txt.why.txt").read_text()
        assert (landing / "half.cmep").is_file()
        assert system.vault.read(sha256_hex(b"nonsense")) == b"nonsense"

    def test_twice_changes_nothing(self, run: Run, system: PaperSystem, landing: Path) -> None:
        land(landing, "good.cmep", day_of_quarter_hours())
        run("intake", "watch", landing, "--once")
        land(landing, "again.cmep", day_of_quarter_hours())
        (again,) = told(run("intake", "watch", landing, "--once", "--json"))["files"]
        assert again["status"] == "known"
        assert told(run("intake", "watch", landing, "--once", "--json")) == {"files": []}
        assert system.store.lake_sequence() == 1

    def test_believes_a_label_that_is_signed(
        self, run: Run, system: PaperSystem, landing: Path
    ) -> None:
        run("source", "add", "north", "--public-key", KEY.public_key().public_bytes_raw().hex(),
            "--sequenced")  # fmt: skip
        text = day_of_quarter_hours()
        signature = KEY.sign(signed_bytes("north", 4, text.encode())).hex()
        label = {"source": "north", "sequence": 4, "signature": signature}
        land(landing, "good.cmep.sig", json.dumps(label))
        land(landing, "good.cmep", text)
        land(landing, "bare.cmep", day_of_quarter_hours(wh=300))
        land(landing, "odd.cmep", day_of_quarter_hours(wh=301))
        land(landing, "odd.cmep.sig", "{")

        result = run("intake", "watch", landing, "--once", "--source", "north", "--json")

        files = {Path(one["file"]).name: one for one in told(result)["files"]}
        assert files["good.cmep"]["status"] == "stored"
        assert "It is unsigned" in files["bare.cmep"]["refusal"]
        assert "does not say who sent the file" in files["odd.cmep"]["refusal"]
        assert len(system.vault.hashes()) == 3
        assert (landing / "taken" / "good.cmep.sig").is_file()

    def test_leaves_what_cannot_be_taken_now_for_the_next_round(
        self, run: Run, system: PaperSystem, landing: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: Any, **__: Any) -> Any:
            raise VaultNotWritable("The vault cannot be written: no space left")

        land(landing, "good.cmep", day_of_quarter_hours())
        with monkeypatch.context() as broken:
            broken.setattr(FileVault, "keep", full)
            result = run("intake", "watch", landing, "--once", "--json")
        assert result.exit_code == 2
        assert "no space left" in told(result)["files"][0]["refusal"]
        assert (landing / "good.cmep").is_file()
        assert system.store.book == []
        assert run("intake", "watch", landing, "--once").exit_code == 0
        assert (landing / "taken" / "good.cmep").is_file()

    def test_of_no_folder_is_refused(self, run: Run, system: PaperSystem, tmp_path: Path) -> None:
        result = run("intake", "watch", tmp_path / "none", "--once")
        assert result.exit_code == 2
        assert "There is no such folder" in result.stderr


class TestRetry:
    def test_takes_a_refused_file_when_its_meter_is_there(
        self, run: Run, system: PaperSystem, landing: Path
    ) -> None:
        path = land(landing, "two.cmep", day_of_quarter_hours(meter="M2"))
        sha256 = sha256_hex(path.read_bytes())
        run("ingest", path)
        assert run("intake", "retry", sha256).exit_code == 2
        install_second(system)  # type: ignore[arg-type]
        path.unlink()

        result = run("intake", "retry", sha256, "--json")

        assert told(result)["files"][0]["status"] == "stored"
        totals = told(run("intake", "report", *DAY, "--json"))["totals"]
        assert totals["refused"]["files"] == 0
        assert totals["received"] == totals["stored"]


class TestQuarantine:
    def test_is_listed_shown_and_left(self, run: Run, system: PaperSystem, landing: Path) -> None:
        run("ingest", land(landing, "good.cmep", mostly_ours()))
        (line,) = told(run("quarantine", "list", "--json"))["lines"]
        assert (line["number"], line["rows"], line["energy_wh"]) == (1, 10, "1000")
        shown = told(run("quarantine", "show", 1, "--json"))
        assert json.loads(shown["bytes"])["meter"] == "M2"
        said = run("quarantine", "show", 1).stdout
        assert "`meterledger quarantine list` has its number." in said
        assert "10 rows, 1000 Wh" in said
        assert f"{len(shown['bytes'].rstrip()) - 400} characters more; --json shows" in said
        words = ("--by", "Ana", "--reason", "installed")

        refused = run("quarantine", "release", 1, *words)
        assert refused.exit_code == 2
        assert "cannot be used yet" in refused.stderr
        install_second(system)  # type: ignore[arg-type]
        released = told(run("quarantine", "release", 1, *words, "--json"))

        assert released["channels"][0]["sum"] == "1.000"
        assert told(run("quarantine", "list", "--json"))["lines"] == []
        assert "1 [released]" in run("quarantine", "list", "--all").stdout
        assert "released by Ana: installed" in run("quarantine", "show", 1).stdout
        assert "has its outcome already" in run("quarantine", "reject", 1, *words).stderr

    def test_rejects_for_a_reason(self, run: Run, system: PaperSystem, landing: Path) -> None:
        run("ingest", land(landing, "good.cmep", mostly_ours()))
        assert run("quarantine", "reject", 1, "--by", "Ana", "--reason", "a test").exit_code == 0
        assert "There is no line 9" in run("quarantine", "show", 9).stderr


class TestSource:
    def test_is_added_and_listed(self, run: Run, system: PaperSystem) -> None:
        assert "taken unsigned" in run("source", "list").stdout
        run("source", "add", "east", "--sequenced")
        answer = told(run("source", "list", "--json"))["sources"]
        assert [(one["name"], one["scheme"], one["sequenced"]) for one in answer] == [
            ("east", "unsigned", True)
        ]

    def test_with_a_key_that_is_none_is_refused(self, run: Run, system: PaperSystem) -> None:
        assert "64 hexadecimal digits" in run("source", "add", "e", "--public-key", "00").stderr
        assert "cannot be read" in run("source", "add", "e", "--shared-key-file", "/no").stderr
        assert system.store.sources() == []


class TestWhatLiesOnTheDisk:
    def test_names_nobody(
        self, run: Run, system: PaperSystem, landing: Path, tmp_path: Path
    ) -> None:
        """A file with names in it, one part stored, one set aside; and a table that is refused."""
        planted = "Josephine Abernathy, 2210 Old Jamestown Road"
        run("ingest", land(landing, "good.cmep", day_of_quarter_hours() + planted + "\r\n"))
        run("ingest", land(landing, "bad.csv", f"{planted}\n" * 500))
        assert len(system.vault.hashes()) == 2
        run("vault", "rotate")
        for path in [*(tmp_path / "data").rglob("*"), *(tmp_path / "lake").rglob("*")]:
            if path.is_file():
                data = path.read_bytes()
                assert b"Josephine" not in data, path
                assert b"Jamestown" not in data, path


class TestVault:
    def test_shows_and_exports_for_a_purpose(
        self, run: Run, system: PaperSystem, landing: Path, tmp_path: Path
    ) -> None:
        run("ingest", land(landing, "bad.txt", "nonsense"))
        sha256 = sha256_hex(b"nonsense")
        shown = told(run("vault", "show", sha256, "--json"))
        assert (shown["size_bytes"], shown["arrivals"][0]["status"]) == (8, "refused")

        out = tmp_path / "out.txt"
        words = ("vault", "export", sha256, "--to", out, "--purpose", "dispute 12")
        assert run(*words).exit_code == 0
        assert out.read_bytes() == b"nonsense"
        assert out.stat().st_mode & 0o077 == 0
        viewer, subjects = system.store.read_log[-1]
        assert (viewer.purpose, subjects) == ("dispute 12", (sha256,))
        assert "must not exist" in run("vault", "export", "--help").stdout
        assert "File exists" in run(*words).stderr
        assert run("vault", "export", sha256, "--to", out).exit_code == 2  # no purpose

    def test_rotates_and_verifies(self, run: Run, system: PaperSystem, landing: Path) -> None:
        run("ingest", land(landing, "bad.txt", "nonsense"))
        assert told(run("vault", "rotate", "--json")) == {"wrapped": 1}
        assert told(run("vault", "verify", "--json")) == {"checked": 1, "broken": []}
        (body,) = system.vault.folder.glob("*/*.sealed")
        body.write_bytes(b"")
        result = run("vault", "verify")
        assert result.exit_code == 2
        assert "does not open" in result.stdout

    def test_has_no_file_that_never_came(self, run: Run, system: PaperSystem) -> None:
        assert "The vault holds no file" in run("vault", "show", "f" * 64).stderr
