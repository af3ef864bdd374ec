"""What keeps the system well: feeds, quarantine, the doctor; and `verify`, which reads all that is stored."""
