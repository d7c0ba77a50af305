"""Wire models, one module per noun. Frozen; received ones ignore what they do not know."""
