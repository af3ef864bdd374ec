"""Whether a watch fires: `decide`; of what it is asked: `watch_rule`, `story_view`; why not: `explain`."""
