"""The gallery page: its grid, its toolbar, and the controller that feeds them."""
