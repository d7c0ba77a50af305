"""What the forms that send something to a service share; knows none of these forms."""
