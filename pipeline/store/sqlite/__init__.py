"""The embedded store: `database` implements the contract, each other file a part of it."""
