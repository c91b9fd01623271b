"""What keeps trainings apart; see `application.ports.training_lock`."""
