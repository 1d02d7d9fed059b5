"""How a served model can be: the names of its states."""

OK, UNDECIDED = "ok", "undecided"
#: Its quality has fallen; its inputs have changed; a feed broke.
DEGRADED, DRIFT, INCIDENT = "degraded", "drift", "incident"
#: It is as good as when it was released, and an earlier version of it was better.
FADED = "faded"
#: Nobody asks it; nobody tells what was true. Neither is a good sign, nor a bad one.
NO_TRAFFIC, NO_TRUTH = "no_traffic", "no_truth"
