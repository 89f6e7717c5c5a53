"""A file that leaves us leaves once, wherever the program dies on the way."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from meterledger.stores.vault.outgoing import Outgoing

NAME = "ach-20250221A.txt"
RUN = """
import sys
from pathlib import Path
from meterledger.stores.vault.outgoing import Outgoing
folder = Path(sys.argv[1])
way = Outgoing(folder)
for number in range(200):
    way.release(f"ach-{number}.txt", lambda: b"entries" * 100, folder)
"""


class Died(Exception):
    """The machine went away."""


def picked_up(folder: Path) -> list[str]:
    """What the bank's courier finds; it takes all of it."""
    found = sorted(one.name for one in folder.iterdir() if not one.name.startswith("."))
    for one in found:
        (folder / one).unlink()
    return found


def release(folder: Path) -> Path | None:
    return Outgoing(folder).release(NAME, lambda: b"entries", folder)


def dying(patch: pytest.MonkeyPatch, at: int) -> Callable[[], int]:
    """The at-th thing done to the disk is the last; answers how many were done."""
    done = 0

    def watch(owner: Any, name: str) -> None:
        real = getattr(owner, name)

        def call(*told: Any, **how: Any) -> Any:
            nonlocal done
            if done == at:
                raise Died
            done += 1
            return real(*told, **how)

        patch.setattr(owner, name, call)

    for owner, name in ((Path, "replace"), (Path, "mkdir"), (os, "fsync"), (os, "open")):
        watch(owner, name)
    return lambda: done


def test_it_leaves_once(tmp_path: Path) -> None:
    assert release(tmp_path) == tmp_path / NAME
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert release(tmp_path) is None
    assert picked_up(tmp_path) == [NAME]
    assert release(tmp_path) is None
    assert picked_up(tmp_path) == []


def test_it_leaves_once_wherever_the_program_dies(tmp_path: Path) -> None:
    at = 0
    while True:
        folder = tmp_path / str(at)
        folder.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            count = dying(patch, at)
            try:
                release(folder)
            except Died:
                pass
            else:
                assert count() == at, "it was done without dying"
                break
        left = picked_up(folder)
        release(folder)
        left += picked_up(folder)
        assert left == [NAME], f"it died at {at}"
        at += 1
    assert at > 10


def test_one_that_was_going_to_another_folder_goes_there(tmp_path: Path) -> None:
    ours, other = tmp_path / "ours", tmp_path / "other"
    with pytest.MonkeyPatch.context() as patch:
        real = Path.replace

        def stop(self: Path, target: Path) -> Path:
            if target == other / NAME:
                raise Died
            return real(self, target)

        patch.setattr(Path, "replace", stop)
        with pytest.raises(Died):
            Outgoing(ours).release(NAME, lambda: b"entries", other)

    assert Outgoing(ours).release(NAME, lambda: b"never asked", ours) == other / NAME
    assert (other / NAME).read_bytes() == b"entries"


@pytest.mark.parametrize("rounds", [2, pytest.param(40, marks=pytest.mark.soak)])
def test_two_processes_that_are_killed_send_each_file_once(tmp_path: Path, rounds: int) -> None:
    left: list[str] = []
    for number in range(rounds):
        with (
            subprocess.Popen([sys.executable, "-c", RUN, str(tmp_path)]) as one,
            subprocess.Popen([sys.executable, "-c", RUN, str(tmp_path)]) as two,
        ):
            time.sleep(0.2 + 0.01 * number)
            one.kill()
            left += picked_up(tmp_path)  # the courier does not wait
            two.kill()
        left += picked_up(tmp_path)
    subprocess.run([sys.executable, "-c", RUN, str(tmp_path)], check=True)
    left += picked_up(tmp_path)
    assert sorted(left) == sorted(f"ach-{number}.txt" for number in range(200))
