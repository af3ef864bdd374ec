"""200 ask at once, some badly, some never reading: answers stay right, memory flat, a writer writes."""

import asyncio

import pytest

from benchmarks.programs import load


@pytest.mark.slow
def test_200_clients_and_some_that_never_read(tmp_path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    url = f"sqlite:///{tmp_path}/wirewatch.db"
    load.commit(url, 2000)
    with load.served(tmp_path, config) as (address, pid, token):
        asyncio.run(load.clients(address, token, 4, 1.0))
        before = load.memory_mib(pid)

        async def together():
            return await asyncio.gather(load.clients(address, token, 200, 3.0), load.beside(url, 4000))

        with load.never_reading(address, token, 20):
            found, written = asyncio.run(together())
        assert set(found.statuses) <= load.FINE
        assert found.statuses[200] > 20
        assert found.broken == 0
        assert written[0] > 0
        assert load.memory_mib(pid) < before + 150
        # Who comes after them is answered, and sees what was written.
        last = asyncio.run(load.clients(address, token, 1, 1.0))
        assert last.statuses[200]
    from pipeline.store.open import open_store

    store = open_store(url)
    assert store.head() == 4000
    store.close()
