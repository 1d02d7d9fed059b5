"""Endpoint configurations of a release: one version alone, or champion and challenger side by side, and what is counted of them."""

import json
from dataclasses import dataclass
from typing import Self

from noria.kernel.json import Json
from noria.kernel.verdict import Reason, root_cause

#: Names of the variants: constant, so that capacity and autoscaling of `main` outlive an update.
MAIN, CHALLENGER = "main", "challenger"
NAMESPACE = "AWS/SageMaker"
#: CloudWatch counts endpoints by the minute.
PERIOD_SECONDS = 60
MICROSECONDS_PER_MS = 1_000
#: What each update keeps: instances that autoscaling added, and not the weights, which are the release's own.
RETAIN = {
    "RetainAllVariantProperties": True,
    "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DataCaptureConfig"}, {"VariantPropertyType": "DesiredWeight"}],
}
#: Share of requests that fail, in three of five minutes, at which the alarm on what serves goes off.
ALARM_ERRORS = 0.05
#: Between two looks at what serves.
LOOK_SECONDS = 3_600


@dataclass(frozen=True)
class Champion:
    """What serves, as the ledger has it.

    Attributes:
        config: of the endpoint.
        served: the SageMaker model behind it.
        approved_at: when its version was approved, as the registry told.
        autoscale: how its instances follow the traffic, or nothing.
    """

    package: str
    config: str
    served: str
    approved_at: str
    autoscale: Json | None = None

    @classmethod
    def of(cls, item: Json | None) -> Self | None:
        """Out of the ledger's item; nothing where there is none."""
        if not item:
            return None
        read = {name: value["S"] for name, value in item.items() if "S" in value}
        autoscale = json.loads(read.get("autoscale", "null"))
        return cls(read["package"], read["config"], read.get("served", read["config"]), read.get("approved_at", ""), autoscale)


def update_of(endpoint: str, config: str) -> Json:
    """`UpdateEndpoint` to a configuration, with what each update keeps."""
    return {"EndpointName": endpoint, "EndpointConfigName": config, **RETAIN}


def version_number(package: str) -> int:
    """A version's number in its group, out of its ARN."""
    return int(package.rsplit("/", 1)[-1])


def facts(event: Json, data: Json, time: str, autoscale: Json | None) -> Json:
    """What the ledger keeps of a release, in DynamoDB's types."""
    report = {
        "package": event["package"],
        "endpoint": data["endpoint"],
        "config": data["config"],
        "served": data["config"],
        "run": data["run"],
        "spec": data["spec"],
        "release": data["release"],
        "sagemaker_model": event["metadata"].get("sagemaker_model", "unknown"),
        "schema": event["metadata"].get("schema", "unknown"),
        "approved_at": str(event["approved_at"]),
        "time": time,
        "autoscale": json.dumps(autoscale),
        "document": json.dumps(data),
    }
    return {name: {"S": value} for name, value in report.items()}


def running(endpoint: Json | None, count: int) -> int:
    """Instances of `main` that run now; 0 where nothing serves."""
    if endpoint is None or endpoint["EndpointStatus"] == "Failed":
        return 0
    shown = {variant["VariantName"]: variant for variant in endpoint.get("ProductionVariants", [])}
    return int(shown.get(MAIN, {}).get("CurrentInstanceCount") or count)


def is_own(endpoint: Json, champion: Champion) -> bool:
    """Whether an endpoint serves what an interrupted release left: the champion beside a challenger."""
    config = str(endpoint.get("EndpointConfigName"))
    return config.endswith("-try") and config.rsplit("-", 2)[0] == champion.config.rsplit("-", 1)[0]


@dataclass(frozen=True)
class EndpointPlanner:
    """Makes what `deploy` is started with, for one endpoint.

    Attributes:
        alarm: the name of the alarm on what serves, by which guardrails go back.
        running: instances of `main` that run now; 0 where nothing serves.
        captures: where requests and answers are captured to, as an S3 URI.
        watched: per cent of the requests that are captured for monitoring.
        champion: what serves, or nothing; where an endpoint does not come to what was asked, its instances go on as that one's.
    """

    endpoint: str
    alarm: str
    serve: Json
    tagged: list[Json]
    running: int
    captures: str
    champion: Champion | None
    watched: int = 0

    def back(self, champion: Champion) -> Json:
        """The champion takes all of the traffic again, as it did."""
        update = update_of(self.endpoint, champion.config)
        return self._deploy(champion.config, [self._variant(MAIN, champion.served, 1.0)], update, champion.autoscale)

    def alone(self, config: str, served: str, strategy: str, rollout: Json) -> Json:
        """One version takes all of the traffic."""
        update: Json = update_of(self.endpoint, config)
        if deployment := _deployment(strategy, rollout, self.alarm):
            update["DeploymentConfig"] = deployment
        return self._deploy(config, [self._variant(MAIN, served, 1.0)], update, self.serve["autoscale"], self._capture(0))

    def pair(self, config: str, champion: Champion, served: str, rollout: Json) -> Json:
        """Champion and challenger share the traffic; or the challenger gets a copy of it and answers nobody."""
        share, shadow = rollout["steps"][0], rollout["strategy"] == "shadow"
        update = update_of(self.endpoint, config)
        champions = self._variant(MAIN, champion.served, 1.0 if shadow else round(1 - share, 6))
        challengers = self._variant(CHALLENGER, served, 1.0 if shadow else share)
        more: Json = {"ShadowProductionVariants": [challengers]} if shadow else {}
        more |= self._capture((rollout["guard"]["answers"] or {"percent": 0})["percent"])
        # The challenger takes over as many instances as the champion has: that one may grow, and not shrink, beside it.
        return self._deploy(config, [champions] if shadow else [champions, challengers], update, champion.autoscale, more, shrinks=False)

    def _capture(self, guarded: int) -> Json:
        """What is captured: answers for the guard, and requests as well for monitoring."""
        if not (percent := max(guarded, self.watched)):
            return {}
        modes = ["Input", "Output"] if self.watched else ["Output"]
        config = {
            "EnableCapture": True,
            "InitialSamplingPercentage": percent,
            "DestinationS3Uri": self.captures,
            "CaptureOptions": [{"CaptureMode": mode} for mode in modes],
            "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]},
        }
        return {"DataCaptureConfig": config}

    def _variant(self, name: str, served: str, weight: float) -> Json:
        types = self.serve["instance"]
        pools = [{"InstanceType": kind, "Priority": number} for number, kind in enumerate(types, start=1)]
        return {
            "VariantName": name,
            "ModelName": served,
            **({"InstancePools": pools} if len(types) > 1 else {"InstanceType": types[0]}),
            "InitialInstanceCount": self.running or self.serve["count"],
            "InitialVariantWeight": weight,
        }

    def _deploy(self, config: str, variants: list[Json], update: Json, autoscale: Json | None, more: Json | None = None, shrinks: bool = True) -> Json:
        request: Json = {"EndpointConfigName": config, "ProductionVariants": variants, "Tags": self.tagged, **(more or {})}
        create = {"EndpointName": self.endpoint, "EndpointConfigName": config, "Tags": self.tagged}
        return {
            "config": request,
            "create": create,
            "update": update,
            **scaling(self.endpoint, autoscale, self.champion.autoscale if self.champion else None, shrinks),
        }


def scaling(endpoint: str, autoscale: Json | None, otherwise: Json | None, shrinks: bool = True) -> Json:
    """What `deploy` does about autoscaling: SageMaker refuses some updates of a variant that scales by itself, so it ceases before, and goes on after.

    Args:
        autoscale: the spec's block, or null.
        otherwise: the block of what serves where the endpoint does not come to what was asked, or null.
        shrinks: whether instances may be taken away.

    Returns:
        `{pause, resume, otherwise}`: requests of `DeregisterScalableTarget`; and of `RegisterScalableTarget` with `PutScalingPolicy`.
    """
    target = {"ServiceNamespace": "sagemaker", "ScalableDimension": "sagemaker:variant:DesiredInstanceCount"}
    pause = [{**target, "ResourceId": f"endpoint/{endpoint}/variant/{variant}"} for variant in (MAIN, CHALLENGER)]
    return {"pause": pause, "resume": _following(endpoint, pause[0], autoscale, shrinks), "otherwise": _following(endpoint, pause[0], otherwise, True)}


def _following(endpoint: str, variant: Json, autoscale: Json | None, shrinks: bool) -> list[Json]:
    if not autoscale:
        return []
    held = {"DynamicScalingInSuspended": not shrinks, "DynamicScalingOutSuspended": False, "ScheduledScalingSuspended": not shrinks}
    policy = {
        "TargetValue": autoscale["requests"],
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
        "ScaleOutCooldown": autoscale["out_seconds"],
        "ScaleInCooldown": autoscale["in_seconds"],
    }
    register = {**variant, "MinCapacity": autoscale["min"], "MaxCapacity": autoscale["max"], "SuspendedState": held}
    follow = {**variant, "PolicyName": f"{endpoint}-requests", "PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": policy}
    return [{"register": register, "follow": follow}]


def unscaled(deployed: Json) -> list[Reason]:
    """What kept an endpoint's instances from following the traffic; it serves all the same."""
    failure = deployed.get("Unscaled")
    return [Reason("NotScaled", f"serve.autoscale has no effect: {root_cause(str(failure.get('Cause')))}", str(failure.get("Error")))] if failure else []


def plan_alarms(event: Json) -> Json:
    """The alarms on what serves.

    Args:
        event: `{prefix, model, endpoint}`

    Returns:
        `{outcome, alarms}`: requests of `PutMetricAlarm`.
    """
    alarms = [alarm(alarm_name(event["prefix"], event["model"]), event["endpoint"]), monitoring_alarm(event["prefix"], event["model"])]
    return {"outcome": "planned", "alarms": alarms}


def alarm(name: str, endpoint: str) -> Json:
    """The alarm on what serves: `PutMetricAlarm`."""
    return {
        "AlarmName": name,
        "AlarmDescription": f"{endpoint} fails requests; the release before it is restored",
        "Namespace": NAMESPACE,
        "MetricName": "Invocation5XXErrors",
        "Dimensions": [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": MAIN}],
        "Statistic": "Average",
        "Period": PERIOD_SECONDS,
        "EvaluationPeriods": 5,
        "DatapointsToAlarm": 3,
        "Threshold": ALARM_ERRORS,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }


def monitoring_alarm(prefix: str, model: str) -> Json:
    """The alarm on what looks at a model find: `PutMetricAlarm`. It shows a state; who is paged is paged by the event, once a cause."""
    return {
        "AlarmName": f"{prefix}-monitoring/{model}",
        "AlarmDescription": f"the last look at {model} found a cause for concern: noria drift {model}",
        "Namespace": "Noria/Models",
        "MetricName": "Causes",
        "Dimensions": [{"Name": "Model", "Value": model}],
        "Statistic": "Maximum",
        "Period": LOOK_SECONDS,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "ignore",
    }


def alarm_name(prefix: str, model: str) -> str:
    """An alarm whose name begins with stack and model starts a rollback; an owner's may end otherwise."""
    return f"{prefix}/{model}/errors"


def _deployment(strategy: str, rollout: Json, alarm: str) -> Json | None:
    """SageMaker's deployment guardrails."""
    bake, share = rollout["bake_minutes"] * 60, {"Type": "CAPACITY_PERCENT", "Value": round(rollout["steps"][0] * 100)}
    undo = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm}]}}
    if strategy == "rolling":
        return {"RollingUpdatePolicy": {"MaximumBatchSize": share, "WaitIntervalInSeconds": bake}, **undo}
    routing: Json = {"Type": strategy.upper(), "WaitIntervalInSeconds": bake}
    if strategy == "canary":
        routing["CanarySize"] = share
    elif strategy == "linear":
        routing["LinearStepSize"] = share
    else:
        return None
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": bake}, **undo}
