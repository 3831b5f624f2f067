"""The doctor: what is in the way of storing and following a graph, each cause by its name, with what to do next.

A face: it asks the rooms below what they say and puts it in words. Nothing is mended, and nothing is written anywhere.
"""

from deeplinks.doctor.diagnose import diagnose
from deeplinks.doctor.findings import Cause, Diagnosis, Finding, Grade

__all__ = ["Cause", "Diagnosis", "Finding", "Grade", "diagnose"]
