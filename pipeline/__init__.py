"""Wirewatch: watches news feeds, groups articles about one event into stories, and mails alerts on them."""
