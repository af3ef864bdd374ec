# One image for everything that is ours: Airflow's services, the init jobs and the `wirewatch` command.
# Built from uv.lock alone: an image made twice from one commit holds the same packages.

# -- build: the locked packages and the project, as a virtual environment -----------------------------------
FROM python:3.11.14-slim-bookworm AS build

ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_PROGRESS=1 \
    UV_PROJECT_ENVIRONMENT=/opt/wirewatch/venv \
    UV_PYTHON_DOWNLOADS=never

# The final place: the project is installed editable, because it finds config/ beside itself.
WORKDIR /opt/wirewatch
# The uv of uv.lock (tests/deploy checks that they agree).
RUN pip install --no-cache-dir uv==0.13.9

# What it runs on: "airflow" for one machine, "distributed" for several (docker-compose.workers.yml).
ARG EXTRA=airflow
# Packages first: this layer changes only with the lock, not with the code.
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-dev --extra ${EXTRA} --no-install-project
# The driver for Airflow's Postgres, which one machine with SQLite does not need; locked with hashes.
COPY deploy/postgres.txt ./deploy/
RUN uv pip install --python /opt/wirewatch/venv/bin/python --require-hashes -r deploy/postgres.txt

COPY README.md LICENSE ./
COPY config/elasticsearch ./config/elasticsearch
COPY pipeline ./pipeline
COPY deploy/package ./deploy/package
RUN uv sync --locked --no-dev --extra ${EXTRA} --inexact

# -- the image: no compiler, no uv, no root -----------------------------------------------------------------
FROM python:3.11.14-slim-bookworm

# uid 50000 in group 0, as Airflow's own image has it. A named volume takes over the owner of the folder that
# it is mounted on, so the folders are made here.
RUN useradd --uid 50000 --gid 0 --no-create-home --home-dir /opt/wirewatch --shell /usr/sbin/nologin wirewatch \
    && install -d -o wirewatch -g 0 -m 0770 /data /airflow /airflow/logs

WORKDIR /opt/wirewatch
COPY --from=build /opt/wirewatch/venv ./venv
COPY --from=build /opt/wirewatch/pipeline ./pipeline
COPY dags ./dags
COPY deploy ./deploy
COPY config ./config

ENV PATH=/opt/wirewatch/venv/bin:$PATH \
    PYTHONPATH=/opt/wirewatch:/opt/wirewatch/dags \
    PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/wirewatch/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/wirewatch/dags/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AIRFLOW__LOGGING__BASE_LOG_FOLDER=/airflow/logs \
    WIREWATCH_HOME=/data \
    WIREWATCH_CONFIG=/opt/wirewatch/config

USER wirewatch
VOLUME ["/data", "/airflow"]
CMD ["wirewatch", "--help"]
