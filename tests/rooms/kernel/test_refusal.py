"""Refusals are sentences for a person: what, where, why, what to do."""

from __future__ import annotations

import pickle

import pytest

from meterledger.kernel.ensure import InvariantBroken, ensure
from meterledger.kernel.refusal import Refusal


class TestARefusal:
    def test_says_where_what_why_and_what_to_do(self) -> None:
        refusal = Refusal(
            "No value is in force", where="line 3", why="The sheet ended", do="Add the new sheet"
        )

        assert str(refusal) == ("line 3: No value is in force. The sheet ended. Add the new sheet.")
        assert (refusal.what, refusal.where) == ("No value is in force", "line 3")

    @pytest.mark.parametrize(
        ("what", "sentence"),
        [
            ("Nothing", "Nothing."),
            ("Nothing.", "Nothing."),
            ("Nothing!", "Nothing!"),
            ("Is it so?", "Is it so?"),
            ("two\nlines\tof  text ", "two lines of text."),
        ],
    )
    def test_ends_once_and_stands_on_one_line(self, what: str, sentence: str) -> None:
        assert str(Refusal(what)) == sentence

    def test_names_an_account_once(self) -> None:
        where = "account 0000000018"
        assert str(Refusal("Account 0000000018 has no service", where=where)) == (
            "Account 0000000018 has no service."
        )
        assert str(Refusal("It has no service", where=where)) == f"{where}: It has no service."

    @pytest.mark.parametrize("blank", ["", " ", "\n"])
    def test_leaves_out_parts_that_say_nothing(self, blank: str) -> None:
        assert str(Refusal("It is late", where=blank, why=blank, do=blank)) == "It is late."

    def test_keeps_of_a_word_without_end_its_beginning(self) -> None:
        digits = "9" * 10_000
        assert str(Refusal(f"'{digits}' is no number", do="Write digits")) == (
            f"'{'9' * 39}... (10002 signs) is no number. Write digits."
        )
        path = "/a" * 100
        assert str(Refusal(f"{path} is not there")) == f"{path} is not there."

    def test_travels_between_processes_whole(self) -> None:
        sent = Refusal("It is late", where="line 3", do="Hurry")

        received = pickle.loads(pickle.dumps(sent))

        assert str(received) == str(sent)
        assert (received.where, received.do) == ("line 3", "Hurry")


class TestEnsure:
    def test_stops_on_a_broken_promise_and_names_it(self) -> None:
        ensure(True, "nothing happens")
        with pytest.raises(InvariantBroken, match=r"^Broken promise: lines sum to the total\.$"):
            ensure(False, "lines sum to the total")

    def test_a_broken_promise_is_not_a_refusal(self) -> None:
        assert not issubclass(InvariantBroken, Refusal)


class TestALostDatabase:
    def test_ends_a_run_instead_of_holding_one_case_after_another(self) -> None:
        class Lost(Refusal):
            stops_everything = True

        with pytest.raises(Lost, match="The database went away"):
            Lost("The database went away").of_one_case()

    def test_is_told_from_what_is_wrong_with_one_case(self) -> None:
        refusal = Refusal("Nobody lives there")
        assert refusal.of_one_case() is refusal
