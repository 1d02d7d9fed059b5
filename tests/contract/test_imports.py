"""What a function imports is there in its runtime, and no more than it needs: nothing that only developers or the type checker have."""

import subprocess
import sys

import pytest

from tests.samples import ROOT

CORE = ROOT / "layers" / "core"
#: What neither Lambda's runtime nor a layer brings.
ABSENT = ("types_boto3", "mypy", "pytest", "hypothesis", "moto", "typer", "rich")
MODULES = sorted(".".join(path.relative_to(CORE).with_suffix("").parts).removesuffix(".__init__") for path in CORE.rglob("*.py"))
#: Modules of which nothing is there at run time but names for the type checker.
SHAPES = {name for name in MODULES if ".shapes" in name or name.endswith((".published_spec", ".descriptions"))}


def loaded(*modules: str) -> set[str]:
    """Every module that an interpreter has loaded once it has imported some."""
    script = f"import importlib, sys; [importlib.import_module(name) for name in {list(modules)}]; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=CORE, check=True).stdout.split())


def test_no_module_of_the_product_imports_what_only_its_developers_have():
    names = loaded(*MODULES)
    assert {"noria", "pydantic"} <= names
    assert not [name for name in names if name.startswith(ABSENT)]


def test_types_alone_are_not_loaded_at_run_time():
    assert not loaded(*(name for name in MODULES if name not in SHAPES)) & SHAPES


@pytest.mark.parametrize("name", ["noria.adapters.objects", "noria.kernel.errors"])
def test_no_module_loads_an_aws_client_by_being_imported(name):
    assert not {"boto3", "botocore"} & loaded(name)
