"""The production store: `cluster` implements the contract, each other file a part of it."""
