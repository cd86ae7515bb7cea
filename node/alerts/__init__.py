"""What somebody in the household should know of, each with the act to take: facts in, alerts out.

`facts.gather` reads what the other processes publish, `judging.judge` says what is wrong with it. The pages
show it at once; `node.notify` waits until it lasts.
"""

from node.alerts.alert import Alert, Severity
from node.alerts.facts import Facts, gather
from node.alerts.judging import judge

__all__ = ["Alert", "Facts", "Severity", "gather", "judge"]
