"""What is known of names: the alias table, proposals for it, and the gazetteer.

`cities.tsv.gz` is made from GeoNames (https://www.geonames.org, CC BY 4.0), `given_names.txt.gz` from the
census of the United States of 1990 (public domain), both by `make gazetteer`.
"""
