"""Grouping articles into stories: features, scorer, assignment, repair, facts and metrics. Pure rules."""
