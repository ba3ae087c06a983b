"""Who may import whom: the contracts of pyproject.toml, and the libraries that each package may use."""

import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
OURS = {"engine", "workflows", "projections", "adapters"}
PYDANTIC = {"pydantic", "pydantic_core"}
ALLOWED = {
    "engine": PYDANTIC | {"eventsourcing", "structlog"},
    "workflows": PYDANTIC,
    "projections": PYDANTIC,
}
EXCEPTIONS = {"engine.machine": {"transitions"}, "engine.exploration": {"hypothesis"}}


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph(*sorted(OURS), include_external_packages=True, cache_dir=None)


def test_every_contract_is_kept():
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_a_package_uses_only_the_libraries_it_may(graph, package):
    libraries = {module for module in graph.modules if graph.is_module_squashed(module)}
    libraries -= set(sys.stdlib_module_names)
    used = {
        (module, library)
        for module in {package, *graph.find_descendants(package)}
        for library in graph.find_modules_directly_imported_by(module) & libraries
        if library not in ALLOWED[package] | EXCEPTIONS.get(module, set())
    }
    assert used == set()
