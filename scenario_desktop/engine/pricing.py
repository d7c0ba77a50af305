"""What work costs here, in Creative Units. The local engine bills like the service does, so that
prices, limits and records can be tried out without spending anything."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

#: One control map, whatever the modality.
DETECT = Decimal(1)


def number(units: Decimal) -> int | float:
    """Return units as they stand in JSON: 1 rather than 1.0."""
    return int(units) if units == units.to_integral_value() else float(units)


def cost_fields(action: str, units: Decimal) -> dict[str, Any]:
    """Return the fields that a billed answer and its dry run have in common."""
    return {
        "creativeUnitsCost": number(units),
        "creativeUnitsDiscount": 0,
        "costDetails": {action: number(units)} if units else {},
    }
