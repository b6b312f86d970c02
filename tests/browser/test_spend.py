"""What was spent and what is out of line, in JupyterLab, in both themes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from browser.lab import Lab, opened
from browser.shots import shot
from made_calls import put, usd
from playwright.sync_api import Page, expect

from costmagic import Session


@pytest.fixture(scope="module")
def watched_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A month of calls, a day out of line, and a tier that drifted."""
    folder = tmp_path_factory.mktemp("spend")
    home = folder / "home"
    home.mkdir()
    lab = Lab(folder, home, preset="sim")
    (lab.root / "costmagic.toml").write_text('preset = "sim"\n[tiers.share]\nheavy = 0.1\nmedium = 0.5\n')
    session, now = Session(home, settings={"preset": "sim"}), datetime.now(UTC)
    for back in range(1, 30):
        at = now - timedelta(days=back)
        for n, (feature, tier) in enumerate((("tickets", "heavy"), ("reports", "medium"), ("search", "routing"))):
            names = {"feature": feature, "tier": tier, "action": f"answer {back} {n}", "quality": 0.6 + n / 10}
            paid = put(session, at, 4 - n, **names, cost_nusd=usd("0.25") * (n + 1))
            put(session, at, n + 1, **names, cache="exact", cache_of=paid["id"], cost_nusd=0)
    put(session, now, 6, feature="tickets", tier="heavy", cost_nusd=usd(3))
    put(session, now, feature="reports", model_requested="unheard-of", cost_nusd=None)
    put(session, now, 2, feature="search", provider="sim", usage_source="simulated", cost_nusd=usd(2))
    session.close()
    yield lab
    lab.close()


def test_spend_alerts_and_silence(watched_lab: Lab, page: Page) -> None:
    _, panel = opened(page, watched_lab, "spend.ipynb", ["1"])
    panel.get_by_role("button", name="Load costmagic").click()
    # Each alert is told once, by JupyterLab itself, whatever tab is open.
    told = page.locator(".Toastify__toast")
    expect(told.filter(has_text="of the average of the seven days before")).to_be_visible(timeout=60_000)
    expect(told.filter(has_text="have no known price")).to_be_visible()
    told.filter(has_text="have no known price").get_by_role("button", name="Show").click()
    spend = panel.get_by_role("table", name="Cost per feature")
    expect(spend).to_contain_text("tickets", timeout=60_000)
    expect(spend).to_contain_text("SIMULATED")
    shot(page, "spend-alerts")
    shares = panel.get_by_role("table", name="Tier distribution")
    expect(shares.get_by_role("row").filter(has_text="heavy")).to_contain_text("10.0%")
    panel.get_by_label("Period").select_option("30")
    panel.get_by_label("By", exact=True).select_option("tier")
    expect(panel.get_by_role("table", name="Cost per call").get_by_role("row").first).to_contain_text("tier")
    expect(panel.get_by_role("list", name="Spend of each day").get_by_role("listitem")).to_have_count(30)
    alerts = panel.get_by_role("region", name="Alerts")
    critical = alerts.get_by_role("listitem", name="daily-spend")
    critical.get_by_text("What to do").click()
    expect(critical).to_contain_text("1. tickets on openai:m: $18.00. It is on the heavy tier without an evaluation")
    expect(told).to_have_count(1, timeout=60_000)  # warnings go by themselves, what is critical does not
    told.get_by_role("button", name="Hide notification").click()
    panel.get_by_role("list", name="Spend of each day").scroll_into_view_if_needed()
    shot(page, "spend-month")
    shares.scroll_into_view_if_needed()
    shot(page, "spend-tiers")
    alerts.get_by_role("button", name="Silence daily-spend for a week").click()
    expect(alerts).to_contain_text("daily-spend is silenced until")
    expect(alerts.get_by_role("listitem", name="daily-spend")).to_have_count(0)
    alerts.get_by_role("button", name="Tell daily-spend again").click()
    expect(alerts.get_by_role("listitem", name="daily-spend")).to_be_visible()
    # Another look finds nothing that is new.
    page.reload()
    page.locator("#costmagic-panel").wait_for(timeout=60_000)
    page.evaluate("() => window.jupyterapp.commands.execute('costmagic:show-spend')")
    expect(page.get_by_role("region", name="Alerts")).to_contain_text("CRITICAL", timeout=60_000)
    expect(page.locator(".Toastify__toast")).to_have_count(0)
