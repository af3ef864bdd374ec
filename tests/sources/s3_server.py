"""A real server of the S3 protocol on 127.0.0.1, for tests that are about object stores."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

# From the registry, in an environment of its own: its libraries are not ours.
_MOTO = ["--with", "moto[s3]==5.2.5", "--with", "flask==3.1.3", "--with", "flask-cors==6.0.5"]
BUCKET = "s3://news"


@contextmanager
def s3_server(folder: Path) -> Iterator[dict[str, str]]:
    """Runs the server; gives the environment by which clients find it, and `BUCKET` on it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
    uv = str(Path(sys.executable).with_name("uv"))
    run = [uv, "run", "--quiet", "--isolated", "--no-project", *_MOTO, "python", "-m", "moto.server"]
    command = [*run, "-p", port, "-H", "127.0.0.1"]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL) as server:
        try:
            end = time.monotonic() + 180
            while True:
                try:
                    assert httpx.put(f"{url}/news").status_code == 200
                    break
                except httpx.HTTPError:
                    assert server.poll() is None
                    assert time.monotonic() < end
                    time.sleep(0.2)
            yield {
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_REGION": "us-east-1",
                "AWS_ENDPOINT_URL": url,
                "AWS_ALLOW_HTTP": "true",
            }
        finally:
            server.terminate()
