"""Pages: what people see and click. Doors hold no rules: views call services and selectors, and show what they give.

`desk` for those at a computer, `field` for engineers on the road, `portal` for customers who come by a link.
"""
