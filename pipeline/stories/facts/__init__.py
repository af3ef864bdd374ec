"""What texts say of an event that another event would have otherwise: days, magnitudes, victims, names."""
