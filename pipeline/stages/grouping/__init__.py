"""From enriched articles to stories: `group`, `repair`, `reenrich`, and the clustering state they share."""
