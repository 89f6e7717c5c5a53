"""Is a file from whom it says, new, and in its place among the others? Every no in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from meterledger.facts.sources import ED25519, UNSIGNED, Source
from meterledger.metering import Message, MessageRefused, MessageVerdict, judge_message

NOW = datetime(2026, 3, 20, tzinfo=UTC)
NORTH = Source("north", ED25519, "ab" * 32, is_sequenced=True, learned_at=NOW)
SOUND = Message("a.cmep", "north", NORTH, "a" * 64, True, 8, 7, None)


def sentence(message: Message) -> str:
    with pytest.raises(MessageRefused) as refusal:
        judge_message(message)
    return refusal.value.sentence


class TestAMessage:
    def test_in_its_place_is_taken(self) -> None:
        assert judge_message(SOUND) == MessageVerdict(8, ())

    def test_that_is_the_first_is_in_its_place_whatever_its_number(self) -> None:
        assert judge_message(replace(SOUND, newest_sequence=None, sequence=400)).notes == ()

    def test_of_no_source_needs_no_proof(self) -> None:
        bare = Message("a.cmep", "", None, "a" * 64, None, None, None, None)
        assert judge_message(bare) == MessageVerdict(None, ())

    @pytest.mark.parametrize("proof", [{"sequence": 1}, {"signature_holds": False}])
    def test_of_no_source_with_a_proof_is_refused(self, proof: dict[str, object]) -> None:
        bare = Message("a.cmep", "", None, "a" * 64, None, None, None, None)
        said = sentence(replace(bare, **proof))  # type: ignore[arg-type]
        assert said.startswith("a.cmep: It carries a number or a signature and no source.")

    def test_of_an_unknown_source_is_refused(self) -> None:
        assert sentence(replace(SOUND, source=None)) == (
            "a.cmep: No source north is registered. Nothing of it was read. Register it with "
            "`meterledger source add`, or correct its name. The file lies in the vault."
        )

    def test_without_a_signature_is_refused(self) -> None:
        said = sentence(replace(SOUND, signature_holds=None))
        assert "It is unsigned, and the source north signs what it sends" in said

    def test_with_a_wrong_signature_is_refused(self) -> None:
        said = sentence(replace(SOUND, signature_holds=False))
        assert "Its signature is not one of the source north" in said

    def test_of_a_source_that_does_not_sign_needs_none(self) -> None:
        source = replace(NORTH, scheme=UNSIGNED)
        assert judge_message(replace(SOUND, source=source, signature_holds=None)).sequence == 8

    @pytest.mark.parametrize("sequence", [None, -1])
    def test_without_a_number_is_refused(self, sequence: int | None) -> None:
        assert "It carries no number" in sentence(replace(SOUND, sequence=sequence))

    def test_of_a_source_that_does_not_number_uses_none_up(self) -> None:
        source = replace(NORTH, is_sequenced=False)
        assert judge_message(replace(SOUND, source=source, sequence=8)).sequence is None


class TestItsNumber:
    @pytest.mark.parametrize(
        ("number", "note"),
        [
            (8, ()),
            (9, ("Before file 9 of north, file 8 did not come",)),
            (10, ("Before file 10 of north, files 8 to 9 did not come",)),
            (6, ("File 6 of north came after 7",)),
        ],
    )
    def test_is_noted_where_it_is_out_of_order(self, number: int, note: tuple[str, ...]) -> None:
        assert judge_message(replace(SOUND, sequence=number)) == MessageVerdict(number, note)

    def test_with_another_file_is_a_replay(self) -> None:
        said = sentence(replace(SOUND, sequence=7, sha256_of_sequence="b" * 64))
        assert "It is a replay: the number 7 of the source north came before" in said
        assert "a number is used once" in said

    def test_with_the_same_file_is_noted(self) -> None:
        again = replace(SOUND, sequence=7, sha256_of_sequence="a" * 64)
        assert judge_message(again) == MessageVerdict(None, ("File 7 of north came again",))
