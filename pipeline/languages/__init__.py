"""What is known of languages, for every room: names of months and days, and how word files are read.

`calendar_names` has the names that CLDR gives; `word_file` reads YAML that speakers write.
"""
