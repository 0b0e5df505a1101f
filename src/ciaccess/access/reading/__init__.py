"""From the text of access.yaml to the model, with every fault and its position."""
