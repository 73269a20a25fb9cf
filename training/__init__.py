"""How data/model is made: pairs from public source code, training, averaging, export, measurement, model card."""
