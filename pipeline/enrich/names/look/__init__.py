"""Names by their look, where no model is.

Runs of capitals (`patterns`); where labelled news taught it, what words show (`signs`), what that says
(`tagger`).
"""
