"""What a watch says: read from its file (`watch_file`) and explained (`checks`)."""
