"""Where articles, stories and everything said about them are kept: SQLite or Elasticsearch."""

from pipeline.store.open import open_store

__all__ = ["open_store"]
