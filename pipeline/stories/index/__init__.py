"""Which stories come near an article: the active stories, found by heavy words and by vectors."""
