#include "api/sagemaker/notebook_document.h"

#include "api/sagemaker/instance_types.h"
#include "api/sagemaker/resources.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::string_view kRoot = "/home/ec2-user/SageMaker";  // where AWS mounts the volume
// Both lifecycle scripts have five minutes, and so has each of four repositories.
constexpr std::chrono::minutes kStartupTime{35};
constexpr std::chrono::seconds kStopGrace{30};

store::Document require(store::Documents& documents, const store::DocumentKey& notebook,
                        std::string_view kind, std::string_view name) {
  const Kind& declared = kind_named(kind);
  auto found =
      documents.find({std::string(kind), notebook.account, notebook.region, std::string(name)});
  if (!found)
    fail(declared.not_found, name, arn_of(declared, name, notebook.account, notebook.region));
  return *std::move(found);
}

// The one script of a hook, in base64; "" without one.
std::string script_of(const store::Document& lifecycle, std::string_view hook) {
  const json::array* scripts = find_array(lifecycle.body, hook);
  if (scripts == nullptr || scripts->empty()) return "";
  return string_or(scripts->front().as_object(), "Content");
}

json::object configuration_of(const store::Document& notebook, const NotebookStart& start,
                              store::Documents& documents) {
  json::object configuration = {{"base_path", start.base_path},
                                {"token", start.token},
                                {"root", kRoot},
                                {"name", notebook.key.name},
                                {"arn", notebook.arn},
                                {"lifecycle_arn", ""},
                                {"on_create", ""},
                                {"on_start", ""}};
  const std::string name = string_or(notebook.body, "NotebookInstanceLifecycleConfigName");
  if (!name.empty()) {
    const auto lifecycle =
        require(documents, notebook.key, "notebook-instance-lifecycle-config", name);
    configuration["lifecycle_arn"] = lifecycle.arn;
    configuration["on_start"] = script_of(lifecycle, "OnStart");
    if (!find_bool(notebook.internal, kNotebookCreated).value_or(false)) {
      configuration["on_create"] = script_of(lifecycle, "OnCreate");
    }
  }
  json::array repositories;
  json::object branches;
  const auto add = [&](std::string_view name_or_url) {
    const Repository one = repository_of(documents, notebook.key, name_or_url);
    repositories.emplace_back(one.url);
    if (!one.branch.empty()) branches[one.url] = one.branch;
  };
  if (auto first = find_string(notebook.body, "DefaultCodeRepository")) add(*first);
  if (const json::array* more = find_array(notebook.body, "AdditionalCodeRepositories")) {
    for (const json::value& one : *more) add(one.as_string());
  }
  configuration["repositories"] = std::move(repositories);
  configuration["branches"] = std::move(branches);
  return configuration;
}

void put_limits(const store::Document& notebook, engine::JobSpec& spec) {
  spec.instance_type = string_or(notebook.body, "InstanceType");
  const InstanceSize size = instance_size(spec.instance_type);
  spec.limits.cpus = size.cpus;
  spec.limits.memory_bytes = size.memory_bytes;
  spec.limits.gpus = size.gpus;
  spec.limits.volume_bytes =
      static_cast<std::uint64_t>(find_int(notebook.body, "VolumeSizeInGB").value_or(5)) << 30;
  spec.limits.max_runtime = kStartupTime;
  spec.limits.term_grace = kStopGrace;
}

}  // namespace

engine::NotebookName notebook_name(const store::DocumentKey& key) {
  return {.account = key.account, .region = key.region, .name = key.name};
}

void retire_notebook_run(store::Document& notebook) {
  if (const auto run = find_string(notebook.internal, kNotebookRun)) {
    notebook.internal[kNotebookRetired] = std::string(*run);
  }
  for (const auto member : {kNotebookRun, kNotebookToken, kNotebookBegan}) {
    notebook.internal.erase(member);
  }
}

Repository repository_of(store::Documents& documents, const store::DocumentKey& notebook,
                         std::string_view name_or_url) {
  if (name_or_url.starts_with("https://")) return {.url = std::string(name_or_url), .branch = ""};
  const auto repository = require(documents, notebook, "code-repository", name_or_url);
  const json::object* git = find_object(repository.body, "GitConfig");
  if (git == nullptr) return {};
  if (!string_or(*git, "SecretArn").empty()) {
    fail_validation("GitConfig.SecretArn of the code repository \"" + std::string(name_or_url) +
                    "\" is not available to notebook instances on this server: they clone without "
                    "credentials.");
  }
  return {.url = string_or(*git, "RepositoryUrl"), .branch = string_or(*git, "Branch")};
}

engine::JobSpec notebook_spec(const store::Document& notebook, const NotebookStart& start,
                              store::Documents& documents, const ImageWay& way) {
  engine::JobSpec spec;
  spec.id = start.run;
  spec.kind = notebook.key.kind;
  spec.account = notebook.key.account;
  spec.region = notebook.key.region;
  spec.name = notebook.key.name;
  spec.arn = notebook.arn;
  spec.mode = JobSpec::Mode::kServe;
  spec.image = kNotebookImage;
  put_way(way, "notebook", spec);
  spec.environment["AWS_REGION"] = notebook.key.region;
  spec.environment["AWS_DEFAULT_REGION"] = notebook.key.region;
  spec.config_files["input/config/notebook.json"] = configuration_of(notebook, start, documents);
  // What the SageMaker SDK asks for its execution role with.
  spec.config_files["metadata/resource-metadata.json"] =
      json::object{{"ResourceArn", notebook.arn}, {"ResourceName", notebook.key.name}};
  spec.mounts = {{.host = start.folder, .path = std::string(kRoot)}};
  spec.network = string_or(notebook.body, "DirectInternetAccess") != "Disabled";
  put_limits(notebook, spec);
  spec.health_path = start.base_path + "/api";
  spec.unhealthy_pings = 0;
  spec.start_attempts = 1;
  spec.log_group = "/aws/sagemaker/NotebookInstances";
  spec.log_stream = notebook.key.name + "/jupyter.log";
  spec.log_parts = {"LifecycleConfigOnCreate", "LifecycleConfigOnStart"};
  spec.metric_namespace = "/aws/sagemaker/NotebookInstances";
  spec.metric_dimensions = {{"NotebookInstanceName", notebook.key.name}};
  return spec;
}

}  // namespace clary::api::sagemaker
