#!/usr/bin/env bash
# Prints a command that is Docker Compose v2, or says how to get one.
#
#   compose-cli.sh           what is on this machine: `docker compose`, `docker-compose`, or one built before
#   compose-cli.sh --build   builds it with Go when there is none (three minutes once, into the user's cache):
#                            enough for `config`, which needs no Docker
set -euo pipefail
version=v2.40.3
built="${XDG_CACHE_HOME:-$HOME/.cache}/wirewatch/docker-compose-$version"

if docker compose version >/dev/null 2>&1; then echo "docker compose"; exit; fi
# Version 1 ended in 2023 and does not read today's files.
if [[ $(docker-compose version --short 2>/dev/null || true) == [v2-9]* ]]; then echo docker-compose; exit; fi
if [[ -x $built ]]; then echo "$built"; exit; fi
if [[ ${1:-} != --build ]] || ! command -v go >/dev/null; then
  echo "compose-cli: no Docker Compose v2 here; install docker-compose-plugin, or Go and: deploy/compose-cli.sh --build" >&2
  exit 1
fi

# `go install` refuses a module with exclude directives, so it is made a tool of an empty module.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$(dirname "$built")"
(
  cd "$work"
  go mod init compose-cli
  go get -tool "github.com/docker/compose/v2/cmd@$version"
  go build -trimpath -ldflags="-s -w -X github.com/docker/compose/v2/internal.Version=$version" \
    -o "$work/docker-compose" github.com/docker/compose/v2/cmd
) >&2
mv "$work/docker-compose" "$built.part" && mv "$built.part" "$built"
echo "$built"
