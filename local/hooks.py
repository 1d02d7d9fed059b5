"""Private names of dependencies that `local` relies on; the gateway verifies each before it starts."""

import importlib
from importlib.metadata import version

#: distribution → module → names. A missing one means that somebody changed the pinned version without a look at this table.
HOOKS: dict[str, dict[str, tuple[str, ...]]] = {
    "ministack": {
        "ministack.app": (
            "AUTH",
            "SERVICE_HANDLERS",
            "SERVICE_REGISTRY",
            "_handle_health_request",
            "_lazy_handler",
            "_loaded_modules",
            "_state_map",
            "main",
            "pin_request_origin",
        ),
        "ministack.core.concurrency": ("run_reentrant",),
        "ministack.core.iam_actions": (
            "SERVICE_TO_IAM_NAMESPACE",
            "_BOTOCORE_SERVICE_MAP",
            "extract_resource_arn",
            "request_tag_context",
        ),
        "ministack.core.iam_evaluator": (
            "EvalContext",
            "_action_matches",
            "_fnmatch_compile",
            "_service_principal_matches",
            "enforce",
            "caller_arn",
            "evaluate_resource_policy",
        ),
        "ministack.core.lambda_runtime": (
            "Worker",
            "_PYTHON_WORKER_SCRIPT",
            "_detect_runtime_binary",
            "_lock",
            "_workers",
            "kill_workers",
            "subprocess",
            "zipfile",
        ),
        "ministack.core.responses": ("get_account_id", "get_region", "request_scope"),
        "ministack.core.router": ("SERVICE_PATTERNS", "extract_access_key_id", "extract_region"),
        "ministack.services.cloudformation": ("_change_sets", "_exports", "_stack_events", "_stacks"),
        "ministack.services.cloudformation.changesets": (
            "_apply_transforms",
            "_deploy_stack_async",
            "_drop_other_change_sets",
            "_evaluate_conditions",
            "_find_change_set",
            "_resolve_parameters",
            "_resolve_props_for_diff",
            "validate_template_support",
        ),
        "ministack.services.cloudformation.engine": ("_constraint_error", "_intrinsic_references", "_topological_sort"),
        "ministack.services.cloudformation.handlers": (
            "_ACTION_HANDLERS",
            "_apply_transforms",
            "_create_stack",
            "_create_stack_task_in_region",
            "_delete_stack",
            "_deploy_stack_async",
            "_evaluate_conditions",
            "_imported_export_names",
            "_resolve_parameters",
            "_resolve_stack",
            "_roll_back_operation",
            "_update_stack",
            "validate_template_support",
        ),
        "ministack.services.cloudformation.helpers": ("_error", "_p"),
        "ministack.services.cloudformation.provisioners": ("_RESOURCE_HANDLERS", "_delete_predecessor", "_physical_name", "_sfn_definition", "_sfn_tags"),
        "ministack.services.cloudformation.stacks": (
            "_add_event",
            "_continue_update_rollback_async",
            "_delete_resource",
            "_deploy_stack_async",
            "_evaluate_conditions",
            "_failed_operation",
            "_resolve_stack_outputs",
            "_roll_back_operation",
            "_runs_on_worker_thread",
            "run_reentrant",
        ),
        "ministack.services.cloudwatch": (
            "_alarms",
            "_calc_stats",
            "_composite_alarms",
            "_dims_key",
            "_dispatch_alarm_actions",
            "_evaluate_alarm",
            "_evaluate_all_alarms",
            "_evaluate_parent_alarms",
            "_get_metric_data",
            "_metrics",
            "_point_stats",
            "_put_metric_alarm",
            "_record_history",
            "_stat_value",
            "cloudformation_put_metric_alarm",
            "record_metric",
        ),
        "ministack.services.cloudwatch_logs": ("_create_log_stream", "_log_groups", "_put_log_events"),
        "ministack.services.dynamodb": ("_update_continuous_backups", "_update_ttl", "handle_request"),
        "ministack.services.eventbridge": (
            "_dispatch_event",
            "_dispatch_to_lambda",
            "_dispatch_to_stepfunctions",
            "_invoke_target",
            "_put_events",
        ),
        "ministack.services.iam": ("_roles",),
        "ministack.services.lambda_svc": (
            "_ACCOUNT_CONCURRENCY_CAP",
            "_acquire_execution_slot",
            "_delete_function_concurrency",
            "_execute_function",
            "_execute_function_warm",
            "_functions",
            "_get_func_record_for_ref",
            "_inflight_key",
            "_put_function_concurrency",
            "_release_execution_slot",
            "_reserved_concurrency",
            "_throttle_response",
            "acquire_worker",
            "executions_in_flight",
            "invoke_async_with_retry",
        ),
        "ministack.services.s3": ("_delete_bucket", "_fire_s3_event", "_put_bucket_encryption", "_put_bucket_lifecycle", "_put_bucket_tagging"),
        "ministack.services.stepfunctions": (
            "_register_sfn_jsonata_functions",
            "_resolve_state_machine_arn",
            "_start_execution",
            "handle_request",
        ),
        "ministack.services.sts": ("_gen_secret", "_gen_session_access_key", "_gen_session_token", "register_session"),
    },
    "hypercorn": {"hypercorn.asyncio.tcp_server": ("TCPServer",), "hypercorn.config": ("Config",)},
    "localstack-core": {
        "localstack.aws.connect": ("connect_to",),
        "localstack.aws.skeleton": ("create_skeleton",),
        "localstack.services.stepfunctions.asl.component.common.error_name.custom_error_name": ("CustomErrorName",),
        "localstack.services.stepfunctions.asl.component.common.assign.assign_decl": ("AssignDecl",),
        "localstack.services.stepfunctions.asl.component.common.assign.assign_template_value_terminal": ("AssignTemplateValueTerminalLit",),
        "localstack.services.stepfunctions.asl.component.common.outputdecl": ("Output",),
        "localstack.services.stepfunctions.asl.component.common.string.string_expression": (
            "StringJSONata",
            "StringVariableSample",
            "compose_jsonata_expression",
        ),
        "localstack.services.stepfunctions.asl.component.state.state": ("StateData",),
        "localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service": ("StateTaskService",),
        "localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service_aws_sdk": ("_SERVICE_ERROR_NAMES",),
        "localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service_callback": (
            "StateTaskServiceCallback",
            "_DELAY_SECONDS_SYNC_CONDITION_CHECK",
        ),
        "localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service_dynamodb": ("StateTaskServiceDynamoDB",),
        "localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service_events": ("StateTaskServiceEvents",),
        "localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service_lambda": ("StateTaskServiceLambda",),
        "localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service_sfn": ("StateTaskServiceSfn",),
        "localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service_sqs": ("StateTaskServiceSqs",),
        "localstack.services.stepfunctions.asl.component.state.state_execution.state_task.state_task": ("StateTask",),
        "localstack.services.stepfunctions.asl.component.state.state_execution.state_task.state_task_factory": ("state_task_service_for",),
        "localstack.services.stepfunctions.asl.component.state.state_execution.state_task.state_task_lambda": ("StateTaskLambda",),
        "localstack.services.stepfunctions.asl.component.state.state_wait.wait_function.wait_function": ("WaitFunction",),
        "localstack.services.stepfunctions.asl.jsonata.jsonata": ("JSONataException", "_eval_jsonata"),
        "localstack.services.stepfunctions.asl.parse.preprocessor": ("from_string_literal",),
        "localstack.services.stepfunctions.backend.execution": ("Execution",),
        "localstack.services.stepfunctions.provider": ("StepFunctionsProvider",),
    },
}


class HookMissingError(RuntimeError):
    """A dependency no longer has a private name that `local` relies on."""


def verify() -> None:
    """Verify every hook.

    Raises:
        HookMissingError: names the distribution, its version, the module and the missing names.
    """
    for distribution, modules in HOOKS.items():
        for name, attributes in modules.items():
            try:
                module = importlib.import_module(name)
            except ImportError as error:
                raise HookMissingError(f"{distribution} {version(distribution)} cannot import {name}: {error}") from error
            missing = [attribute for attribute in attributes if not hasattr(module, attribute)]
            if missing:
                raise HookMissingError(
                    f"{distribution} {version(distribution)} has no {name}.{', '.join(missing)}; pin the version that uv.lock names, or mend the hook in local/"
                )
