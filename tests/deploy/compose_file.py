"""docker-compose.yml as tests read it: YAML with merge keys, and the variables it names."""

import re

import yaml

from deploy.env import ROOT

FILE = ROOT / "docker-compose.yml"
WORKERS = ROOT / "docker-compose.workers.yml"
# ${NAME}, ${NAME:-default}, ${NAME:?message}; $$NAME is for the shell inside the container.
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?])([^}]*))?\}")


class Loader(yaml.SafeLoader):
    """PyYAML merges `<<: [a, b]`, as Compose does."""


def text(file=FILE):
    """A file without comments."""
    return "\n".join(re.sub(r"(^|\s)#.*", "", line) for line in file.read_text().splitlines())


def parsed(file=FILE):
    """A file as a mapping."""
    return yaml.load(text(file), Loader=Loader)  # noqa: S506 - a SafeLoader


def services():
    """Services by name."""
    return parsed()["services"]


def distributed():
    """Services with docker-compose.workers.yml laid over them."""
    found = services()
    for name, over in parsed(WORKERS)["services"].items():
        under = found[over["extends"]["service"]] if "extends" in over else found.get(name, {})
        environment = {**under.get("environment", {}), **over.get("environment", {})}
        found[name] = {**under, **over, "environment": environment}
    return found


def variables(*files):
    """(name, operator, what follows) of every variable in the files."""
    return {match.groups() for file in files or (FILE, WORKERS) for match in VARIABLE.finditer(text(file))}


def resolved(value, environment):
    """A string with its variables filled in, as Compose does it."""

    def fill(match):
        name, operator, rest = match.groups()
        if environment.get(name):
            return environment[name]
        assert operator == ":-", f"{name} is not set"
        return rest

    return VARIABLE.sub(fill, str(value)).replace("$$", "$")
