"""The older toolkit, which samples for scikit-learn still import."""


def training_env():
    from sagemaker_training.environment import Environment
    return Environment()
