"""Kibana's boards: what they show (`boards`), how Kibana writes it (`lens`, `objects`), and the import."""
