"""Airflow on this machine, in a folder of its own: for the demo, the tests and `make airflow`."""
