"""Topics: by the words of a taxonomy, and by the vector of a text as learned from labelled lines."""
