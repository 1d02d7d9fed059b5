"""Processes that stand for containers: images as Python environments, a sandbox with /opt/ml, and model servers."""

from pathlib import Path

#: The programs that run inside a container: script mode and the model server.
TOOLKIT = Path(__file__).with_name("toolkit")
