"""SageMaker: a real one behind the gateway.

`service.py` has the table of operations. `resources.py` serves Create, Describe, List, Update and Delete of every kind of resource from
botocore's service model; what a resource does beyond that is in `jobs` (training, processing, transform), `endpoints` (models, endpoints,
InvokeEndpoint, automatic scaling) and `registry.py` (model packages). `containers` runs the processes of both.
"""
