"""The embedded store: `database` keeps the contract, each other file is one part of it."""
