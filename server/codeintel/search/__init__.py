"""From a query to explained hits: the query language, channels, fusion, priors, diversity."""
