"""Inference scripts of the models that tests serve."""

#: Only `model_fn` is the user's: a joblib model.
MODEL_FN = """
import joblib, os
def model_fn(folder):
    return joblib.load(os.path.join(folder, "model.joblib"))
"""
#: Answers one value, whatever the request.
CONSTANT = """
def model_fn(folder):
    return None
def input_fn(data, content_type):
    return data
def predict_fn(data, model):
    return [{value}]
"""
#: Takes its time, so that an update finds requests under way and others waiting.
SLOW = "import time\n" + CONSTANT.replace("    return [{value}]", "    time.sleep(0.05)\n    return [{value}]")
#: Does not load.
BROKEN = "def model_fn(folder):\n    raise RuntimeError('no such column: temp')\n"
#: Fails on every request.
CHOOSY = """
def model_fn(folder):
    return None
def predict_fn(data, model):
    raise ValueError('rows must have two columns\\n: not three')
"""
