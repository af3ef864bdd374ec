"""What is known of names: the alias table, proposals for it, and the gazetteer.

`cities.tsv.gz` is made from GeoNames (https://www.geonames.org, CC BY 4.0), `countries.tsv.gz` from GeoNames
and Natural Earth (https://www.naturalearthdata.com, public domain; Wikidata ids as it gives them),
`given_names.txt.gz` from the census of the United States of 1990 (public domain), all by `make gazetteer`.
"""
