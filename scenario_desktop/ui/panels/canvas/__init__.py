"""The canvas editor: page, dock, tools, and the pixels behind them."""
