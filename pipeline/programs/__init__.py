"""For programs that read: what they are told, and how they ask.

answers (what a language model is told), previewed (how it asks for a correction), mcp_server (the protocol),
hub_callbacks (how hubs of feeds reach us).
"""
