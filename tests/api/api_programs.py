"""The read API of one store, for programs that come in with tokens."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "desk"))

from desk_store import NOW

from pipeline.api.api_tokens import Tokens
from pipeline.desk.access import Doors

LOCKED = Doors(passwords={"editor": "correct horse battery"})


class Programs:
    """The API of one store; `client` comes in with a token."""

    def __init__(self, desk):
        self.desk = desk
        self.tokens = Tokens(desk.home / "desk" / "tokens")
        self.made = 0

    def token(self, *scopes, per_minute=100_000):
        self.made += 1
        return self.tokens.add(f"test-{self.made}", scopes or ("news", "watches"), per_minute, NOW)

    def client(self, *scopes, per_minute=100_000, clock=lambda: NOW):
        token = self.token(*scopes, per_minute=per_minute)
        return self.desk.client(LOCKED, clock, headers={"authorization": f"Bearer {token}"})

    def stranger(self, **headers):
        return self.desk.client(LOCKED, headers=headers)
