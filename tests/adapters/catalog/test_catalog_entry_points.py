"""Destinations of installed packages: found by their entry points, set aside with the reason, never in the way."""

import sys

import pytest

from adapters.catalog.entry_points import GROUP, installed
from adapters.catalog.loader import BUILT_IN, load_catalog

SPEC = """\
id: {name}
name: Parcels
category: streaming
description: Sends parcels.
type: not-stated
supports: [audiences]
not_connectable: Nobody has said how.
"""
SHIPPED = len(load_catalog().all())


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return how a package gets installed: a module of its own, and the metadata with its entry points."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def installer(package, points, files=None, code=""):
        folder = tmp_path / package
        folder.mkdir()
        (folder / "__init__.py").write_text(code)
        for name, text in (files or {}).items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
        metadata = tmp_path / f"{package}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[{GROUP}]\n" + "".join(f"{point}\n" for point in points))
        return folder

    yield installer
    for name in set(sys.modules) - before:
        del sys.modules[name]


def problems():
    catalog = load_catalog()
    assert catalog.get("sftp")
    return {str(place): why for place, why in catalog.problems}


def test_nothing_is_installed_beside_us():
    assert installed() == ()


WAYS = {
    "a package": ("alien_a", "alien_a", ""),
    "a path": ("alien_b", "alien_b:FOLDER", "from pathlib import Path\nFOLDER = Path(__file__).parent\n"),
    "a text": ("alien_c", "alien_c:FOLDER", "FOLDER = __file__.rpartition('/')[0]\n"),
    "a function": ("alien_d", "alien_d:find", "def find():\n    return __file__.rpartition('/')[0]\n"),
    "files of a function": (
        "alien_e",
        "alien_e:find",
        "from pathlib import Path\n\ndef find():\n    return Path(__file__).parent.glob('*.yaml')\n",
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_spec_of_an_installed_package_is_in_the_catalog(install, way):
    package, target, code = WAYS[way]
    install(package, [f"mine = {target}"], {"parcels.yaml": SPEC.format(name="parcels")}, code)
    catalog = load_catalog()
    assert catalog.problems == ()
    assert catalog.get("parcels").name == "Parcels"
    assert len(catalog.all()) == SHIPPED + 1


BROKEN = {
    "a module that is missing": ("no_such_module_anywhere", "", "cannot be followed: ModuleNotFoundError"),
    "a name that is missing": ("alien_x:nothing", "", "cannot be followed: AttributeError"),
    "code that fails": ("alien_x:find", "def find():\n    raise RuntimeError('out of parcels')\n", "out of parcels"),
    "a module that fails": ("alien_x", "1 / 0\n", "cannot be followed: ZeroDivisionError"),
    "code that leaves": ("alien_x:find", "def find():\n    raise SystemExit(3)\n", "cannot be followed: SystemExit"),
    "no path": ("alien_x:FOLDER", "FOLDER = 5\n", "leads to something that is no package"),
    "no paths": ("alien_x:FOLDER", "FOLDER = [5]\n", "leads to something that is no path"),
    "nothing": ("alien_x:FOLDER", "FOLDER = None\n", "leads to something that is no package"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_entry_point_that_leads_nowhere_is_set_aside(install, name):
    target, code, reason = BROKEN[name]
    install("alien_x", [f"mine = {target}"], {}, code)
    [(place, why)] = problems().items()
    assert place == f"entry point mine ({target})"
    assert reason in why


def test_a_folder_that_is_missing_and_a_faulty_file_are_set_aside(install):
    folder = install(
        "alien_y", ["a = alien_y:GONE", "b = alien_y"], {"bad.yaml": "id: [\n"}, "GONE = '/no/such/folder'\n"
    )
    assert problems() == {
        "/no/such/folder": "cannot be read: No such file or directory",
        str(folder / "bad.yaml"): "line 2: while parsing a flow node: did not find expected node content",
    }


def test_an_id_that_two_of_them_have_is_told_naming_both(install, tmp_path):
    extra = tmp_path / "extra"
    extra.mkdir()
    for place in (install("alien_p", ["p = alien_p"]), install("alien_q", ["q = alien_q"]), extra):
        (place / "parcels.yaml").write_text(SPEC.format(name="parcels"))
    one, two, three = (str(tmp_path / name / "parcels.yaml") for name in ("extra", "alien_p", "alien_q"))
    catalog = load_catalog(extra)
    assert {str(place): why for place, why in catalog.problems} == {
        one: f"describes parcels, and so does {two} and {three}",
        two: f"describes parcels, and so does {one} and {three}",
        three: f"describes parcels, and so does {one} and {two}",
    }
    assert len(catalog.all()) == SHIPPED


def test_one_file_that_two_entry_points_lead_to_counts_once(install):
    install("alien_r", ["a = alien_r", "b = alien_r"], {"parcels.yaml": SPEC.format(name="parcels")})
    assert problems() == {}


def test_nobody_replaces_a_built_in_destination_by_an_entry_point(install):
    folder = install("alien_s", ["a = alien_s"], {"mine.yaml": SPEC.format(name="sftp")})
    assert problems() == {
        str(folder / "mine.yaml"): f"describes sftp, and so does the built-in {BUILT_IN / 'sftp.yaml'}"
    }
