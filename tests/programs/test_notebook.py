"""docs/examples/week.ipynb, run by Jupyter's own client over an export; it is kept without outputs."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from served import run

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"


@pytest.mark.slow
# The client lends a loop to code that is not asynchronous, and leaves closing it to the interpreter.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_notebook_draws_a_week(made_home, tmp_path, monkeypatch) -> None:
    notebook = nbformat.read(EXAMPLES / "week.ipynb", as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not [cell for cell in code if cell.outputs or cell.execution_count]
    (text,) = (c.source for c in notebook.cells[:1])
    commands = [line.strip() for line in text.splitlines() if line.startswith("    wirewatch ")]
    assert len(commands) == 2
    for command in commands:
        run(command, made_home, tmp_path)
    monkeypatch.setenv("EXPORTS", str(tmp_path))
    monkeypatch.setenv("EXAMPLES", str(EXAMPLES))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    said = "".join(out.get("text", "") for cell in code for out in cell.outputs)
    shown = [kind for cell in code for out in cell.outputs for kind in out.get("data", {})]
    assert "articles of" in said
    assert "image/svg+xml" in shown
    assert shown.count("text/html") == 3
