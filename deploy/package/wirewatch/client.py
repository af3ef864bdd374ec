"""The client of the read API, by the name that it has in a wheel."""

from pipeline.client import ApiError, NewsClient

__all__ = ["ApiError", "NewsClient"]
