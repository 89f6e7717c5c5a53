"""The account that runs the private server, as messages name it."""

from __future__ import annotations

import os
import pwd

import pytest

from meterledger.stores.postgres.binaries import ServerAccount


class TestTheNameOfOurOwnAccount:
    def test_is_that_of_the_machine(self) -> None:
        assert ServerAccount(None).name == pwd.getpwuid(os.geteuid()).pw_name

    def test_is_a_number_where_no_account_has_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: 3_999_999_999)
        assert ServerAccount(None).name == "number 3999999999"
