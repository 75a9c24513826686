"""What is known of a study, as pages: sections of tables, figures and sentences."""
