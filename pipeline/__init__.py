"""Wirewatch: watches news feeds, groups articles on one event into stories, and mails alerts on them."""
