"""The inside of each kind of panel, as cells: `draw(view, width, height, look)` in the module of the kind's name."""
