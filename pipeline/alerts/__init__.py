"""Story × Watch → Alert: rules that touch no clock, disk, network or environment."""
