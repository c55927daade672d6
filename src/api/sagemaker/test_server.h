// The SageMaker service over a real store and the real service model, with roles, S3 and runs
// played by the test.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "api/allow_all.h"
#include "api/sagemaker/service.h"
#include "api/sagemaker/workloads.h"
#include "store/documents.h"
#include "store/test_folder.h"
#include "wire/validate.h"

namespace clary::api::sagemaker {

class TestRoles final : public RoleSessions {
 public:
  bool usable(std::string_view role_arn, std::string_view, const SessionTags&) override {
    return role_arn == "arn:aws:iam::000000000000:role/Execution";
  }
  std::optional<engine::AgentAccess> open(std::string_view role_arn, std::string_view account,
                                          std::chrono::seconds, const SessionTags& tags) override {
    if (revoked || !usable(role_arn, account, tags)) return std::nullopt;
    opened_tags = tags;
    engine::AgentAccess access;
    access.server_url = "http://127.0.0.1:1";
    return access;
  }
  bool revoked = false;
  SessionTags opened_tags;
};

class TestS3 final : public S3Look {
 public:
  bool any_object(const S3Location& location) override {
    return std::ranges::any_of(
        keys, [&](const std::string& key) { return key.starts_with(location.uri()); });
  }
  std::set<std::string> keys = {"s3://data/train/a.csv", "s3://data/model.tar.gz"};
};

// Runs that go where the test says.
class TestWorkloads final : public Workloads {
 public:
  explicit TestWorkloads(const Clock& clock) : clock_(clock) {}
  using Workloads::submit;
  void submit(std::vector<engine::JobSpec> gang, const engine::AgentAccess&) override {
    const engine::JobSpec spec = gang.at(0);
    if (runs.contains(spec.id)) return;
    engine::Run run;
    run.spec = spec;
    gangs[spec.id] = std::move(gang);
    run.phases.push_back({engine::RunPhase::kQueued, clock_.now(), ""});
    runs.emplace(spec.id, run);
  }
  std::optional<engine::Run> find(const std::string& id) override {
    auto found = runs.find(id);
    return found == runs.end() ? std::nullopt : std::optional(found->second);
  }
  void request_stop(const std::string& id) override { runs.at(id).stop_requested = true; }
  void forget(const std::string& id) override { runs.erase(id); }

  void enter(const std::string& id, engine::RunPhase phase) {
    runs.at(id).phases.push_back({phase, clock_.now(), ""});
    if (phase == engine::RunPhase::kServing) runs.at(id).serving_socket = "/run/" + id;
  }
  void end(const std::string& id, engine::RunOutcome outcome) {
    runs.at(id).phases.push_back({engine::RunPhase::kEnded, clock_.now(), ""});
    runs.at(id).outcome = std::move(outcome);
  }
  std::map<std::string, engine::Run> runs;
  std::map<std::string, std::vector<engine::JobSpec>> gangs;  // what was submitted, by its first id

 private:
  const Clock& clock_;
};

class SageMakerTest : public testing::Test {
 protected:
  SageMakerTest() {
    principal.account = "000000000000";
    principal.arn = "arn:aws:sts::000000000000:assumed-role/Execution/local";
    principal.user_id = "AROA:local";
    for (OperationEntry& entry : service.operations()) {
      operations.emplace(entry.name, std::move(entry.plain));
    }
  }

  json::object call(std::string_view name, const json::object& input) {
    const wire::Operation* operation = model.find_operation(name);
    EXPECT_NE(operation, nullptr) << name;
    wire::validate(model, *operation, input);
    Call context{model,     *operation,  principal, "000000000000", "us-west-2",
                 "request", clock.now(), request,   authorizer,     ""};
    return operations.at(std::string(name))(input, context);
  }
  // "Code: message" of the error that a call answers; "" when it answers none.
  std::string error_of(std::string_view name, const json::object& input) {
    try {
      call(name, input);
    } catch (const wire::ApiError& error) {
      return error.code() + ": " + error.what();
    }
    return "";
  }

  store::TestFolder folder;
  ManualClock clock{from_epoch_seconds(1'790'000'000)};
  store::Database database{folder / "clary.db", {store::Documents::migrations()}};
  store::Documents documents{database, clock};
  wire::Models models;
  const wire::ServiceModel& model = models.get("sagemaker");
  AllowAll authorizer;
  identity::Principal principal;
  RequestHead request;
  TestRoles roles;
  TestS3 s3;
  std::vector<store::DocumentKey> woken;
  SageMaker service{
      {documents, roles, s3, [this](const store::DocumentKey& key) { woken.push_back(key); }}};
  std::map<std::string, Plain> operations;
};

}  // namespace clary::api::sagemaker
