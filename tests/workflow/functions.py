"""The application's own functions, by the name that a machine invokes them under."""

from datetime import UTC, datetime

from noria.data.judge_dataset import judge_dataset
from noria.data.read_upload import inspect_upload
from noria.healing.announce_healing import announce_healing
from noria.healing.decide_healing import decide_healing
from noria.monitoring.judge_window import judge_window
from noria.preprocessing.prepare import prepare_dataset
from noria.release.admission import plan_admission
from noria.release.alarms import plan_alarms
from noria.release.analysis import weigh_traffic
from noria.release.conclude_rollback import conclude_rollback
from noria.release.conclude_rollout import conclude_rollout
from noria.release.decide_approval import decide_approval
from noria.release.plan_rollback import plan_rollback
from noria.release.plan_rollout import plan_rollout
from noria.release.read_captured import count_captured
from noria.release.read_smoke_predictions import compare_predictions
from noria.training.conclude_run import conclude_run
from noria.training.plan_evaluation import plan_evaluation
from noria.training.plan_run import plan_run
from noria.training.score_holdout import score_holdout
from tests.samples import sample
from tests.workflow.running import Json


def _later(event: Json) -> str:
    """A look's own time: no wait takes any here, and each look's period must have ended."""
    began = datetime.fromisoformat(event["changes"][0]).timestamp()
    return datetime.fromtimestamp(began + 60 * (event["look"] + 3), UTC).isoformat()


FUNCTIONS = {
    "InspectUpload": inspect_upload,
    "JudgeDataset": judge_dataset,
    "PlanRun": plan_run,
    "PrepareDataset": prepare_dataset,
    "PlanEvaluation": plan_evaluation,
    "ScoreHoldout": score_holdout,
    "ConcludeRun": conclude_run,
    "DecideApproval": decide_approval,
    "PlanAdmission": plan_admission,
    "PlanRollout": plan_rollout,
    "CountCaptured": count_captured,
    "ComparePredictions": compare_predictions,
    "ConcludeRollout": conclude_rollout,
    "WeighTraffic": lambda event: weigh_traffic({**event, "now": _later(event)}),
    "PlanAlarms": plan_alarms,
    "PlanRollback": plan_rollback,
    "ConcludeRollback": conclude_rollback,
    "ReadWindow": lambda event: sample("functions/monitoring/judge_window.json")["window"],
    "JudgeWindow": judge_window,
    "DecideHealing": decide_healing,
    "AssembleDataset": lambda event: sample("functions/healing/announce_healing.json")["assembled"],
    "AnnounceHealing": announce_healing,
}
