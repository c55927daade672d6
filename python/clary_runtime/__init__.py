"""What plays SageMaker's toolkits inside a framework environment: runs a training script under
SageMaker's contract, and serves a model with a script's functions. Standard library only, so that it
starts in every environment; it may import what a framework has once that is asked for."""
