"""Feeds and sitemaps → raw items: `feed` chooses the reader, `entries` mends what feedparser mixes up."""
