"""Detect: control maps of one or more pictures, previewed live and priced before the click."""
