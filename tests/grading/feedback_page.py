"""A student's feedback page, made as ``nbgrader generate_feedback`` makes it, without a gradebook."""

from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from traitlets.config import Config

from course_lib.grading.configuration import configure_feedback


def page_of(notebook: NotebookNode, score: float, max_score: float = 5) -> str:
    """Return the page of a graded notebook; a cell without a score earned nothing."""
    for cell in notebook.cells:
        if "points" in cell.metadata.get("nbgrader", {}):
            cell.metadata.nbgrader.setdefault("score", 0)
    config = Config()
    configure_feedback(config)
    names = {"assignment": "09-double", "score": score, "max_score": max_score, "late_penalty": 0}
    exporter = HTMLExporter(config=Config(HTMLExporter=config.GenerateFeedback.HTMLExporter))
    page, _ = exporter.from_notebook_node(notebook, {"nbgrader": names})
    return str(page)
