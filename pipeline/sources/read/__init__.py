"""Bytes → raw items: `parse` chooses the reader, one file for each format."""
