"""Bytes from the world: feeds, pages, files, and the archive that keeps them as they came.

The way of a capture, and the file that does it:

    due feeds (poll) → one request at a time a host (fetcher, http) ─┐
    files and folders (files) ───────────────────────────────────────┴→ Capture → archive → parse → RawItem

Nothing is imported here, so that asking for one part does not load the others.
"""
