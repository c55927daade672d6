// What Describe shows of a training job that its request left to SageMaker.
#include "api/sagemaker/instance_network.h"
#include "api/sagemaker/resources.h"
#include "api/sagemaker/training_document.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::int64_t kDefaultRuntime = 86400;  // seconds; the API reference's default

void fill(json::object& object, std::string_view member, const json::value& value) {
  object.emplace(member, value);  // keeps what is there
}

json::object& object_in(json::object& object, std::string_view member) {
  json::value& value = object[member];
  if (!value.is_object()) value = json::object();
  return value.get_object();
}

void complete_algorithm(json::object& algorithm) {
  fill(algorithm, "EnableSageMakerMetricsTimeSeries", false);
}

void complete_channels(json::object& body) {
  json::value* channels = body.if_contains("InputDataConfig");
  if (channels == nullptr) return;
  for (json::value& entry : channels->as_array()) {
    json::object& channel = entry.as_object();
    fill(channel, "CompressionType", "None");
    fill(channel, "RecordWrapperType", "None");
    json::object& source = channel.at("DataSource").as_object().at("S3DataSource").as_object();
    fill(source, "S3DataDistributionType", "FullyReplicated");
  }
}

std::string artifact_uri(const store::Document& job) {
  const json::object& output = job.body.at("OutputDataConfig").as_object();
  const std::string folder = join_s3(string_or(output, "S3OutputPath"), job.key.name + "/output");
  const bool whole = string_or(output, "CompressionType") == "NONE";
  return join_s3(folder, whole ? "model" : "model.tar.gz");
}

}  // namespace

void complete_training_document(store::Document& job, Timestamp now) {
  json::object& body = job.body;
  complete_algorithm(object_in(body, "AlgorithmSpecification"));
  complete_channels(body);
  json::object& output = object_in(body, "OutputDataConfig");
  fill(output, "KmsKeyId", "");
  fill(output, "CompressionType", "GZIP");
  fill(object_in(body, "StoppingCondition"), "MaxRuntimeInSeconds", kDefaultRuntime);
  for (auto flag : {"EnableNetworkIsolation", "EnableInterContainerTrafficEncryption",
                    "EnableManagedSpotTraining"}) {
    fill(body, flag, false);
  }
  // Nothing samples the machine's counters for the profiler here.
  body["ProfilingStatus"] = "Disabled";
  body["ModelArtifacts"] = {{"S3ModelArtifacts", artifact_uri(job)}};
  body["SecondaryStatus"] = "Starting";
  body["SecondaryStatusTransitions"] =
      json::array{{{"Status", "Starting"},
                   {"StartTime", epoch_seconds(now)},
                   {"StatusMessage", "Starting the training job"}}};
  job.internal[kRunId] = new_run_id(job.key);
  keep_gang_secret(job);
}

}  // namespace clary::api::sagemaker
