// Notebook instances over test_server.h: their volumes, keys and way in played by the test.
#pragma once

#include "api/sagemaker/notebook_controller.h"
#include "api/sagemaker/notebook_document.h"
#include "api/sagemaker/test_server.h"

namespace clary::api::sagemaker {

class TestStorage final : public NotebookStorage {
 public:
  std::optional<std::string> why_not() override { return lacking; }
  std::filesystem::path open(const std::string& id, std::uint64_t bytes,
                             std::string_view key) override {
    if (broken) throw std::runtime_error("no room for it");
    const auto [volume, fresh] = volumes.try_emplace(id, Volume{.key = std::string(key)});
    EXPECT_EQ(volume->second.key, key) << "a volume opens with the key that it was made with";
    volume->second.bytes = bytes;
    volume->second.is_open = true;
    return "/volumes/" + id;
  }
  bool exists(const std::string& id) override { return volumes.contains(id); }
  void close(const std::string& id) override {
    if (volumes.contains(id)) volumes.at(id).is_open = false;
  }
  void remove(const std::string& id) override { volumes.erase(id); }

  struct Volume {
    std::string key;
    std::uint64_t bytes = 0;
    bool is_open = false;
  };
  std::map<std::string, Volume> volumes;
  std::optional<std::string> lacking;
  bool broken = false;
};

class TestVolumeKeys final : public VolumeKeys {
 public:
  Made make(const store::DocumentKey&, const std::string& owner, const std::string& role,
            const std::string& kms_key) override {
    look(role);
    const std::string plain = "key " + std::to_string(++made) + " of " + owner;
    return {.key = {.kms_key = kms_key, .sealed = "sealed " + plain}, .plain = plain};
  }
  std::string open(const store::DocumentKey&, const std::string&, const std::string& role,
                   const SealedVolumeKey& key) override {
    look(role);
    return key.sealed.substr(std::string_view("sealed ").size());
  }
  int made = 0;
  bool disabled = false;
  std::string asked_as;

 private:
  void look(const std::string& role) {
    asked_as = role;
    if (disabled) throw wire::ApiError("DisabledException", "arn:key is disabled.");
  }
};

class TestNotebookAccess final : public NotebookAccess {
 public:
  std::string base_path(const engine::NotebookName& notebook) const override {
    return "/" + notebook.account + "/" + notebook.region + "/" + notebook.name;
  }
  std::string url(const engine::NotebookName& notebook) const override {
    return "notebooks.test:8081" + base_path(notebook);
  }
  std::string authorized_url(const engine::NotebookName& notebook, std::chrono::seconds session,
                             const std::string& principal) override {
    return "https://" + url(notebook) + "?for=" + principal +
           "&seconds=" + std::to_string(session.count());
  }
};

class TestKeyCheck final : public kms::KeyCheck {
 public:
  std::string usable(const Call&, std::string_view key_id, std::string_view action) override {
    EXPECT_EQ(action, "CreateGrant");
    if (key_id == "gone") throw wire::ApiError("NotFoundException", "Key 'gone' does not exist");
    return "arn:aws:kms:us-west-2:000000000000:key/" + std::string(key_id);
  }
};

class TestEnvironments final : public ImageSource {
 public:
  std::optional<ImageWay> find(std::string_view uri, ImageUse use) override {
    EXPECT_EQ(uri, kNotebookImage);
    EXPECT_EQ(use, ImageUse::kServe);
    if (missing) return std::nullopt;
    return ImageWay{.launch = Launch::kEnvironment,
                    .python = {.name = "notebook", .interpreter = "/usr/bin/python3"}};
  }
  std::string offer() const override { return ""; }
  std::string remedy(std::string_view) override {
    return "Make it with `clary env-create notebook`.";
  }
  bool missing = false;
};

class NotebookTest : public SageMakerTest {
 protected:
  static constexpr const char* kArn =
      "arn:aws:sagemaker:us-west-2:000000000000:notebook-instance/lab";
  static constexpr const char* kRole = "arn:aws:iam::000000000000:role/Execution";

  NotebookTest() {
    operations.clear();
    for (OperationEntry& entry : notebooks.operations()) {
      operations.emplace(entry.name, std::move(entry.plain));
    }
  }

  static json::object request(const json::object& more = {}) {
    json::object input = {
        {"NotebookInstanceName", "Lab"}, {"InstanceType", "ml.t3.medium"}, {"RoleArn", kRole}};
    for (const auto& [member, value] : more) input[member] = value;
    return input;
  }
  void create(const json::object& more = {}) { call("CreateNotebookInstance", request(more)); }
  json::object describe() {
    return call("DescribeNotebookInstance", {{"NotebookInstanceName", "Lab"}});
  }
  std::string status() { return string_or(describe(), "NotebookInstanceStatus"); }
  std::string error_of_lab(std::string_view operation) {
    return error_of(operation, {{"NotebookInstanceName", "Lab"}});
  }
  void stop() { call("StopNotebookInstance", {{"NotebookInstanceName", "Lab"}}); }
  void start() { call("StartNotebookInstance", {{"NotebookInstanceName", "Lab"}}); }

  std::optional<std::chrono::milliseconds> reconcile() { return controller.reconcile(key); }
  // Until the controller has nothing to do but to wait for a run.
  void settle() {
    for (int i = 0; i < 10 && reconcile() == std::chrono::milliseconds(0); ++i) {
    }
  }
  std::string run_id() { return workloads.runs.empty() ? "" : workloads.runs.begin()->first; }
  void serve() {
    settle();
    ASSERT_EQ(workloads.runs.size(), 1u);
    workloads.enter(run_id(), engine::RunPhase::kServing);
    settle();
    ASSERT_EQ(status(), "InService");
  }
  void end(engine::RunOutcome::Kind kind, std::string reason = "") {
    workloads.end(run_id(), {.kind = kind, .reason = std::move(reason)});
    settle();
  }
  std::optional<engine::NotebookRoute> route() { return routes.find(notebook_name(key)); }
  const TestStorage::Volume& volume() { return storage.volumes.begin()->second; }
  json::object configuration() {
    return workloads.runs.begin()
        ->second.spec.config_files.at("input/config/notebook.json")
        .as_object();
  }

  const store::DocumentKey key{"notebook-instance", "000000000000", "us-west-2", "Lab"};
  TestStorage storage;
  TestVolumeKeys volume_keys;
  TestNotebookAccess access;
  TestKeyCheck key_check;
  TestEnvironments environments;
  TestWorkloads workloads{clock};
  engine::NotebookRoutes routes;
  SageMaker notebooks{{.documents = documents,
                       .roles = roles,
                       .s3 = s3,
                       .wake = [this](const store::DocumentKey& one) { woken.push_back(one); },
                       .keys = &key_check,
                       .notebooks = {.access = &access, .storage = &storage, .routes = &routes}}};
  NotebookController controller{{.documents = documents,
                                 .workloads = workloads,
                                 .roles = roles,
                                 .environments = environments,
                                 .keys = volume_keys,
                                 .storage = storage,
                                 .routes = routes,
                                 .access = access,
                                 .clock = clock}};
};

}  // namespace clary::api::sagemaker
