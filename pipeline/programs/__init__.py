"""For programs that read: answers (what a language model is told), mcp_server (how it asks)."""
