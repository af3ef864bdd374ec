"""How well an article fits a story: what both have in common, weighed by the scorer."""
