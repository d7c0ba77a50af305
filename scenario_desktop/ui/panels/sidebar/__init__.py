"""The sidebar: sections of the library, work, collections, tags, and the month's spend."""
