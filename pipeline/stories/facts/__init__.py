"""Facts in texts that tell one event from another: days, magnitudes, victims, names."""
