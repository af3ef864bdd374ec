"""Rules that both stores share: leases, numbers of changes, which hits are ranked, retention."""
