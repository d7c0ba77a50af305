"""The inspector: everything about the selected items, and what can be done with them."""
