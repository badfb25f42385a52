"""The Dask side of partwise: the gateway, the values that tasks pass on, and the Node sidecar of every worker."""

__version__ = "0.1.0"
