"""Forms from pydantic models: schema to FieldSpec to editor."""
