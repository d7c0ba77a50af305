"""Everything that Sartiq makes, from one page with a form: new pictures, edits, videos, tools."""
