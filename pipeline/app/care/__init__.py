"""What keeps the system well: feeds, quarantine, the doctor; and `verify`, which reads all that is stored."""

from __future__ import annotations

from pipeline.app.care.feed_list import FeedList
from pipeline.app.care.housekeeping import Care

__all__ = ["Care", "FeedList"]
