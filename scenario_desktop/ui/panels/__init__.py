"""One folder per panel: view.py lays out, controller.py decides."""
