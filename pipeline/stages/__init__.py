"""Load, decide, save: one module a stage. Stages know the Protocols and the rules, not who calls them."""
