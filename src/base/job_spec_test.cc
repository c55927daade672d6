#include "base/job_spec.h"

#include <gtest/gtest.h>

namespace clary {
namespace {

TEST(JobSpec, ComesBackWhole) {
  JobSpec spec;
  spec.id = "training-job-x-1";
  spec.mode = JobSpec::Mode::kServe;
  spec.launch = Launch::kImage;
  spec.command = {"clary-algo", "serve"};
  spec.environment = {{"A", "b"}};
  spec.config_files = {{"input/config/hyperparameters.json", json::object{{"num_round", "10"}}}};
  spec.inputs = {{"train", "/opt/ml/input/data/train", InputSpec::Source::kManifest, "s3://b/k",
                  true, true, false}};
  spec.outputs = {{"/opt/ml/model", "s3://b/m.tar.gz", OutputSpec::Form::kFiles, true}};
  spec.metrics = {{"validation:auc", "auc:(\\S+)"}};
  spec.limits = {1 << 30, 1.5, std::uint64_t{5} << 30, std::chrono::seconds(60),
                 std::chrono::seconds(7)};
  spec.network = true;
  spec.instance_index = 1;
  spec.instance_count = 3;
  spec.metric_dimensions = {{"TrainingJobName", "x"}};
  spec.mounts = {{"/data/notebooks/a/files", "/home/ec2-user/SageMaker"}};
  spec.health_path = "/000000000000/us-east-1/a/api";
  spec.unhealthy_pings = 0;
  spec.start_attempts = 1;
  const JobSpec back = job_spec_from_json(to_json(spec));
  EXPECT_EQ(to_json(back), to_json(spec));
  EXPECT_EQ(back.inputs[0].source, InputSpec::Source::kManifest);
  EXPECT_EQ(back.limits.term_grace, std::chrono::seconds(7));
  EXPECT_EQ(back.mounts[0].path, "/home/ec2-user/SageMaker");
  EXPECT_EQ(back.health_path, spec.health_path);
  EXPECT_EQ(back.unhealthy_pings, 0);
}

TEST(JobSpec, NamesWhatIsDamaged) {
  JobSpec spec;
  spec.id = "x";
  json::object object = to_json(spec);
  object["mode"] = "sideways";
  try {
    job_spec_from_json(object);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("\"mode\""), std::string::npos);
  }
}

}  // namespace
}  // namespace clary
