"""The catalog: what the index holds, as Parquet parts under one atomically replaced manifest."""
