"""The nouns of Wirewatch: frozen, slotted, and every time in UTC.

One article's way:

    Capture → RawItem → Article → EnrichedArticle → StoredArticle → Story (+ Decision) → Alert → Message

Ids are digests of content (`content_id`), so that writing a thing again is an upsert.
"""

from pipeline.records.alerts import (
    Alert,
    AlertKind,
    Conditions,
    Delivery,
    DeliveryState,
    Digest,
    Message,
    QuietHours,
    Watch,
    WatchState,
)
from pipeline.records.articles import (
    Article,
    DateSource,
    EnrichedArticle,
    Entity,
    EntityKind,
    Form,
    Removed,
    Span,
    StoredArticle,
    Topic,
)
from pipeline.records.ids import content_id
from pipeline.records.sources import (
    Capture,
    CaptureKind,
    FeedState,
    JournalEntry,
    JournalKind,
    Payload,
    RawItem,
    Rejection,
    SourceText,
    Stage,
    TextKind,
    Unsettled,
)
from pipeline.records.stories import (
    Candidate,
    Change,
    Contribution,
    Correction,
    Decision,
    Disagreement,
    EntityCount,
    Evidence,
    Lineage,
    Story,
    SummarySentence,
)

__all__ = [
    "Alert",
    "AlertKind",
    "Article",
    "Candidate",
    "Capture",
    "CaptureKind",
    "Change",
    "Conditions",
    "Contribution",
    "Correction",
    "DateSource",
    "Decision",
    "Delivery",
    "DeliveryState",
    "Digest",
    "Disagreement",
    "EnrichedArticle",
    "Entity",
    "EntityCount",
    "EntityKind",
    "Evidence",
    "FeedState",
    "Form",
    "JournalEntry",
    "JournalKind",
    "Lineage",
    "Message",
    "Payload",
    "QuietHours",
    "RawItem",
    "Rejection",
    "Removed",
    "SourceText",
    "Span",
    "Stage",
    "StoredArticle",
    "Story",
    "SummarySentence",
    "TextKind",
    "Topic",
    "Unsettled",
    "Watch",
    "WatchState",
    "content_id",
]
