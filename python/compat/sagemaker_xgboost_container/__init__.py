"""What training scripts for XGBoost import from its image."""
