"""Where articles, stories and everything said about them are kept: SQLite or Elasticsearch."""

from pipeline.store.copying import copy_store
from pipeline.store.open import migrate_store, open_store, redacted

__all__ = ["copy_store", "migrate_store", "open_store", "redacted"]
