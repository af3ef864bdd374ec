"""The desk among Airflow's pages, behind Airflow's login: the only file that knows both.

Airflow mounts a plugin's pages without checking who asks, so this looks at the token of every request.
Who may see the DAG `ingest` may read; who may change `maintain` may write.

Every process of Airflow loads its plugins and only the api-server answers, so what answers is imported there.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.base_auth_manager import BaseAuthManager
    from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
    from starlette.types import ASGIApp, Receive, Scope, Send

    from pipeline.desk.access import Person

PREFIX = "/desk"
ADDRESS = urlsplit(conf.get("api", "base_url", fallback=""))


def token_of(scope: Scope) -> str:
    """The token of a program, else that of a browser; "" where there is none."""
    from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN

    from pipeline.api.api_tokens import bearer_of
    from pipeline.desk.guard import cookie_of, headers_of

    headers = headers_of(scope)
    token = bearer_of(headers)
    return cookie_of(headers, COOKIE_NAME_JWT_TOKEN) if token is None else token


def person_of(manager: BaseAuthManager[BaseUser], user: BaseUser) -> Person | None:
    """What a user of Airflow may do here; None for one who may not read."""
    from airflow.api_fastapi.auth.managers.models.resource_details import DagDetails

    from pipeline.desk.access import Person

    if not manager.is_authorized_dag(method="GET", user=user, details=DagDetails(id="ingest")):
        return None
    writes = manager.is_authorized_dag(method="PUT", user=user, details=DagDetails(id="maintain"))
    return Person(user.get_name()[:200], "editor" if writes else "reader")


def site() -> ASGIApp:
    """The desk over the home and store that Airflow's environment and connections name."""
    sys.path.append(str(Path(__file__).parents[1]))  # only what runs DAGs has their folder there
    from connected import environment

    from pipeline.desk.serve import mounted

    return mounted(environment(), [ADDRESS.hostname] if ADDRESS.hostname else [])


class BehindLogin:
    """The ASGI layer around all of the desk, static files too; the desk is made when somebody first asks."""

    def __init__(self) -> None:
        self._making = asyncio.Lock()
        self._site: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Says in the scope who asks, and passes on."""
        from airflow.api_fastapi.app import get_auth_manager
        from jwt import InvalidTokenError

        from pipeline.desk.access import Visitor
        from pipeline.desk.guard import VISITOR

        manager, person = get_auth_manager(), None
        if scope["type"] == "http" and (token := token_of(scope)):
            try:
                user = await manager.get_user_from_token(token)
            except InvalidTokenError:  # as good as none
                user = None
            person = await asyncio.to_thread(person_of, manager, user) if user else None
        scope[VISITOR] = Visitor(person, manager.get_url_login())
        async with self._making:
            self._site = self._site or await asyncio.to_thread(site)
        await self._site(scope, receive, send)


class DeskPlugin(AirflowPlugin):
    """Mounts the desk, with an entry in the menu (without `url_route`: in a frame no link would open)."""

    name = "wirewatch"
    fastapi_apps: ClassVar = [{"app": BehindLogin(), "url_prefix": PREFIX, "name": "Wirewatch"}]
    external_views: ClassVar = [{"name": "Wirewatch", "href": f"{ADDRESS.path.rstrip('/')}{PREFIX}/"}]
