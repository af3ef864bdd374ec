"""Words of many languages as data: one YAML file a language, and what must be in it (`vocabulary`)."""
