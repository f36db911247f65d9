"""From what was saved to the model: opening, unpacking, telling the dialect, reading."""
