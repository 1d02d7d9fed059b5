"""Statuses of a release and of a rollback in the ledger."""

#: It waits out a freeze and has changed nothing yet.
WAITING = "waiting"
#: It is under way.
RUNNING = "running"
#: Its machine ended without a report: the endpoint may serve the champion beside the challenger.
UNFINISHED = "unfinished"
COMPLETED, RESTORED, ROLLED_BACK, FAILED = "completed", "restored", "rolled_back", "failed"
#: Champion and challenger go on side by side; or a person has changed the endpoint.
HELD, BY_HAND = "held", "by_hand"
#: Releases whose version was the champion.
SERVED = (COMPLETED, RESTORED)
#: Releases after which the endpoint may serve something else than the champion alone.
UNSETTLED = (HELD, BY_HAND, RUNNING, UNFINISHED)
#: Outcomes of a rollback besides `ROLLED_BACK`.
UNDONE, REFUSED, ROLLBACK_FAILED = "undone", "refused", "rollback_failed"
