"""Bytes over the network: `fetcher` polls, `http` asks, the others guard what may be asked and how much."""
