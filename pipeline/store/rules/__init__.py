"""What both stores do alike: leases, numbers of changes, which hits are ranked, retention."""
