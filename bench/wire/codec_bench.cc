// Microseconds per step of a request, without sockets: parsing models, decoding, validating,
// encoding. Prints; asserts nothing.
#include <iostream>

#include "wire/codec.h"
#include "wire/validate.h"

namespace clary::wire {
namespace {

// Microseconds a call, the best of several rounds.
template <class Work>
double micros(int calls, Work work) {
  double best = 1e9;
  for (int round = 0; round < 7; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < calls; ++i) work();
    const std::chrono::duration<double, std::micro> spent =
        std::chrono::steady_clock::now() - start;
    best = std::min(best, spent.count() / calls);
  }
  return best;
}

void report(std::string_view what, double value) {
  std::printf("%-52.*s %9.2f us\n", static_cast<int>(what.size()), what.data(), value);
}

json::object training_job() {
  json::object job = json::parse(R"({
    "TrainingJobName": "customer-churn-2026-11-22-20-28-40-123",
    "TrainingJobArn": "arn:aws:sagemaker:us-east-1:000000000000:training-job/customer-churn-2026",
    "ModelArtifacts": {"S3ModelArtifacts": "s3://sagemaker-us-east-1-000000000000/churn/model.tar.gz"},
    "TrainingJobStatus": "Completed", "SecondaryStatus": "Completed",
    "HyperParameters": {"max_depth": "5", "eta": "0.2", "gamma": "4", "min_child_weight": "6",
      "subsample": "0.8", "objective": "binary:logistic", "num_round": "100", "verbosity": "0"},
    "AlgorithmSpecification": {
      "TrainingImage": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1",
      "TrainingInputMode": "File", "EnableSageMakerMetricsTimeSeries": false},
    "RoleArn": "arn:aws:iam::000000000000:role/service-role/SageMakerRole",
    "OutputDataConfig": {"KmsKeyId": "", "S3OutputPath": "s3://bucket/churn/output",
      "CompressionType": "GZIP"},
    "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    "CreationTime": 1795379320.123, "TrainingStartTime": 1795379320.2,
    "TrainingEndTime": 1795379322.7, "LastModifiedTime": 1795379322.71,
    "EnableNetworkIsolation": false, "EnableInterContainerTrafficEncryption": false,
    "EnableManagedSpotTraining": false, "TrainingTimeInSeconds": 2, "BillableTimeInSeconds": 2
  })")
                         .get_object();
  json::array& channels = job["InputDataConfig"].emplace_array();
  for (const char* name : {"train", "validation"}) {
    channels.push_back(
        json::parse(R"({"ChannelName": ")" + std::string(name) + R"(", "ContentType": "text/csv",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix",
              "S3Uri": "s3://sagemaker-us-east-1-000000000000/churn/data",
              "S3DataDistributionType": "FullyReplicated"}},
            "CompressionType": "None", "RecordWrapperType": "None"})"));
  }
  json::array& steps = job["SecondaryStatusTransitions"].emplace_array();
  for (const char* status : {"Starting", "Downloading", "Training", "Uploading", "Completed"}) {
    steps.push_back(json::object{{"Status", status},
                                 {"StartTime", 1795379320.5},
                                 {"EndTime", 1795379321.5},
                                 {"StatusMessage", "Preparing the instances for training"}});
  }
  json::array& metrics = job["FinalMetricDataList"].emplace_array();
  for (const char* metric : {"train:error", "validation:error", "validation:auc", "train:auc"}) {
    metrics.push_back(
        json::object{{"MetricName", metric}, {"Value", 0.0312}, {"Timestamp", 1795379322.0}});
  }
  return job;
}

void run() {
  const Models probe;
  for (const std::string_view name : probe.names()) {
    report("parse the model of " + std::string(name), micros(1, [&] { Models().get(name); }));
  }
  const ServiceModel& model = probe.get("sagemaker");
  const Operation& describe = *model.find_operation("DescribeTrainingJob");
  const Operation& create = *model.find_operation("CreateTrainingJob");
  const json::object job = training_job();
  RequestHead head;
  const std::string request = R"({"TrainingJobName": "customer-churn-2026-11-22-20-28-40-123"})";
  const std::string answer = encode_response(model, Protocol::kJson11, describe, job, "id").second;
  std::cout << "DescribeTrainingJob's answer: " << answer.size() << " bytes\n";
  report("DescribeTrainingJob: decode, validate, encode", micros(10'000, [&] {
           const auto input = decode_request(model, Protocol::kJson11, describe, head, {}, request);
           validate(model, describe, input);
           encode_response(model, Protocol::kJson11, describe, job, "id");
         }));
  report("  decode, validate", micros(10'000, [&] {
           const auto input = decode_request(model, Protocol::kJson11, describe, head, {}, request);
           validate(model, describe, input);
         }));
  const json::object creation = decode_request(model, Protocol::kJson11, create, head, {}, answer);
  const std::string body = json::serialize(creation);
  std::cout << "CreateTrainingJob's request: " << body.size() << " bytes\n";
  report("CreateTrainingJob: decode",
         micros(10'000, [&] { decode_request(model, Protocol::kJson11, create, head, {}, body); }));
  report("CreateTrainingJob: validate", micros(10'000, [&] { validate(model, create, creation); }));
  const Router s3(probe.get("s3"));
  head.method = "GET";
  head.path = "/bucket/some/long/key.csv";
  report("S3 GetObject: route", micros(10'000, [&] { s3.match(head); }));
}

}  // namespace
}  // namespace clary::wire

int main() {
  clary::wire::run();
}
