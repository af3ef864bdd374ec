"""RawItem → Article: main text, boilerplate, dates, language, canonical URL.

Rules only: nothing here touches the network, the disk, the clock or the environment.
"""

from pipeline.normalize.article import normalize
from pipeline.normalize.identity.urls import canonical_url

__all__ = ["canonical_url", "normalize"]
