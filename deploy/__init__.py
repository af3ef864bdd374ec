"""What sets servers up: secrets, the first steps of each service, Kibana's boards; for docker-compose.yml."""
