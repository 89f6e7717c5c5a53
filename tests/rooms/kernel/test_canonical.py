"""One way to write a record down: the same facts have the same bytes everywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.kernel.canonical import canonical_bytes, sha256_hex

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
RECORDS: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


class TestCanonicalBytes:
    def test_are_sorted_tight_utf8_with_one_line_feed(self) -> None:
        record = {"b": [1, None, True], "a": "naïve ≤ 750", "A": {"z": "", "y": -1}}

        assert canonical_bytes(record) == (
            '{"A":{"y":-1,"z":""},"a":"naïve ≤ 750","b":[1,null,true]}\n'.encode()
        )

    def test_do_not_depend_on_the_order_things_were_put_in(self) -> None:
        assert canonical_bytes({"a": 1, "b": 2}) == canonical_bytes({"b": 2, "a": 1})
        assert canonical_bytes([1, 2]) != canonical_bytes([2, 1])

    @pytest.mark.parametrize(
        "record",
        [0.1, float("nan"), [1, [2, 0.0]], {"a": {"b": (1, 1.5)}}, {"deep": [{"x": float("inf")}]}],
    )
    def test_refuse_a_float_wherever_it_hides(self, record: Any) -> None:
        with pytest.raises(TypeError, match="is a float; write quantities as whole numbers"):
            canonical_bytes(record)

    @pytest.mark.parametrize("key", [1, 1.5, True, None])
    def test_refuse_a_name_that_is_not_text(self, key: Any) -> None:
        with pytest.raises(TypeError, match="is not text; name what is recorded"):
            canonical_bytes({"bill": {key: "x"}})

    def test_refuse_what_json_cannot_say(self) -> None:
        with pytest.raises(TypeError):
            canonical_bytes({"a": {1, 2}})

    @given(RECORDS)
    def test_are_read_back_as_what_was_written(self, record: Any) -> None:
        written = canonical_bytes(record)

        assert json.loads(written) == record
        assert canonical_bytes(json.loads(written)) == written
        assert written.endswith(b"\n")
        assert written.count(b"\n") == 1


def test_the_hash_is_the_published_sha256() -> None:
    assert sha256_hex(b"abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
