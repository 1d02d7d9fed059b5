"""What a function imports is there in its runtime: nothing of what only the type checker or the tests have."""

import subprocess
import sys

import pytest

from tests.samples import ROOT

#: What neither Lambda's runtime nor a layer brings.
ABSENT = ("types_boto3", "mypy", "pytest", "hypothesis", "moto", "typer", "rich")
MODULES = sorted(
    ".".join(path.relative_to(ROOT / "layers" / "core").with_suffix("").parts).removesuffix(".__init__") for path in (ROOT / "layers" / "core").rglob("*.py")
)


def test_no_module_of_the_product_imports_what_only_its_developers_have():
    imports = f"import importlib, sys; [importlib.import_module(name) for name in {MODULES}]; print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", imports], capture_output=True, text=True, cwd=ROOT / "layers" / "core", check=True)
    result = {name.split(".")[0] for name in ended.stdout.split()}
    assert "noria" in result
    assert not [name for name in result if name.startswith(ABSENT)]


@pytest.mark.parametrize("name", ["noria.adapters.objects", "noria.kernel.errors"])
def test_no_module_loads_an_aws_client_by_being_imported(name):
    ended = subprocess.run(
        [sys.executable, "-c", f"import sys, {name}; print(*sys.modules)"], capture_output=True, text=True, cwd=ROOT / "layers" / "core", check=True
    )
    assert not {"boto3", "botocore"} & set(ended.stdout.split())
