"""The production store: `cluster` keeps the contract, each other file is one part of it."""
