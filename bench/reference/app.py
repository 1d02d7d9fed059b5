"""The reference handler: what public examples of serverless Python do at start, a boto3 client and Powertools at hand."""

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.utilities.parser import BaseModel, event_parser

logger = Logger()
tracer = Tracer()
metrics = Metrics(namespace="Reference")
table = boto3.client("dynamodb", region_name="us-east-1")


class Event(BaseModel):
    model: str


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@event_parser(model=Event)
def lambda_handler(event, context):
    logger.info("judged", model=event.model)
    metrics.add_metric(name="Judged", unit="Count", value=1)
    metrics.flush_metrics()
    return {"outcome": "accepted", "model": event.model}
