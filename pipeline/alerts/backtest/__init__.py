"""A watch tried on history: `backtest` decides as it would have, `report` shows it as a page."""
