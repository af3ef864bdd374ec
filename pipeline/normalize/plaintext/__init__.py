"""From what was sent to plain text: characters, HTML fragments, whole pages, paragraphs, language."""
