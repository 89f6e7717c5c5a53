"""``serve`` answers this machine only, and says why it does not answer others."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator

import granian.server
import pytest
from typer.testing import CliRunner

from meterledger.entrypoints.cli.main import build_app
from meterledger.entrypoints.cli.serve import (
    NotThisMachine,
    PortRefused,
    answer_until_stopped,
    link,
    own_address,
    refuse_taken_port,
)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


class TestServe:
    @pytest.mark.parametrize(
        ("asked", "bound"),
        [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("::1", "::1")],
    )
    def test_binds_what_only_this_machine_can_reach(self, asked: str, bound: str) -> None:
        assert own_address(asked) == bound

    @pytest.mark.parametrize(
        "host", ["0.0.0.0", "::", "", "192.168.1.4", "127.0.0.1.example", "2130706433", "127.1"]
    )
    def test_refuses_everything_else(self, host: str) -> None:
        with pytest.raises(NotThisMachine, match="sign-in does not exist yet"):
            own_address(host)

    def test_exits_with_2_and_one_sentence(self) -> None:
        answer = CliRunner().invoke(build_app(), ["serve", "--host", "0.0.0.0"])
        assert answer.exit_code == 2
        assert answer.stderr == (
            "--host: '0.0.0.0' is not this machine's own address. The pages show names, addresses "
            "and usage, and sign-in does not exist yet. Leave --host out, or give one of "
            "127.0.0.1, localhost, ::1; from another machine, reach it through an SSH tunnel.\n"
        )

    def test_says_that_a_port_is_taken_before_it_opens_anything(self, taken_port: int) -> None:
        with pytest.raises(PortRefused, match=f"Port {taken_port} cannot be used.*--port"):
            refuse_taken_port("127.0.0.1", taken_port)

    @pytest.mark.parametrize("port", [0, -1, 65_536])
    def test_refuses_what_is_no_port(self, port: int) -> None:
        with pytest.raises(PortRefused, match="Give a number from 1 to 65535"):
            refuse_taken_port("127.0.0.1", port)

    def test_says_where_it_is_once_its_worker_was_made(
        self, monkeypatch: pytest.MonkeyPatch, taken_port: int, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """What a thread holds at a fork is held in the worker for ever: there is none before it."""
        running: list[int] = []

        class ForksOnce:
            def __init__(self, *_: object, **__: object) -> None:
                self.hooks: list[Callable[[], object]] = []

            def on_startup(self, hook: Callable[[], object]) -> None:
                self.hooks.append(hook)

            def serve(self) -> None:
                before = set(threading.enumerate())
                for hook in self.hooks:
                    hook()
                running.append(len(set(threading.enumerate()) - before))
                if (worker := os.fork()) == 0:
                    os._exit(0)
                os.waitpid(worker, 0)
                for one in set(threading.enumerate()) - before:
                    one.join()

        monkeypatch.setattr(granian.server, "Server", ForksOnce)

        answer_until_stopped("127.0.0.1", taken_port)

        assert running == [0]
        assert f"Meterledger is at http://127.0.0.1:{taken_port}/" in capfd.readouterr().out

    def test_prints_a_link_that_can_be_opened(self) -> None:
        assert link("127.0.0.1", 8000) == "http://127.0.0.1:8000/"
        assert link("::1", 8000) == "http://[::1]:8000/"
