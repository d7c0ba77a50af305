"""The five cards in words."""

from __future__ import annotations

from decimal import Decimal

from scenario_desktop.services.usage.budget import BudgetState
from scenario_desktop.services.usage.comparison import Comparison
from scenario_desktop.services.words import NO_BREAK, counted, units
from scenario_desktop.ui.panels.usage.cards import Figure
from scenario_desktop.ui.panels.usage.figures import Figures, is_month
from scenario_desktop.ui.panels.usage.words import amount_text, duration_text, percent_text

TITLES = ("Spent", "Forecast", "Jobs", "Pictures made", "Sartiq runs")


def waiting_cards(*, has_account: bool) -> list[Figure]:
    """Return the cards while nothing is known."""
    return [Figure(title) for title in TITLES] if has_account else [_runs(None)]


def cards_of(
    figures: Figures | None, budget: BudgetState | None, ours: Comparison | None
) -> list[Figure]:
    """Return what the cards say; without figures only what our own record tells."""
    if figures is None:
        return [_runs(ours)]
    return [_spent(figures, budget), _forecast(budget), _jobs(figures, ours), _made(figures),
            _runs(ours)]  # fmt: skip


def _spent(figures: Figures, budget: BudgetState | None) -> Figure:
    value, exact = units(figures.spent), f"{figures.spent:,f}{NO_BREAK}CU"
    tip = exact if exact != value else ""
    if is_month(figures.choice.over) and budget is not None and budget.share is not None:
        note = f"{percent_text(budget.share)} of {units(budget.budget)}"
        return Figure("Spent", value, note, "danger" if budget.share > 1 else "text_2", tip)
    before, name = figures.spent_before, figures.bars.ghost_name
    if before is None or not name:
        return Figure("Spent", value, "", tip=tip)
    return Figure("Spent", value, f"{units(before)} on {name}", tip=tip)


def _forecast(budget: BudgetState | None) -> Figure:
    if budget is None:
        return Figure("Forecast")
    last = budget.last_day
    title = f"Forecast by {last.day} {last:%B}"
    if budget.forecast is None:
        return Figure(title, "–", "The month has only begun")
    value = units(budget.forecast)
    if budget.budget is None:
        return Figure(title, value, action="Set a monthly budget…")
    gap = budget.budget - budget.forecast
    if gap >= 0:
        return Figure(title, value, f"{units(gap)} below the budget", "success")
    out = budget.runs_out
    tip = f"The budget is used up on {out.day} {out:%B} at this pace." if out is not None else ""
    return Figure(title, value, f"{units(-gap)} above the budget", "danger", tip)


def _jobs(figures: Figures, ours: Comparison | None) -> Figure:
    note, tip = "", ""
    if ours is not None and ours.lost_count:
        refunded = f", {ours.refunded_count:,} refunded" if ours.refunded_count else ""
        note = f"{ours.lost_count:,} failed{refunded}"
        tip = "Failed, cancelled and refunded as far as they were sent from this computer."
    return Figure("Jobs", f"{figures.jobs:,.0f}", note, tip=tip)


def _made(figures: Figures) -> Figure:
    all_made = figures.pictures + figures.others
    note = ""
    if all_made and figures.spent:
        note = f"{amount_text(figures.spent / all_made)}{NO_BREAK}CU each"
    if figures.others:
        note = f"and {counted(int(figures.others), 'other')}" + (f", {note}" if note else "")
    return Figure("Pictures made", f"{figures.pictures:,.0f}", note)


def _runs(ours: Comparison | None) -> Figure:
    if ours is None:
        return Figure("Sartiq runs")
    runs = ours.unpriced
    if not runs.count:
        return Figure("Sartiq runs", "0", "No price given")
    failed = f", {runs.failed:,} failed" if runs.failed else ""
    took = f"{duration_text(runs.compute_s)}, no price given"
    note = took if runs.compute_s else "No price given"
    return Figure("Sartiq runs", f"{runs.count:,}", note, tip=f"Time of computing{failed}.")


def pace_of(budget: BudgetState | None, spent: Decimal) -> float | None:
    """Return Creative Units a day at the pace of the month so far."""
    if budget is None or budget.forecast is None or not spent:
        return None
    return float(budget.forecast) / budget.last_day.day
