"""From the world to enriched articles: `poll`, `prepare`, and `handover` between tasks."""
