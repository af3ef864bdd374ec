"""Lucene's syntax as people write it: signs and quotation marks (`source_text`), times (`dates`)."""
