"""Commits, all or nothing: `changes` works out writes, `root` commits them, `bulk` sends them to `parts`."""
