"""The examples as stories need them: run, on the page of their job beside its form."""

import re

from playwright.sync_api import Page

STEPS = {
    "Spikes": "/spikes?step=sort",
    "Brain map": "/brainmap?step=map",
    "Synapses": "/synapses?step=fit",
}


def try_example(page: Page, name: str) -> str:
    """Press the button of Home that runs an example, which leads to its workspace; its job."""
    page.goto("/")
    page.get_by_role("button", name=f"Try {name} with example data").click()
    page.wait_for_url(re.compile("[?&](asked|run)="))
    job = re.search("[?&](?:asked|run)=([0-9a-f]{12})", page.url)
    assert job is not None
    return job[1]


def open_form(page: Page, name: str) -> str:
    """The form of an example's step, with its job beside it; the job."""
    job = try_example(page, name)
    page.goto(f"{STEPS[name]}&job={job}")
    return job
