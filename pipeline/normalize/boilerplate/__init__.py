"""Lines of a text that are no part of the article: `strip` applies what the other files list."""
