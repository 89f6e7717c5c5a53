"""The file that proves a bill: made from what replays, checked by a program that stands alone."""

from __future__ import annotations

import copy
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.journeys.proofs import summed

import meterledger_verify as verifier
from meterledger.stores.gateways.bill_signing import KEY_FILE, BillSigner, SigningKeyUnusable
from meterledger.usecases.prove_bill import CannotProve, prove_bill, signed_bytes

PROGRAM = Path(verifier.__file__)
AUTUMN = (date(2025, 9, 15), date(2025, 11, 15))
SCHEDULES = ("1M-anytime", "1M-evening-morning", "1M-overnight", "1M-smart", "1M-ultimate")


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> BillSigner:
    return BillSigner(tmp_path_factory.mktemp("signer"))


@pytest.fixture
def proofs_of(town: Any, signer: BillSigner) -> Callable[[str], list[dict[str, Any]]]:
    """Two bills' proofs: one over a change of season and riders, one over a change of the clock."""

    def make(schedule: str) -> list[dict[str, Any]]:
        town.start(1, schedule=schedule, tax_place="university_city", from_day=AUTUMN[0], cycle=15)
        town.read("M1", AUTUMN)
        issued = town.bill(1, on=AUTUMN[1]).issued
        stores = {"store": town.store, "lake": town.lake, "book": town.book}
        return [signed(prove_bill(bill_id=one.bill_id, **stores), signer) for one in issued]

    return make


@pytest.fixture
def proof_of(proofs_of: Any) -> Callable[[str], dict[str, Any]]:
    """The proof of the bill over a change of season and riders."""
    return lambda schedule: proofs_of(schedule)[0]


def hash_of(place: dict[str, Any]) -> str:
    """What somebody who changes a reading would also do: make the hash fit."""
    return hashlib.sha256(np.array(place["meters"][0]["wh"], dtype="<i8").tobytes()).hexdigest()


def signed(proof: dict[str, Any], signer: BillSigner) -> dict[str, Any]:
    return {**proof, "signature": signer.sign(signed_bytes(proof))}


def checked(proof: dict[str, Any], key: str | None = None) -> str:
    return verifier.verify(verifier.read_proof(json.dumps(proof).encode()), key)


class TestAProof:
    @pytest.mark.parametrize("schedule", SCHEDULES)
    def test_holds_on_every_rate_option(self, proofs_of: Any, schedule: str) -> None:
        season, clock = proofs_of(schedule)
        assert {"2025-10-01"} <= {line["from"] for line in season["bill"]["lines"]}
        assert len(clock["utc_offsets"]) == 2
        for proof in (season, clock):
            assert checked(proof) == proof["signature"]["public_key"]

    def test_is_checked_by_one_file_with_no_package_at_hand(
        self, proof_of: Any, tmp_path: Path
    ) -> None:
        path = tmp_path / "bill.proof.json"
        path.write_text(json.dumps(proof_of("1M-smart")), encoding="utf-8")

        # -I -S: no environment, no site-packages; only Python's own library is there.
        ran = subprocess.run(
            [sys.executable, "-I", "-S", str(PROGRAM), str(path)],
            capture_output=True,
            text=True,
            timeout=60,
        )

        assert ran.returncode == 0, ran.stderr
        assert " holds." in ran.stdout

    def test_is_short_enough_to_be_read_before_it_is_believed(self) -> None:
        assert len(PROGRAM.read_text(encoding="utf-8").splitlines()) < 500
        assert "import meterledger\n" not in PROGRAM.read_text(encoding="utf-8")
        assert "from meterledger" not in PROGRAM.read_text(encoding="utf-8")

    def test_is_not_made_of_a_bill_that_replays_to_other_bytes(
        self, town: Any, proof_of: Any
    ) -> None:
        proof_of("1M-anytime")
        bill_id = town.store.bills_of_account(town.account_id(1))[-1].bill_id

        class Altered:
            def __getattr__(self, name: str) -> Any:
                return getattr(town.store, name)

            def bill(self, asked: str) -> Any:
                from dataclasses import replace

                return replace(town.store.bill(asked), record_sha256="0" * 64)

        with pytest.raises(CannotProve, match="does not follow from its readings"):
            prove_bill(bill_id=bill_id, store=Altered(), lake=town.lake, book=town.book)


def sum_again(proof: dict[str, Any]) -> None:
    """What somebody who changes a line would also do: make the total fit."""
    summed(proof)


class TestAFileThatWasChanged:
    """Signed again with another key, so that the recomputation alone has to find it."""

    @pytest.fixture
    def proof(self, proof_of: Any) -> dict[str, Any]:
        return proof_of("1M-smart")

    def disproved(self, proof: dict[str, Any], signer: BillSigner) -> str:
        sum_again(proof)
        proof.pop("signature")
        with pytest.raises((verifier.Disproved, verifier.Unreadable)) as found:
            checked(signed(proof, signer))
        return str(found.value)

    @pytest.mark.parametrize("place", [0, 1, 7, 1000, -1])
    def test_in_a_reading(self, proof: Any, signer: BillSigner, place: int) -> None:
        readings = proof["readings"]["delivered"][0]
        readings["meters"][0]["wh"][place] += 1
        assert "do not have the hash" in self.disproved(copy.deepcopy(proof), signer)
        readings["sha256"] = hash_of(readings)
        assert "Line " in self.disproved(proof, signer)

    def test_in_every_price(self, proof: Any, signer: BillSigner) -> None:
        prices = [name for name in proof["values"] if name.endswith("_usd_per_kwh")]
        assert len(prices) > 3
        for name in prices:
            for part in range(len(proof["values"][name])):
                changed = copy.deepcopy(proof)
                changed["values"][name][part][2] += "1"
                assert "Line " in self.disproved(changed, signer)

    def test_in_every_price_and_amount_of_a_line(self, proof: Any, signer: BillSigner) -> None:
        for number in range(len(proof["bill"]["lines"])):
            for key, other in (("usd", "0.01"), ("price_usd", "0.01"), ("quantity", "1.001")):
                changed = copy.deepcopy(proof)
                changed["bill"]["lines"][number][key] = other
                assert "Line " in self.disproved(changed, signer)

    def test_in_how_a_line_is_reckoned(self, proof: Any, signer: BillSigner) -> None:
        for number in range(len(proof["bill"]["lines"])):
            changed = copy.deepcopy(proof)
            changed["bill"]["lines"][number]["arithmetic"] = "1 kWh x $0.10 = $0.10"
            assert "is told as '1 kWh x $0.10 = $0.10'" in self.disproved(changed, signer)

    def test_in_every_day_of_a_line(self, proof: Any, signer: BillSigner) -> None:
        for number in range(len(proof["bill"]["lines"])):
            for key in ("from", "to"):
                changed = copy.deepcopy(proof)
                changed["bill"]["lines"][number][key] = "2025-10-20"
                assert "Line " in self.disproved(changed, signer)

    @pytest.mark.parametrize(("key", "day"), [("from", "2025-10-14"), ("to", "2025-11-16")])
    def test_in_the_period(self, proof: Any, signer: BillSigner, key: str, day: str) -> None:
        proof["bill"][key] = day
        self.disproved(proof, signer)

    def test_in_the_season_the_hours_or_a_holiday(self, proof: Any, signer: BillSigner) -> None:
        seasons, hours = copy.deepcopy(proof), copy.deepcopy(proof)
        seasons["values"]["seasons"][0][2]["10"] = "summer"
        self.disproved(seasons, signer)
        (name,) = [n for n, parts in hours["values"].items() if "by_season" in parts[0][2]]
        windows = hours["values"][name][0][2]["by_season"]["winter"]["working_day"]
        windows[0][1] -= 60
        assert "does not fill" in self.disproved(copy.deepcopy(hours), signer)
        windows[1][0] -= 60
        self.disproved(hours, signer)

    def test_in_how_far_local_time_is_from_utc(self, proofs_of: Any, signer: BillSigner) -> None:
        _, proof = proofs_of("1M-smart")
        del proof["utc_offsets"][1]
        assert "does not follow the last one, or leaves the bill" in self.disproved(proof, signer)

    def test_in_the_instant_from_which_that_is_told(self, proof: Any, signer: BillSigner) -> None:
        proof["utc_offsets"][0][0] = 0
        assert "The clock is not told from day 1 on" in self.disproved(proof, signer)

    def test_in_the_tax(self, proof: Any, signer: BillSigner) -> None:
        (rate,) = proof["values"]["municipal_gross_receipts_university_city"]
        rate[2] = "1/10"
        assert "Line " in self.disproved(proof, signer)

    def test_by_leaving_out_a_clause(self, proof: Any, signer: BillSigner) -> None:
        proof["bill"]["lines"][0]["citations"] = []
        assert "Line 1 does not cite {'" in self.disproved(proof, signer)

    def test_by_a_value_that_nothing_asks_for(self, proof: Any, signer: BillSigner) -> None:
        """A price of other days would look as if it held for the bill."""
        more, longer = copy.deepcopy(proof), copy.deepcopy(proof)
        more["values"]["another_price"] = [["2025-09-15", "2025-10-15", "0.01", "Sheet 54"]]
        assert "Nothing asks for 'another_price'" in self.disproved(more, signer)
        name = next(name for name in longer["values"] if name.endswith("_usd_per_kwh"))
        longer["values"][name][-1][1] = "2025-12-01"
        assert f"Nothing asks for '{name}' on a day." in self.disproved(longer, signer)

    def test_by_a_number_in_an_operation(self, proof: Any, signer: BillSigner) -> None:
        proof["charges"][0]["times"] = ["2"]
        assert "lacks a part, or one is of another kind" in self.disproved(proof, signer)

    @pytest.mark.parametrize("text", ["1e400000000", "1_0", "\u0661", "0" * 21, "", "nan"])
    def test_by_a_number_that_nobody_would_write(
        self, proof: Any, signer: BillSigner, text: str
    ) -> None:
        name = next(name for name in proof["values"] if name.endswith("_usd_per_kwh"))
        proof["values"][name][0][2] = text
        assert "is no plain number" in self.disproved(proof, signer)

    def test_by_an_operation_that_does_not_exist(self, proof: Any, signer: BillSigner) -> None:
        for name in ("season", "__init__", "figures"):
            changed = copy.deepcopy(proof)
            changed["charges"][0]["times"] = [{name: "1"}]
            assert "lacks a part" in self.disproved(changed, signer)

    def test_by_a_reading_of_a_clause_that_is_not_known(
        self, proof: Any, signer: BillSigner
    ) -> None:
        proof["values"]["season_proration_basis"][0][2] = "by weather"
        said = self.disproved(proof, signer)
        assert said == "'season_proration_basis' is read in a new way."


class TestTheSignature:
    def test_is_broken_by_any_change_whatever(self, proof_of: Any) -> None:
        proof = proof_of("1M-anytime")
        for path, value in (
            (("bill", "due"), "2025-12-31"),
            (("bill", "account"), "0000000000"),
            (("release", "book_sha256"), "0" * 64),
            (("readings", "estimated"), []),
        ):
            changed = copy.deepcopy(proof)
            changed[path[0]][path[1]] = value
            with pytest.raises(verifier.Disproved, match="signature is not that"):
                checked(changed)

    @pytest.mark.parametrize("scheme", ["Ed448", "ed25519", "", None])
    def test_is_of_no_other_scheme_than_it_says(self, proof_of: Any, scheme: str | None) -> None:
        proof = copy.deepcopy(proof_of("1M-anytime"))
        proof["signature"]["scheme"] = scheme
        for key in (None, proof["signature"]["public_key"]):
            with pytest.raises(verifier.Disproved, match="signature is not that"):
                checked(proof, key)

    def test_is_held_to_the_key_that_the_utility_published(
        self, proof_of: Any, tmp_path: Path
    ) -> None:
        proof, other = proof_of("1M-anytime"), BillSigner(tmp_path)
        checked(proof, proof["signature"]["public_key"])
        with pytest.raises(verifier.Disproved, match="signature is not that"):
            checked(proof, other.public_key)

    def test_agrees_with_a_library_on_good_and_bad_ones(self) -> None:
        for number in range(8):
            key = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
            public = key.public_key().public_bytes_raw()
            message = bytes(range(number * 9))
            good = key.sign(message)
            assert verifier.signature_holds(public, message, good)
            assert not verifier.signature_holds(public, message + b".", good)
            for place in (0, 31, 32, 63):
                bad = bytearray(good)
                bad[place] ^= 1
                assert not verifier.signature_holds(public, message, bytes(bad))
            # s + q is the same number to a checker that does not look: it must look
            s = int.from_bytes(good[32:], "little") + verifier.Q
            assert not verifier.signature_holds(
                public, message, good[:32] + s.to_bytes(32, "little")
            )


class TestAFileThatIsNoProof:
    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"", "is no JSON"),
            (b"[]", "does not call itself"),
            (b'{"format": "other"}', "does not call itself"),
            (b'{"format": "meterledger-bill-proof/3", "a": 1.5}', "is no JSON that is read here"),
            (b'{"format": "meterledger-bill-proof/3", "a": 1, "a": 2}', "stands twice"),
            (b"\xff\xfe", "is no JSON"),
            (b"[" * 100_000, "is no JSON"),
        ],
    )
    def test_is_refused_in_a_sentence(self, data: bytes, words: str) -> None:
        with pytest.raises(verifier.Unreadable, match=words):
            verifier.read_proof(data)

    def test_lacking_a_part_says_so(self, proof_of: Any, signer: BillSigner) -> None:
        whole = proof_of("1M-anytime")
        whole.pop("signature")
        for part in ("bill", "readings", "values", "charges"):
            lacking = {key: value for key, value in whole.items() if key != part}
            with pytest.raises(verifier.Unreadable, match="lacks a part"):
                checked(signed(lacking, signer))

    def test_ends_the_program_with_2(self, tmp_path: Path, capsys: Any) -> None:
        path = tmp_path / "other.json"
        path.write_text("{}", encoding="utf-8")
        assert verifier.main([str(path)]) == 2
        assert "does not call itself" in capsys.readouterr().err
        assert verifier.main([str(tmp_path / "none")]) == 2


class TestTheKeyThatSigns:
    def test_is_made_once_and_only_for_its_owner(self, tmp_path: Path) -> None:
        first = BillSigner(tmp_path).public_key
        assert BillSigner(tmp_path).public_key == first
        assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600

    def test_is_refused_when_others_may_read_it(self, tmp_path: Path) -> None:
        BillSigner(tmp_path)
        (tmp_path / KEY_FILE).chmod(0o640)
        with pytest.raises(SigningKeyUnusable, match="Others on this machine may read it"):
            BillSigner(tmp_path)

    def test_is_refused_when_it_is_no_key(self, tmp_path: Path) -> None:
        (tmp_path / KEY_FILE).write_bytes(b"no key")
        (tmp_path / KEY_FILE).chmod(0o600)
        with pytest.raises(SigningKeyUnusable, match="It holds no key in PEM"):
            BillSigner(tmp_path)


def test_a_first_bill_of_a_few_days_holds_on_the_real_book(town: Any, signer: BillSigner) -> None:
    """Its lines cite the normal month and the shortest regular one, not the longest."""
    town.start(1, schedule="1M-smart", from_day=date(2025, 10, 8), cycle=15)
    town.read("M1", (date(2025, 10, 8), AUTUMN[1]))
    stores = {"store": town.store, "lake": town.lake, "book": town.book}
    first, second = (
        signed(prove_bill(bill_id=one.bill_id, **stores), signer)
        for one in town.bill(1, on=AUTUMN[1]).issued
    )
    assert ("normal_period_days" in first["proration"]) > (
        "normal_period_days" in second["proration"]
    )
    assert checked(first) == checked(second) == signer.public_key
