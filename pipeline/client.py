"""A client of the read API, for programs in Python: typed, with iterators over pages.

Installed, it is `wirewatch.client`:

    from wirewatch.client import NewsClient

    with NewsClient("http://127.0.0.1:8090", token="ww-…") as news:
        for story in news.stories(q="storm", since="7d"):
            mail(story["title"], story["origins"])

Every answer is a document of `api.api_documents`, as it came.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, Self
from urllib.parse import quote

import httpx

from pipeline.errors import PermanentError, UnavailableError

if TYPE_CHECKING:
    from pipeline.api.api_documents import (
        AlertDocument,
        ArticleDocument,
        ChangesPage,
        DecisionDocument,
        FoundArticle,
        ListedStory,
        NameDocument,
        SituationDocument,
        StoryDocument,
        WatchDocument,
    )

Wanted = str | int | None
# So often the same is asked again when the server says "later", and no wait is longer.
_TRIES: Final = 4
_LONGEST_SECONDS: Final = 60.0
_PAGE: Final = 100


class ApiError(PermanentError):
    """The server refused; asking again changes nothing.

    Attributes:
        status: The HTTP status.
        column: Where a query cannot be read, from 1.
    """

    def __init__(self, message: str, status: int, column: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.column = column


class NewsClient:
    """Asks one desk. What is asked again unchanged costs the server's answer, not the way: `ETag`s are kept.

    Args:
        address: Of the desk, such as "http://127.0.0.1:8090".
        token: From `wirewatch tokens add`.
        timeout_seconds: For one answer.
        transport: How it is sent, where not over the network.
        wait: Waits some seconds; where the server says "later", it is asked again after them.

    Raises:
        ApiError: The server refuses: the token, the scope, the query, an id.
        UnavailableError: It does not answer, or says "later" again and again.
    """

    def __init__(
        self,
        address: str,
        token: str,
        *,
        timeout_seconds: float = 30.0,
        transport: httpx.BaseTransport | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._wait = wait
        self._kept: dict[str, tuple[str, Any]] = {}
        self._http = httpx.Client(
            base_url=f"{address.rstrip('/')}/api/v1/",
            headers={"authorization": f"Bearer {token}", "accept": "application/json"},
            timeout=timeout_seconds,
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes its connections."""
        self._http.close()

    def articles(
        self,
        q: str = "",
        *,
        since: str = "",
        until: str = "",
        order: Literal["newest", "oldest"] = "newest",
        most: int | None = None,
    ) -> Iterator[FoundArticle]:
        """Articles that a query hits, page by page; `most` stops earlier."""
        return self._all("articles", most, q=q, since=since, until=until, order=order)

    def best(self, q: str, *, since: str = "", limit: int = 30) -> list[FoundArticle]:
        """The articles that a query hits best; at most 100."""
        page = self._get("articles", q=q, since=since, order="best", limit=limit)
        found: list[FoundArticle] = page["items"]
        return found

    def article(self, name: str) -> ArticleDocument:
        """One article, by its id or its address."""
        if "://" in name:
            found: ArticleDocument = self._get("articles/by-url", url=name)
        else:
            found = self._get(f"articles/{quote(name, safe='')}")
        return found

    def why(self, article: str) -> DecisionDocument:
        """Why an article is in its story."""
        found: DecisionDocument = self._get(f"articles/{quote(article, safe='')}/why")
        return found

    def stories(
        self,
        q: str = "",
        *,
        since: str = "",
        order: Literal["hot", "new", "size"] = "hot",
        most: int | None = None,
        **least: int,
    ) -> Iterator[ListedStory]:
        """Stories in an order; `min_articles`, `min_outlets`, `min_origins`: only with so many of these."""
        return self._all("stories", most, q=q, since=since, order=order, **least)

    def story(self, name: str) -> StoryDocument:
        """One story; of a merged one its heir."""
        found: StoryDocument = self._get(f"stories/{quote(name, safe='')}")
        return found

    def situations(
        self, q: str = "", *, since: str = "", order: Literal["hot", "new", "size"] = "hot", limit: int = 10
    ) -> list[SituationDocument]:
        """The long affairs that tie stories together; at most 25."""
        found: list[SituationDocument] = self._get("situations", q=q, since=since, order=order, limit=limit)[
            "items"
        ]
        return found

    def situation(self, name: str) -> SituationDocument:
        """One affair as a timeline, by its id or that of one of its stories."""
        found: SituationDocument = self._get(f"situations/{quote(name, safe='')}")
        return found

    def name(self, name: str) -> NameDocument:
        """A person, place or organisation, by a name, an alias or an id."""
        found: NameDocument = self._get(f"names/{quote(name, safe='')}")
        return found

    def changes(self, cursor: str = "", *, since: str = "", limit: int = _PAGE) -> ChangesPage:
        """What arrived, was edited or moved. Keep `next`, and give it as the cursor next time."""
        found: ChangesPage = self._get("changes", cursor=cursor, since=since, limit=limit)
        return found

    def watches(self) -> Iterator[WatchDocument]:
        """The watches as configured; needs the scope "watches"."""
        return self._all("watches", None)

    def alerts(self, watch: str = "", *, since: str = "", most: int | None = None) -> Iterator[AlertDocument]:
        """What watches told, newest first; needs the scope "watches"."""
        return self._all("alerts", most, watch=watch, since=since)

    def description(self) -> dict[str, Any]:
        """The API in OpenAPI 3.1."""
        found: dict[str, Any] = self._get("openapi.json")
        return found

    def _all(self, path: str, most: int | None, **asked: Wanted) -> Iterator[Any]:
        size = _PAGE if most is None else max(1, min(most, _PAGE))
        return islice(self._pages(path, size, asked), most)

    def _pages(self, path: str, size: int, asked: Mapping[str, Wanted]) -> Iterator[Any]:
        page = self._get(path, **asked, limit=size)
        yield from page["items"]
        while page["next"]:
            page = self._get(path, **asked, limit=size, cursor=page["next"])
            yield from page["items"]

    def _get(self, path: str, **asked: Wanted) -> Any:
        pairs = {name: str(value) for name, value in asked.items() if value not in {None, ""}}
        address = str(self._http.build_request("GET", path, params=pairs).url)
        tag, known = self._kept.get(address, ("", None))
        headers = {"if-none-match": tag} if tag else {}
        for tried in range(1, _TRIES + 1):
            try:
                answer = self._http.get(path, params=pairs, headers=headers)
            except httpx.HTTPError as error:
                raise UnavailableError(f"{self._http.base_url}: does not answer ({error})") from None
            if answer.status_code == httpx.codes.NOT_MODIFIED:
                return known
            if answer.status_code == httpx.codes.OK:
                found = answer.json()
                if "cursor" not in pairs:  # a page in the middle is seldom asked for again
                    self._keep(address, answer.headers.get("etag", ""), found)
                return found
            if answer.status_code not in {429, 503}:
                break
            seconds = _seconds(answer.headers.get("retry-after", ""))
            if tried < _TRIES:
                self._wait(min(seconds, _LONGEST_SECONDS))
        else:
            raise UnavailableError(_detail(answer), seconds)
        raise ApiError(_detail(answer), answer.status_code, _said(answer).get("column"))

    def _keep(self, address: str, tag: str, document: Any) -> None:
        self._kept.pop(address, None)
        if tag:
            self._kept[address] = tag, document
        if len(self._kept) > _PAGE:
            del self._kept[next(iter(self._kept))]


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() else 1.0


def _said(answer: httpx.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _detail(answer: httpx.Response) -> str:
    return f"{answer.url.path}: {_said(answer).get('detail') or f'the server said {answer.status_code}'}"
