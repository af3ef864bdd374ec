"""The contract's JSON shapes as tables and text for people.

`fitting` draws a table in the width there is, `ages` says how long ago a thing was; `news_tables` shows
stories, articles and names, `upkeep_tables` what keeps the system well.
"""
