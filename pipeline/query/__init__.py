"""The query language, the only room that knows it: tree, parse, dates, fields, one pure evaluator, words."""
