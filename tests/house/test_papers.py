"""Licences, citation and settings agree with each other and with what is in the tree."""

import re
import tomllib
from pathlib import Path

import yaml

import course_lib

VENDOR = "book/_static/vendor"


def test_the_version_is_the_same_in_library_and_citation(root: Path) -> None:
    citation = yaml.safe_load((root / "CITATION.cff").read_text())
    assert citation["version"] == course_lib.__version__
    assert citation["title"] == yaml.safe_load((root / "_config.yml").read_text())["title"]


def test_the_package_reads_its_version_from_the_library(root: Path) -> None:
    settings = tomllib.loads((root / "pyproject.toml").read_text())
    assert settings["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "course_lib.__version__"}
    assert settings["project"]["requires-python"] == ">=3.11"


def test_everything_vendored_keeps_its_licence(root: Path) -> None:
    folders = [path for path in (root / VENDOR).iterdir() if path.is_dir()]
    assert folders
    assert all((folder / "LICENSE").is_file() for folder in folders)


def test_both_licences_name_the_same_holder(root: Path) -> None:
    for name in ("LICENSE", "LICENSE-TEXT"):
        assert "Copyright (c) 2026, The authors of the course" in (root / name).read_text()


def test_hooks_before_a_commit_download_nothing(root: Path) -> None:
    hooks = yaml.safe_load((root / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repository["repo"] for repository in hooks] == ["local"]
    for hook in hooks[0]["hooks"]:
        assert hook["language"] == "system"
        named = re.findall(r"scripts/\S+\.py", hook["entry"])
        assert all((root / script).is_file() for script in named), named
