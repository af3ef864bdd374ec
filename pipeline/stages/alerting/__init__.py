"""From new articles to sent messages: `alert`, `deliver`, and questions about watches."""
