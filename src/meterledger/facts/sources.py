"""Sources: the head-ends that send files, and how they prove that a file is theirs.

Made by ``meterledger source add``, judged by ``metering``, kept by ``stores``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

UNSIGNED = "unsigned"
ED25519 = "ed25519"
HMAC_SHA256 = "hmac-sha256"
SCHEMES = (UNSIGNED, ED25519, HMAC_SHA256)


@dataclass(frozen=True, slots=True)
class Source:
    """A head-end by its name.

    ``scheme`` says how it signs; ``key`` is its public key (Ed25519, 64 hexadecimal digits) or
    the name of the file that holds the shared key (HMAC), empty where it does not sign. A source
    that ``is_sequenced`` numbers its files without a gap.
    """

    name: str
    scheme: str
    key: str
    is_sequenced: bool
    learned_at: datetime

    @property
    def signs(self) -> bool:
        """Whether its files must carry a signature."""
        return self.scheme != UNSIGNED
