"""The older toolkit, which samples for scikit-learn still import."""
