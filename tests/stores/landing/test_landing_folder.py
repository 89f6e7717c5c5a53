"""Files land, are complete or not, are held by one, and are moved so that a kill loses nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from meterledger.stores.landing import (
    FolderUnusable,
    Label,
    LabelUnreadable,
    Landed,
    LandingFolder,
)

NOW = 1_800_000_000


def put(folder: Path, name: str, text: str = "x", *, age: int = 60) -> Path:
    path = folder / name
    path.write_text(text)
    os.utime(path, (NOW - age, NOW - age))
    return path


def complete(folder: Path) -> list[str]:
    return [path.name for path in LandingFolder(folder).complete(now_seconds=NOW)]


def held(folder: Path, name: str = "a.csv") -> Landed:
    landing = LandingFolder(folder)
    with landing.holding(folder / name) as landed:
        assert landed is not None
        return landed


class TestComplete:
    @pytest.mark.parametrize(("age", "files"), [(9, []), (10, ["a.csv"])])
    def test_is_a_file_that_has_not_changed_for_ten_seconds(
        self, tmp_path: Path, age: int, files: list[str]
    ) -> None:
        put(tmp_path, "a.csv", age=age)
        assert complete(tmp_path) == files

    def test_is_a_file_that_is_said_to_be_done(self, tmp_path: Path) -> None:
        put(tmp_path, "a.csv", age=0)
        put(tmp_path, "a.csv.done", "", age=0)
        assert complete(tmp_path) == ["a.csv"]

    def test_is_nothing_else(self, tmp_path: Path) -> None:
        for name in (".a.csv", "a.part", "a.tmp", "a.sig", "a.done"):
            put(tmp_path, name)
        (tmp_path / "folder").mkdir()
        (tmp_path / "link").symlink_to(put(tmp_path, "b.csv"))
        assert complete(tmp_path) == ["b.csv"]

    def test_is_asked_of_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(FolderUnusable, match="There is no such folder"):
            LandingFolder(tmp_path / "none")


class TestHolding:
    def test_is_for_one_alone(self, tmp_path: Path) -> None:
        path = put(tmp_path, "a.csv")
        one, other = LandingFolder(tmp_path), LandingFolder(tmp_path)
        with one.holding(path) as first, other.holding(path) as second:
            assert first is not None
            assert second is None
        with other.holding(path) as again:
            assert again is not None

    def test_a_file_that_another_moved_away_is_nothing(self, tmp_path: Path) -> None:
        with LandingFolder(tmp_path).holding(tmp_path / "gone.csv") as landed:
            assert landed is None

    def test_a_link_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(put(tmp_path, "b.csv"))
        with (
            pytest.raises(FolderUnusable, match="cannot be opened"),
            LandingFolder(tmp_path).holding(tmp_path / "link"),
        ):
            pass


class TestMoving:
    def test_takes_label_and_mark_along(self, tmp_path: Path) -> None:
        put(tmp_path, "a.csv", "data")
        put(tmp_path, "a.csv.sig", "{}")
        put(tmp_path, "a.csv.done", "")
        moved = LandingFolder(tmp_path).move_taken(held(tmp_path))
        assert moved == tmp_path / "taken" / "a.csv"
        assert moved.read_text() == "data"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["taken"]
        assert sorted(path.name for path in (tmp_path / "taken").iterdir()) == [
            "a.csv",
            "a.csv.sig",
        ]

    def test_of_a_refused_file_leaves_the_sentence_beside_it(self, tmp_path: Path) -> None:
        put(tmp_path, "a.csv")
        LandingFolder(tmp_path).move_refused(held(tmp_path), "It is broken.")
        assert (tmp_path / "refused" / "a.csv.why.txt").read_text() == "It is broken.\n"

    def test_never_overwrites_a_file_of_the_same_name(self, tmp_path: Path) -> None:
        for text in ("one", "two", "three"):
            put(tmp_path, "a.csv", text)
            LandingFolder(tmp_path).move_taken(held(tmp_path))
        taken = {path.name: path.read_text() for path in (tmp_path / "taken").iterdir()}
        assert taken == {"a.csv": "one", "a.1.csv": "two", "a.2.csv": "three"}

    def test_finishes_what_a_killed_run_began(self, tmp_path: Path) -> None:
        path = put(tmp_path, "a.csv")
        (tmp_path / "taken").mkdir()
        os.link(path, tmp_path / "taken" / "a.csv")  # killed between the two names
        moved = LandingFolder(tmp_path).move_taken(held(tmp_path))
        assert moved == tmp_path / "taken" / "a.csv"
        assert [one.name for one in (tmp_path / "taken").iterdir()] == ["a.csv"]
        assert not path.exists()

    def test_leaves_a_file_that_grew_meanwhile(self, tmp_path: Path) -> None:
        path = put(tmp_path, "a.csv", "half")
        landed = held(tmp_path)
        path.write_text("half and the rest")
        assert LandingFolder(tmp_path).move_taken(landed) is None
        assert path.read_text() == "half and the rest"


class TestALabel:
    def test_says_who_sent_the_file(self, tmp_path: Path) -> None:
        put(tmp_path, "a.csv")
        landing = LandingFolder(tmp_path)
        assert landing.label(held(tmp_path)) == Label()
        put(tmp_path, "a.csv.sig", '{"source": "north", "sequence": 7, "signature": "00ff"}')
        assert landing.label(held(tmp_path)) == Label("north", 7, "00ff")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "[]",
            "{}",
            '{"source": 7}',
            '{"source": "n\\u0000"}',
            '{"source": "n", "sequence": -1}',
            '{"source": "n", "sequence": 1000000000000000000}',
            '{"source": "n", "sequence": true}',
            "\u00ff",
            "x" * 70_000,
        ],
    )
    def test_that_says_nothing_is_refused(self, tmp_path: Path, text: str) -> None:
        put(tmp_path, "a.csv")
        (tmp_path / "a.csv.sig").write_bytes(text.encode("latin-1"))
        with pytest.raises(LabelUnreadable, match="It does not say who sent the file"):
            LandingFolder(tmp_path).label(held(tmp_path))
