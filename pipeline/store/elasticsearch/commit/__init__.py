"""A commit, all or nothing: `root` turns it, `changes` is what it comes to, `bulk` writes it into `parts`."""
