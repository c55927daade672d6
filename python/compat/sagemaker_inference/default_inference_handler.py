"""What scripts derive their handlers from."""

from clary_runtime.frameworks import Defaults


class DefaultInferenceHandler(Defaults):
    def default_model_fn(self, model_dir, context=None):
        return self.model_fn(model_dir)

    def default_input_fn(self, input_data, content_type, context=None):
        return self.input_fn(input_data, content_type)

    def default_predict_fn(self, data, model, context=None):
        return self.predict_fn(data, model)

    def default_output_fn(self, prediction, accept, context=None):
        return self.output_fn(prediction, accept)
