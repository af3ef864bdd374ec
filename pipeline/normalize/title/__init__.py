"""Titles without what outlets hang on them: labels, affixes, and the outlet's own name."""
