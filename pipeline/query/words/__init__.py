"""Words as they are looked for: spellings (`spellings.yaml`), a text's tokens, a query's clauses."""
