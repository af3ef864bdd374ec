"""What an article is compared by: tokens, years, names, keywords, and how they are packed."""
