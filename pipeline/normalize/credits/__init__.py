"""Who wrote it, and from where: bylines, datelines, agencies, and the places that datelines name."""
