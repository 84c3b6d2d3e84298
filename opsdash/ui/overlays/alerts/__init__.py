"""The screens of alerts. Imported when the first of them is opened, never at start."""
