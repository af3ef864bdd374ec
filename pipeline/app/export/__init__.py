"""What is stored, as a file: exporting (what), flat (columns), export_file (where, and resumed), parquet."""
