"""What is stored, as a file: exporting (what), flat (its columns), export_file (where, and resumed), parquet."""
