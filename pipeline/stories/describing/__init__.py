"""What a story says, from its members: title, summary, names, origins, and counts that disagree."""
