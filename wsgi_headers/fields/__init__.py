"""Response fields as typed values, one module a field."""
