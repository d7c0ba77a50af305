"""What was used and what it cost: read, put in charts, compared with our own record."""
