"""The reading functions hand a dataset on through files in S3: curated, split, scored and compared."""

from noria.data.read_upload import inspect_upload
from noria.preprocessing import prepare
from noria.release.read_smoke_predictions import compare_predictions
from noria.training import score_holdout
from tests.samples import sample


def test_a_dataset_is_curated_split_and_scored_through_the_files(s3):
    spec = sample("functions/data/judge_dataset.json")["spec"]
    spec["data"]["min_rows"] = 50
    rows = [f"2011-01-{1 + i // 24:02}T{i % 24:02}:00:00,{i % 24},5,1,1,9,0,{i},{int(i > 60)}" for i in range(100)]
    text = "ts,hour,dow,month,tmin,tmax,pn,lag_week,busy\n" + "\n".join([*rows, "2011-02-01T00:00:00,77,5,1,1,9,0,1,0"]) + "\n"
    version = s3.put_object(Bucket="lake", Key="k", Body=text.encode())["VersionId"]
    upload = {"bucket": "lake", "key": "k", "version": version, "size": len(text), "model": "bikeshare"}
    facts = inspect_upload({**upload, "folder": "staging/u/", "spec": spec})
    assert (facts["rows"], facts["bad_rows"], facts["faults"]) == (101, 1, {"hour": {"Range": 1}})
    prepared = prepare.prepare_dataset(
        {
            "source": {"bucket": "lake", "key": "staging/u/data.parquet"},
            "artifacts": "artifacts",
            "folder": "runs/r/",
            "data": spec["data"],
            "target": "busy",
            "split": {"by": "time", "group": [], "test": 0.2},
            "processed": None,
            "preprocess": {"script": None, "columns": {}, "lags": []},
        }
    )
    assert prepared["facts"] == {"rows": 100, "train": 80, "holdout": 20, "by": "time", "first": "2011-01-04T08:00:00", "last": "2011-01-05T03:00:00"}
    assert b'"102","hour","Range","a whole number from 0 to 23"' in s3.get_object(Bucket="lake", Key="staging/u/set-aside.csv")["Body"].read()
    s3.put_object(Bucket="artifacts", Key="runs/r/p.out", Body=b"1,0.9\n" * 20)
    shuffled = s3.get_object(Bucket="artifacts", Key="runs/r/holdout/shuffled.csv")["Body"].read().decode().splitlines()
    assert len(shuffled) == 7 * 20
    # Whatever is answered depends on the hour alone, which is the first column.
    again = "".join(f"1,{int(row.split(',')[0]) / 100}\n" if number < 20 else "1,0.9\n" for number, row in enumerate(shuffled))
    s3.put_object(Bucket="artifacts", Key="runs/r/s.out", Body=again.encode())
    scored = score_holdout.score_holdout(
        {
            "bucket": "artifacts",
            "truth": "runs/r/truth/truth.csv",
            "predictions": {"candidate": "runs/r/p.out"},
            "shuffled": "runs/r/s.out",
            "features": ["hour", "dow", "month", "tmin", "tmax", "pn", "lag_week"],
            "task": "binary",
            "monitored_metric": "accuracy",
            "comparisons": [],
            "run": "r",
            "incomparable": None,
            "champion_failure": None,
        }
    )
    assert scored["candidate"]["accuracy"] == 1.0
    assert scored["importance"] == {"hour": 1.0, **dict.fromkeys(["dow", "month", "tmin", "tmax", "pn", "lag_week"], 0.0)}
    s3.put_object(Bucket="artifacts", Key="answers", Body=b"1,0.9\n" * 5)
    assert compare_predictions({"bucket": "artifacts", "predictions": "answers", "expected": "runs/r/p.out", "rows": 5})["rows"] == 5
