"""The pages that belong to no subject: home, jobs, models, space."""
