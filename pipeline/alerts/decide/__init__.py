"""Whether a watch fires: `decide`, what is new in a story (`news`), and why not (`explain`)."""
