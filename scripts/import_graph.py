"""What the functions import, from the import graph: who may call AWS is derived from it, never listed."""

import ast
from functools import cache
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
#: The packages by which AWS is called.
AWS = frozenset({"boto3", "botocore"})
#: What the data layer carries.
DATA = frozenset({"numpy", "pyarrow", "datasketches", "python_calamine"})
ADAPTERS = "noria.adapters"


@cache
def graph() -> grimp.ImportGraph:
    """Every import in the package `noria`, but for those that only type checkers read."""
    return grimp.build_graph("noria", include_external_packages=True, exclude_type_checking_imports=True, cache_dir=None)


@cache
def use_cases() -> dict[str, str]:
    """The module of each function's use case, by the function's folder: `release/plan_rollout` → `noria.release.plan_rollout`."""
    folder = ROOT / "functions"
    return {str(app.parent.relative_to(folder)): _use_case(app) for app in sorted(folder.glob("*/*/app.py"))}


def _use_case(app: Path) -> str:
    modules = [node.module for node in ast.parse(app.read_text()).body if isinstance(node, ast.ImportFrom) and node.module]
    (module,) = [name for name in modules if name.startswith("noria.") and name != "noria.kernel.handler"]
    return module


def calls_aws(module: str) -> bool:
    """Whether a module reaches an AWS client, however indirectly."""
    imported = {module, *graph().find_upstream_modules(module)}
    return any(name in AWS or name == ADAPTERS or name.startswith(f"{ADAPTERS}.") for name in imported)


def reads_data(module: str) -> bool:
    """Whether a module reaches what the data layer carries, however indirectly."""
    return bool({module, *graph().find_upstream_modules(module)} & DATA)


def deciding() -> set[str]:
    """The folders of the functions that only decide: no module that they import reaches an AWS client."""
    return {folder for folder, module in use_cases().items() if not calls_aws(module)}


def adapter_users() -> set[str]:
    """The modules outside `noria.adapters` that import an adapter themselves."""
    adapters = {ADAPTERS, *graph().find_descendants(ADAPTERS)}
    return {name for adapter in adapters for name in graph().find_modules_that_directly_import(adapter)} - adapters
