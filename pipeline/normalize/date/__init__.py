"""When an article was published: `published` decides, the others read dates as people write them."""
