"""From enriched articles to stories: `group`, `repair`, `restore`, `reenrich`, and the state they share."""
