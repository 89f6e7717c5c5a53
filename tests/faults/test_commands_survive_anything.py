"""Commands that move money are killed from outside, at every step and at random, two at once.

Real processes of the command line, kill -9. Wherever one dies (before and after each commit, around
each file that it writes, while the processor acts), the same command again comes to the end of an
undisturbed one: every row, every entry, every byte that left us.

Lives elsewhere the commands and their towns (``commands``), steps (``stopping``), servers that are
                killed (``tests/stores/test_kills``, ``test_bill_cycle_survives_anything``).
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.faults.commands import COMMANDS, Stage, kill_now, killed, on_stage
from tests.stores.conftest import NUMBERS, nothing_configured, open_folder, server
from tests.stores.falling import Place
from tests.stores.paper_town import ANALYST
from tests.stores.test_a_fault_at_every_statement import TELLS_OF_ITSELF, broken, tables

from meterledger.stores.postgres.private_server import (
    DATABASE,
    OWNER,
    SUPERUSER,
    PrivateServer,
)

__all__ = ["nothing_configured", "server"]
pytestmark = [pytest.mark.postgres, pytest.mark.soak, pytest.mark.timeout(3000)]


class Played:
    """A command played once undisturbed, so that its steps and its end are known."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        tells = stage.folder / "steps"
        stage.reset()
        self.broken = self.verified()
        stage.finish()  # the first one makes partitions for its months, which stay
        stage.reset()
        began = time.monotonic()
        stage.finish(tells)
        self.usual_seconds = time.monotonic() - began
        self.steps = tells.read_text().splitlines()
        self.after = stage.holds()
        stage.finish()
        assert not self.otherwise(), "a second one changes something"
        self.kills = 0

    def otherwise(self) -> set[str]:
        """What is otherwise than after an undisturbed command."""
        now = self.stage.holds()
        assert now.keys() == self.after.keys()
        return set(tables(now, self.after)) - TELLS_OF_ITSELF - self.stage.command.told_again

    def ends_alike(self, where: str) -> None:
        """The same command again comes to the same end, and everything ties."""
        self.stage.finish()
        assert not self.otherwise(), f"{where}: {self.otherwise()} end otherwise"
        assert self.stage.processor.starts <= 1, f"{where}: it began twice at the processor"

    def one(self, number: int) -> None:
        """Kill one at a step."""
        self.stage.reset()
        assert killed(self.stage.start(number)), f"step {number} is not there any more"
        self.kills += 1
        self.ends_alike(f"killed at {number}, {self.steps[number]}")

    def two(self, numbers: tuple[int, int]) -> None:
        """Kill two that work at once, each at a step of its own; one may end before."""
        self.stage.reset()
        pair = [self.stage.start(number) for number in numbers]
        with ThreadPoolExecutor(2) as pool:
            self.kills += sum(pool.map(killed, pair))
        self.ends_alike(f"two killed at {numbers}")

    def two_anywhere(self, chance: random.Random) -> None:
        """Kill two that work at once, wherever they are."""
        self.stage.reset()
        pair = [self.stage.start(), self.stage.start()]
        for process in chance.sample(pair, 2):
            time.sleep(chance.uniform(0, self.usual_seconds * 0.7))
            self.kills += kill_now(process)
        self.ends_alike("two killed anywhere")

    def two_left_alone(self) -> None:
        """Two at once that nobody kills; one may have to be asked again."""
        self.stage.reset()
        for process in (self.stage.start(), self.stage.start()):
            _, said = process.communicate(timeout=300)
            assert process.returncode in (0, 2), said.decode()
            assert "Traceback" not in said.decode()
        self.ends_alike("two at once")

    def verified(self) -> list[Any]:
        """What ``verify`` finds broken; towns of paper may lack a lake or a service."""
        store = self.stage.place.store()
        with store.viewing(ANALYST, ["all"]):
            found = broken(store)
        store._connections.close()
        return found

    def everything_ties(self) -> None:
        """What ``verify`` looks at holds as it did before, and the journal sums to zero."""
        assert self.verified() == self.broken


@pytest.fixture(scope="module")
def place(server: PrivateServer) -> Iterator[Place]:
    """A database for all of these tests."""
    name = f"commands_{next(NUMBERS)}"
    with psycopg.connect(**server.connection(SUPERUSER), autocommit=True) as administrator:
        administrator.execute(f"CREATE DATABASE {name} TEMPLATE {DATABASE} OWNER {OWNER}")
        made = Place(server, name)
        yield made
        made.close()
        administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def stage(place: Place, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The stage of the command that the test names."""
    folder: Path = open_folder()
    with on_stage(request.param, place, folder) as made:
        yield made
    shutil.rmtree(folder)


@pytest.mark.parametrize("stage", COMMANDS, indirect=True)
def test_a_command_that_is_killed_at_any_step_leaves_what_one_more_ends(stage: Stage) -> None:
    played = Played(stage)
    for number in range(len(played.steps)):
        played.one(number)
    print("kills:", played.kills, "of", len(played.steps), "steps")
    played.everything_ties()


@pytest.mark.parametrize("stage", COMMANDS, indirect=True)
def test_two_commands_at_once_that_are_killed_leave_what_one_more_ends(stage: Stage) -> None:
    chance = random.Random(5)
    played = Played(stage)
    played.two_left_alone()
    for _ in range(6):
        played.two((chance.randrange(len(played.steps)), chance.randrange(len(played.steps))))
    for _ in range(8):
        played.two_anywhere(chance)
    print("kills:", played.kills)
    played.everything_ties()
