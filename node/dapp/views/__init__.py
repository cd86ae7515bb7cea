"""The pages, one module each: a blueprint `page` that reads, decides, and renders one template."""
