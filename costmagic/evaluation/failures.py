"""Which failed calls are lost items, and when there are too many of them."""

from __future__ import annotations

from collections import Counter, defaultdict

from .buying import Job

# So many failures of one model with no answer between them stop the run …
IN_A_ROW = 10
# … and so does this share of its calls, from the 20th lost one on.
MAX_SHARE, FROM = 0.2, 20


class Failures:
    """Failures of each arm since the run was begun or resumed.

    A failure is not believed before the arm has answered what it was asked later: when a provider is down, the items
    that it failed on are not lost, but asked again once the run goes on.
    """

    def __init__(self) -> None:
        self._pending: defaultdict[str, list[Job]] = defaultdict(list)
        self._answered: Counter[str] = Counter()
        self._lost: Counter[str] = Counter()

    def succeeded(self, job: Job) -> list[Job]:
        """Note an answer; returns the failures that are lost items with that."""
        arm = job.slot.arm
        self._answered[arm] += 1
        believed = [failed for failed in self._pending[arm] if failed.ended_at <= job.sent_at]
        self._pending[arm] = [failed for failed in self._pending[arm] if failed not in believed]
        self._lost[arm] += len(believed)
        return believed

    def failed(self, job: Job) -> str | None:
        """Note a failure; returns why the run must stop, None when it may go on."""
        arm = job.slot.arm
        pending = self._pending[arm]
        pending.append(job)
        lost = self._lost[arm] + len(pending)
        if len(pending) >= IN_A_ROW:
            return f"{len(pending)} calls of {job.prepared.request.ref} in a row failed: {job.message}"
        if lost >= FROM and lost > MAX_SHARE * (lost + self._answered[arm]):
            return f"{lost} of {lost + self._answered[arm]} calls of {job.prepared.request.ref} failed: {job.message}"
        return None

    def ended(self) -> tuple[list[Job], str | None]:
        """At the end of the data: the failures that are lost items; and why it is no end: an arm never answered."""
        for arm, pending in self._pending.items():
            if pending and not self._answered[arm]:
                return [], f"no call of {pending[-1].prepared.request.ref} was answered: {pending[-1].message}"
        lost = [job for pending in self._pending.values() for job in pending]
        self._pending.clear()
        self._lost.update(job.slot.arm for job in lost)
        return lost, None

    def take_back(self) -> list[Job]:
        """The failures that are not believed yet; counting begins anew."""
        jobs = [job for pending in self._pending.values() for job in pending]
        self.__init__()  # type: ignore[misc]
        return jobs
