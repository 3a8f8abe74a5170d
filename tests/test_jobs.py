"""Jobs tell how far they are, fail in one line, and belong to who began them."""

import threading
import time
from collections.abc import Callable

import pytest

from footnote.index import FootnoteError
from footnote.ui.web.jobs import AT_ONCE, CRASHED, KEPT, OF_ONE, Job, Jobs


def ended(jobs: Jobs, user: str, id: str) -> Job:
    """Waits for a job."""
    for _ in range(500):
        if (job := jobs.get(user, id)).ended:
            return job
        time.sleep(0.01)
    raise AssertionError("the job did not end")


def test_a_job_tells_how_far_it_is_and_what_it_came_to() -> None:
    jobs, half, rest = Jobs(), threading.Event(), threading.Event()

    def work(job: Job) -> str:
        job.total = 4
        job.advance(2)
        half.set()
        rest.wait(5)
        job.advance()
        job.advance()
        return "<p>done</p>"

    id = jobs.start("ada", "Adding", "papers", work)
    assert half.wait(5)
    job = jobs.get("ada", id)
    assert (job.label, job.unit, job.done, job.total) == ("Adding", "papers", 2, 4)
    assert (job.result, job.error, job.ended) == (None, None, None)
    assert job.rate > 0
    rest.set()
    job = ended(jobs, "ada", id)
    assert (job.done, job.result, job.error) == (4, "<p>done</p>", None)
    assert job.rate == job.rate


def fails(job: Job) -> str:
    raise FootnoteError("the library is locked; try again")


def crashes(job: Job) -> str:
    raise ZeroDivisionError("a secret of the stack")


@pytest.mark.parametrize(
    ("work", "told"), [(fails, "the library is locked; try again"), (crashes, CRASHED)]
)
def test_a_failure_is_one_line(
    work: Callable[[Job], str], told: str, caplog: pytest.LogCaptureFixture
) -> None:
    jobs = Jobs()
    job = ended(jobs, "ada", jobs.start("ada", "Adding", "papers", work))
    assert (job.error, job.result) == (told, None)
    assert "\n" not in told
    assert ("a secret of the stack" in caplog.text) == (work is crashes)


@pytest.mark.parametrize("user", ["bob", "", "ADA"])
def test_a_job_of_another_user_is_not_known(user: str) -> None:
    jobs = Jobs()
    id = jobs.start("ada", "Adding", "papers", lambda job: "")
    with pytest.raises(FootnoteError, match="no longer known") as other:
        jobs.get(user, id)
    with pytest.raises(FootnoteError) as none:
        jobs.get("ada", "no such job")
    assert str(other.value) == str(none.value)


def test_finished_jobs_are_forgotten_in_time_and_running_ones_never() -> None:
    jobs, go = Jobs(), threading.Event()
    running = jobs.start("ada", "Running", "papers", lambda job: str(go.wait(20)))
    ids = []
    for _ in range(KEPT + 10):
        ids.append(jobs.start("ada", "Adding", "papers", lambda job: ""))
        ended(jobs, "ada", ids[-1])
    with pytest.raises(FootnoteError):
        jobs.get("ada", ids[0])
    assert jobs.get("ada", ids[-1]).result == ""
    assert jobs.get("ada", running).ended is None
    go.set()
    ended(jobs, "ada", running)


def test_a_few_jobs_run_at_once_and_the_others_are_told_in_one_line() -> None:
    jobs, go = Jobs(), threading.Event()

    def start(user: str) -> str:
        return jobs.start(user, "Running", "papers", lambda job: str(go.wait(20)))

    running = {start("ada"): "ada" for _ in range(OF_ONE)}
    with pytest.raises(FootnoteError, match="of your jobs are running") as own:
        start("ada")
    running |= {start(name): name for name in map(str, range(AT_ONCE - OF_ONE))}
    with pytest.raises(FootnoteError, match="busy with other people's work") as others:
        start("eve")
    assert "\n" not in f"{own.value}{others.value}"
    go.set()
    for id, user in running.items():
        ended(jobs, user, id)
    ended(jobs, "ada", start("ada"))
