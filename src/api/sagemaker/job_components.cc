#include "api/sagemaker/job_components.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "api/sagemaker/experiments.h"

namespace clary::api::sagemaker {
namespace {

json::object parameter(std::string_view text) {
  double number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  if (is_number) return {{"NumberValue", number}};
  return {{"StringValue", text}};
}

json::object channels_of(const json::object& job) {
  json::object artifacts;
  const json::array* channels = find_array(job, "InputDataConfig");
  if (channels == nullptr) return artifacts;
  for (const json::value& entry : *channels) {
    const json::object& channel = entry.as_object();
    json::object artifact;
    if (auto type = find_string(channel, "ContentType")) artifact["MediaType"] = *type;
    artifact["Value"] = *at_path(channel, "DataSource.S3DataSource.S3Uri");
    artifacts[string_or(channel, "ChannelName")] = std::move(artifact);
  }
  return artifacts;
}

json::object model_of(const json::object& job) {
  const json::value* artifact = at_path(job, "ModelArtifacts.S3ModelArtifacts");
  if (artifact == nullptr) return {};
  return {{"SageMaker.ModelArtifact", {{"Value", *artifact}}}};
}

// The S3 locations of a list of inputs or outputs, by their names.
json::object locations_of(const json::array* entries, std::string_view name, std::string_view uri) {
  json::object artifacts;
  if (entries == nullptr) return artifacts;
  for (const json::value& entry : *entries) {
    if (const json::value* value = at_path(entry.as_object(), uri)) {
      artifacts[string_or(entry.as_object(), name)] = {{"Value", *value}};
    }
  }
  return artifacts;
}

json::object processing_inputs_of(const json::object& job) {
  return locations_of(find_array(job, "ProcessingInputs"), "InputName", "S3Input.S3Uri");
}

json::object processing_outputs_of(const json::object& job) {
  const json::object* config = find_object(job, "ProcessingOutputConfig");
  if (config == nullptr) return {};
  return locations_of(find_array(*config, "Outputs"), "OutputName", "S3Output.S3Uri");
}

json::object transform_inputs_of(const json::object& job) {
  const json::value* uri = at_path(job, "TransformInput.DataSource.S3DataSource.S3Uri");
  if (uri == nullptr) return {};
  return {{"SageMaker.TransformInput", {{"Value", *uri}}}};
}

json::object transform_outputs_of(const json::object& job) {
  const json::value* path = at_path(job, "TransformOutput.S3OutputPath");
  if (path == nullptr) return {};
  return {{"SageMaker.TransformOutput", {{"Value", *path}}}};
}

using Paths = std::vector<std::pair<std::string_view, std::string_view>>;
using Artifacts = json::object (*)(const json::object& job);

// How one kind of job is shown as a trial component.
struct Form {
  std::string_view kind, suffix, source_type, start_member, end_member;
  Paths parameters;
  Artifacts inputs, outputs;
};

const Form& form_of(std::string_view kind) {
  static const std::vector<Form> forms{
      {.kind = "training-job",
       .suffix = "-aws-training-job",
       .source_type = "SageMakerTrainingJob",
       .start_member = "TrainingStartTime",
       .end_member = "TrainingEndTime",
       .parameters = {{"SageMaker.ImageUri", "AlgorithmSpecification.TrainingImage"},
                      {"SageMaker.InstanceType", "ResourceConfig.InstanceType"},
                      {"SageMaker.InstanceCount", "ResourceConfig.InstanceCount"},
                      {"SageMaker.VolumeSizeInGB", "ResourceConfig.VolumeSizeInGB"}},
       .inputs = channels_of,
       .outputs = model_of},
      {.kind = "processing-job",
       .suffix = "-aws-processing-job",
       .source_type = "SageMakerProcessingJob",
       .start_member = "ProcessingStartTime",
       .end_member = "ProcessingEndTime",
       .parameters = {{"SageMaker.ImageUri", "AppSpecification.ImageUri"},
                      {"SageMaker.InstanceType", "ProcessingResources.ClusterConfig.InstanceType"},
                      {"SageMaker.InstanceCount",
                       "ProcessingResources.ClusterConfig.InstanceCount"},
                      {"SageMaker.VolumeSizeInGB",
                       "ProcessingResources.ClusterConfig.VolumeSizeInGB"}},
       .inputs = processing_inputs_of,
       .outputs = processing_outputs_of},
      {.kind = "transform-job",
       .suffix = "-aws-transform-job",
       .source_type = "SageMakerTransformJob",
       .start_member = "TransformStartTime",
       .end_member = "TransformEndTime",
       .parameters = {{"SageMaker.ModelName", "ModelName"},
                      {"SageMaker.InstanceType", "TransformResources.InstanceType"},
                      {"SageMaker.InstanceCount", "TransformResources.InstanceCount"}},
       .inputs = transform_inputs_of,
       .outputs = transform_outputs_of}};
  const auto found = std::ranges::find(forms, kind, &Form::kind);
  if (found == forms.end()) throw std::out_of_range("no component of: " + std::string(kind));
  return *found;
}

json::object parameters_of(const Form& form, const json::object& job) {
  json::object parameters;
  if (const json::object* hyperparameters = find_object(job, "HyperParameters")) {
    for (const auto& [name, value] : *hyperparameters) {
      parameters[name] = parameter(value.as_string());
    }
  }
  for (const auto& [name, path] : form.parameters) {
    const json::value* value = at_path(job, path);
    if (value == nullptr) continue;
    if (value->is_string()) parameters[name] = {{"StringValue", *value}};
    if (value->is_number()) parameters[name] = {{"NumberValue", *value}};
  }
  return parameters;
}

json::array metrics_of(const store::Document& job) {
  json::array metrics;
  const json::array* finals = find_array(job.body, "FinalMetricDataList");
  if (finals == nullptr) return metrics;
  for (const json::value& entry : *finals) {
    metrics.push_back({{"MetricName", entry.at("MetricName")},
                       {"SourceArn", job.arn},
                       {"TimeStamp", entry.at("Timestamp")},
                       {"Last", entry.at("Value")}});
  }
  return metrics;
}

// What changes while the job runs.
void put_progress(const Form& form, const store::Document& job, json::object& component) {
  component["Status"] = {
      {"PrimaryStatus", job.status},
      {"Message", "Status: " + string_or(job.body, "SecondaryStatus", job.status)}};
  for (auto [member, source] :
       {std::pair<std::string_view, std::string_view>{"StartTime", form.start_member},
        {"EndTime", form.end_member}}) {
    if (const json::value* time = job.body.if_contains(source)) component[member] = *time;
  }
  if (json::array metrics = metrics_of(job); !metrics.empty()) {
    component["Metrics"] = std::move(metrics);
  }
  if (job.status != "Completed") return;
  if (json::object outputs = form.outputs(job.body); !outputs.empty()) {
    component["OutputArtifacts"] = std::move(outputs);
  }
}

store::Document component_of(const Form& form, const store::Document& job) {
  const Kind& kind = kind_named("experiment-trial-component");
  store::Document component;
  component.key = job.key;
  component.key.kind = kind.kind;
  component.key.name = job.key.name + std::string(form.suffix);
  component.arn = arn_of(kind, component.key.name, job.key.account, job.key.region);
  component.body = {{"TrialComponentName", component.key.name},
                    {"TrialComponentArn", component.arn},
                    {"DisplayName", component.key.name},
                    {"Source", {{"SourceArn", job.arn}, {"SourceType", form.source_type}}},
                    {"Parameters", parameters_of(form, job.body)},
                    {"InputArtifacts", form.inputs(job.body)}};
  if (const json::value* name = at_path(job.body, "ExperimentConfig.TrialComponentDisplayName")) {
    component.body["DisplayName"] = *name;
  }
  put_progress(form, job, component.body);
  return component;
}

// The trial that the job asked for; made when the job named an experiment only.
std::optional<store::Document> trial_of(store::Documents& documents, const store::Document& job) {
  const json::object* config = find_object(job.body, "ExperimentConfig");
  if (config == nullptr) return std::nullopt;
  const Kind& kind = kind_named("experiment-trial");
  const std::string experiment = string_or(*config, "ExperimentName");
  store::Document trial;
  trial.key = job.key;
  trial.key.kind = kind.kind;
  trial.key.name = string_or(*config, "TrialName", job.key.name);
  if (auto found = documents.find(trial.key)) return found;
  if (config->contains("TrialName") || experiment.empty()) return std::nullopt;
  trial.arn = arn_of(kind, trial.key.name, trial.key.account, trial.key.region);
  trial.parent = experiment;
  trial.body = {{"TrialName", trial.key.name},
                {"TrialArn", trial.arn},
                {"DisplayName", trial.key.name},
                {"ExperimentName", experiment}};
  return documents.create(trial) ? std::optional(trial) : documents.find(trial.key);
}

}  // namespace

void record_component(store::Documents& documents, const store::Document& job) {
  const Form& form = form_of(job.key.kind);
  store::Document component = component_of(form, job);
  if (!documents.create(component)) {
    documents.update(component.key, [&](store::Document& stored) {
      put_progress(form, job, stored.body);
      return true;
    });
    return;
  }
  if (const std::optional<store::Document> trial = trial_of(documents, job)) {
    relate(documents, *trial, component);
  }
}

}  // namespace clary::api::sagemaker
