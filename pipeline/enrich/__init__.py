"""Article → EnrichedArticle: entities and aliases, topics; and vectors.

The rules (resolve, topics) touch nothing outside; `recognize` and `vectors` load models.
"""

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.names.aliases import Aliases
from pipeline.enrich.names.suggest import Suggestion, suggest
from pipeline.enrich.topics import Taxonomy

__all__ = ["Aliases", "Enricher", "Suggestion", "Taxonomy", "suggest"]
