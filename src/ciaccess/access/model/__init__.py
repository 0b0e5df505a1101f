"""access.yaml as typed objects, and what one value must look like."""
