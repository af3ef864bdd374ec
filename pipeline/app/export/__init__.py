"""What is stored, as a file: exporting (what), flat and ninjs (forms), export_file (resumed), parquet."""
