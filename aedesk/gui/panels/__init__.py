"""The drawer under the map: one panel for each thing that can be done with codes."""
