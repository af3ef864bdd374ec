"""Article → EnrichedArticle: entities and aliases, topics; and vectors.

The rules (resolve, topics) touch nothing outside; `recognize` and `vectors` load models.
"""
