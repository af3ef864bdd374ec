"""In a checkout, the package that a wheel installs as `wirewatch` is the folder `pipeline/`."""
