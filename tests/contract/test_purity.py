"""Functions decide, machines act: which functions may call AWS follows from what they import, and from nothing else."""

from scripts import import_graph
from scripts.templates import functions


def test_every_function_of_the_template_has_a_use_case_and_every_use_case_a_function():
    assert set(functions()) == set(import_graph.use_cases())


def test_a_module_that_imports_an_adapter_says_so_in_its_name_or_is_a_function_s_use_case():
    use_cases = set(import_graph.use_cases().values())
    assert {name for name in import_graph.adapter_users() if not name.rsplit(".", 1)[1].startswith("read_")} <= use_cases


def test_a_function_has_the_data_layer_if_its_use_case_reads_data_and_no_other_carries_it():
    layered = {name for name, function in functions().items() if "DataLayer" in str(function.properties.get("Layers"))}
    assert layered == {folder for folder, module in import_graph.use_cases().items() if import_graph.reads_data(module)}
