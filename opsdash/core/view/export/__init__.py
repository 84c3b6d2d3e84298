"""Pictures and numbers as text, ANSI, SVG, CSV and JSON: values in, text out; nobody here opens a file."""
