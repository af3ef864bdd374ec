"""Situations: which stories one long affair ties together: profile, postings, tying, what ties."""
