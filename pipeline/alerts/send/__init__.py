"""What goes out and when: `schedule`, what a message says (`content`), and its bytes (`render`)."""
