"""Vendor reports come back: Vivado HLS, Vitis HLS and Vivado, read from their files, beside our estimate."""

from trigger_nn.hardware.reports.beside import Row, beside_estimate
from trigger_nn.hardware.reports.read import read_reports
from trigger_nn.hardware.reports.values import Module, Report, ReportError, Reports, Resources, Skipped, Slack, Span

__all__ = [
    "Module",
    "Report",
    "ReportError",
    "Reports",
    "Resources",
    "Row",
    "Skipped",
    "Slack",
    "Span",
    "beside_estimate",
    "read_reports",
]
