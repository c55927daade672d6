#include "api/sagemaker/notebook_instances.h"

#include <algorithm>

#include "api/sagemaker/job_keys.h"
#include "api/sagemaker/memory_list.h"
#include "api/sagemaker/notebook_document.h"
#include "base/random.h"
#include "base/text.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::size_t kVolumeIdBytes = 12;
constexpr std::chrono::hours kLongestSession{12};  // the API's default, too
constexpr std::int64_t kLeastVolume = 5;
constexpr std::size_t kListPage = 100;

// What Update calls otherwise than Describe.
constexpr std::string_view kLifecycle = "NotebookInstanceLifecycleConfigName";

// Update's members that take another away.
struct Disassociation {
  std::string_view flag, member, input_member;
};
constexpr std::array<Disassociation, 3> kDisassociations{
    {{"DisassociateLifecycleConfig", kLifecycle, "LifecycleConfigName"},
     {"DisassociateDefaultCodeRepository", "DefaultCodeRepository", "DefaultCodeRepository"},
     {"DisassociateAdditionalCodeRepositories", "AdditionalCodeRepositories",
      "AdditionalCodeRepositories"}}};

const Kind& kind() {
  return kind_named(kNotebookKind);
}

std::string joined(std::initializer_list<std::string_view> statuses) {
  std::string text;
  for (const std::string_view status : statuses) {
    text += (text.empty() ? "" : ", ") + std::string(status);
  }
  return text;
}

// AWS's sentence.
[[noreturn]] void fail_status(std::string_view status, std::string_view arn,
                              std::initializer_list<std::string_view> from, std::string_view to) {
  fail_validation("Status (" + std::string(status) + ") not in ([" + joined(from) +
                  "]). Unable to transition to (" + std::string(to) + ") for Notebook Instance (" +
                  std::string(arn) + ").");
}

// As AWS: what of the network only goes together.
void check_network(const json::object& input) {
  const bool subnet = !string_or(input, "SubnetId").empty();
  const json::array* groups = find_array(input, "SecurityGroupIds");
  if (!subnet && groups != nullptr && !groups->empty()) {
    fail_validation("SecurityGroupIds can only be given together with a SubnetId.");
  }
  if (!subnet && string_or(input, "DirectInternetAccess") == "Disabled") {
    fail_validation("DirectInternetAccess can be Disabled only if a SubnetId is given.");
  }
}

void check_unbuilt(const json::object& input) {
  const json::array* accelerators = find_array(input, "AcceleratorTypes");
  if (accelerators != nullptr && !accelerators->empty()) {
    fail_validation(
        "AcceleratorTypes: Elastic Inference is no longer available; leave the member out.");
  }
  if (string_or(input, "IpAddressType") == "dualstack") {
    fail_validation(
        "IpAddressType dualstack is not available on this server: notebook instances have the "
        "addresses of the machine; leave the member out, or set ipv4.");
  }
}

// Members of a request under the names that Describe has for them.
json::object as_described(const json::object& input) {
  json::object body = input;
  const auto rename = [&](std::string_view from, std::string_view to) {
    // Of `input`: making a member may move those beside it.
    if (const json::value* value = input.if_contains(from)) {
      body[to] = *value;
      body.erase(from);
    }
  };
  rename("LifecycleConfigName", kLifecycle);
  rename("SecurityGroupIds", "SecurityGroups");
  return body;
}

void put_defaults(json::object& body) {
  body.emplace("VolumeSizeInGB", kLeastVolume);
  body.emplace("DirectInternetAccess", "Enabled");
  body.emplace("RootAccess", "Enabled");
  body.emplace("PlatformIdentifier", "notebook-al2023-v1");
  body.emplace("IpAddressType", "ipv4");
}

bool contains(std::string_view text, std::string_view part) {
  return to_lower(text).find(to_lower(part)) != std::string::npos;
}

// The filters of List that no index answers.
bool inside(const store::Document& notebook, const json::object& input) {
  const auto part = [&](std::string_view filter, std::string_view member) {
    const auto wanted = find_string(input, filter);
    return !wanted || contains(string_or(notebook.body, member), *wanted);
  };
  if (!part("NotebookInstanceLifecycleConfigNameContains", kLifecycle)) return false;
  if (!part("DefaultCodeRepositoryContains", "DefaultCodeRepository")) return false;
  const auto additional = find_string(input, "AdditionalCodeRepositoryEquals");
  if (!additional) return true;
  const json::array* repositories = find_array(notebook.body, "AdditionalCodeRepositories");
  return repositories != nullptr && std::ranges::any_of(*repositories, [&](const json::value& one) {
           return one.as_string() == *additional;
         });
}

bool filters_in_memory(const json::object& input) {
  return input.contains("NotebookInstanceLifecycleConfigNameContains") ||
         input.contains("DefaultCodeRepositoryContains") ||
         input.contains("AdditionalCodeRepositoryEquals");
}

bool is_set(const json::object& input, std::string_view flag) {
  return find_bool(input, flag).value_or(false);
}

void check_disassociations(const json::object& input) {
  for (const Disassociation& one : kDisassociations) {
    if (is_set(input, one.flag) && input.contains(one.input_member)) {
      fail_validation(std::string(one.flag) + " and " + std::string(one.input_member) +
                      " cannot both be given.");
    }
  }
}

void apply_update(const json::object& input, store::Document& notebook) {
  json::object changes = as_described(input);
  for (const auto member :
       {"NotebookInstanceName", "AcceleratorTypes", "DisassociateAcceleratorTypes"}) {
    changes.erase(member);
  }
  for (const Disassociation& one : kDisassociations) {
    changes.erase(one.flag);
    if (is_set(input, one.flag)) notebook.body.erase(one.member);
  }
  for (const auto& [member, value] : changes) notebook.body[member] = value;
}

}  // namespace

NotebookAccess& NotebookInstances::access() const {
  if (parts_.access == nullptr || parts_.storage == nullptr || parts_.routes == nullptr) {
    fail_validation("Notebook instances are not available on this server.");
  }
  if (const auto why = parts_.storage->why_not()) {
    fail_validation(
        "Notebook instances are not available on this server: their storage volumes are always "
        "encrypted, and this machine cannot have such volumes: " +
        *why);
  }
  return *parts_.access;
}

void NotebookInstances::check_references(const json::object& input, const Call& call) {
  const std::string role = string_or(input, "RoleArn");
  if (!role.empty() && !roles_.usable(role, call.account)) fail_validation(role_refused(role));
  if (const auto name = find_string(input, "LifecycleConfigName")) {
    resources_.find(kind_named("notebook-instance-lifecycle-config"), *name, call);
  }
  const store::DocumentKey here = Resources::key_of(kind(), "", call);
  if (const auto repository = find_string(input, "DefaultCodeRepository")) {
    repository_of(resources_.documents(), here, *repository);
  }
  if (const json::array* repositories = find_array(input, "AdditionalCodeRepositories")) {
    for (const json::value& repository : *repositories) {
      repository_of(resources_.documents(), here, repository.as_string());
    }
  }
}

json::object NotebookInstances::create(const json::object& input, Call& call) {
  access();
  check_unbuilt(input);
  check_network(input);
  check_references(input, call);
  const std::string kms_key = usable_key(input, "KmsKeyId", "CreateGrant", call, keys_);
  const json::object described = as_described(input);
  json::object output = resources_.create(kind(), described, call, [&](store::Document& notebook) {
    notebook.body.erase("AcceleratorTypes");
    put_defaults(notebook.body);
    notebook.internal[kNotebookVolume] = "notebook-" + random_hex(kVolumeIdBytes);
    notebook.internal[kNotebookKmsKey] = kms_key;
  });
  wake_(Resources::key_of(kind(), string_or(input, "NotebookInstanceName"), call));
  return output;
}

json::object NotebookInstances::describe(const json::object& input, Call& call) {
  const Resources::Found notebook = resources_.find_named(kind(), input, call);
  json::object output = shown(*notebook, *call.operation.output);
  if (parts_.access != nullptr) output["Url"] = parts_.access->url(notebook_name(notebook->key));
  return output;
}

json::object NotebookInstances::list(const json::object& input, Call& call) {
  json::object output;
  if (filters_in_memory(input)) {
    store::DocumentQuery query = query_of(kind(), input, call);
    query.after.clear();
    query.limit = kListPage;
    std::vector<store::Document> found;
    for_each_document(resources_.documents(), query, [&](const store::Document& notebook) {
      if (inside(notebook, input)) found.push_back(notebook);
    });
    output = list_in_memory(kind(), std::move(found), input, call);
  } else {
    output = resources_.list(kind(), input, call);
  }
  if (parts_.access == nullptr) return output;
  for (json::value& entry : output.at("NotebookInstances").as_array()) {
    json::object& summary = entry.as_object();
    summary["Url"] = parts_.access->url({.account = std::string(call.account),
                                         .region = std::string(call.region),
                                         .name = string_or(summary, "NotebookInstanceName")});
  }
  return output;
}

void NotebookInstances::change(const json::object& input, const Call& call,
                               std::initializer_list<std::string_view> from, std::string_view to,
                               const Resources::Edit& change) {
  const Resources::Found found = resources_.find_named(kind(), input, call);
  std::string status;
  std::exception_ptr refused;
  const auto changed = resources_.documents().update(found->key, [&](store::Document& notebook) {
    status = notebook.status;
    if (std::ranges::find(from, notebook.status) == from.end()) return false;
    try {
      change(notebook);
    } catch (const wire::ApiError&) {
      refused = std::current_exception();  // must not end the store's thread
      return false;
    }
    notebook.body[kind().status_member] = notebook.status;
    return true;
  });
  if (refused) std::rethrow_exception(refused);
  if (!changed) fail(kind().not_found, found->key.name, found->arn);
  if (std::ranges::find(from, status) == from.end()) fail_status(status, found->arn, from, to);
  wake_(found->key);
}

json::object NotebookInstances::update(const json::object& input, Call& call) {
  check_unbuilt(input);
  check_disassociations(input);
  check_references(input, call);
  change(input, call, {"Stopped", "Failed"}, "Updating", [&](store::Document& notebook) {
    const auto size = find_int(input, "VolumeSizeInGB");
    const std::int64_t has = find_int(notebook.body, "VolumeSizeInGB").value_or(kLeastVolume);
    if (size && *size < has) {
      fail_validation("VolumeSizeInGB of the Notebook Instance (" + notebook.arn +
                      ") can be increased, but not decreased: it is " + std::to_string(has) + ".");
    }
    apply_update(input, notebook);
  });
  return {};
}

json::object NotebookInstances::start(const json::object& input, Call& call) {
  access();
  change(input, call, {"Stopped", "Failed"}, "Pending", [](store::Document& notebook) {
    notebook.status = "Pending";
    notebook.body.erase("FailureReason");
    notebook.internal.erase(kNotebookLosses);
  });
  return {};
}

json::object NotebookInstances::stop(const json::object& input, Call& call) {
  change(input, call, {"InService"}, "Stopping", [](store::Document& notebook) {
    notebook.status = "Stopping";
    retire_notebook_run(notebook);
  });
  return {};
}

json::object NotebookInstances::remove(const json::object& input, Call& call) {
  change(input, call, {"Stopped", "Failed"}, "Deleting",
         [](store::Document& notebook) { notebook.status = "Deleting"; });
  return {};
}

json::object NotebookInstances::create_url(const json::object& input, Call& call) {
  NotebookAccess& access = this->access();
  const Resources::Found notebook = resources_.find_named(kind(), input, call);
  if (notebook->status != "InService") {
    fail_validation("Status (" + notebook->status +
                    ") not in ([InService]). Unable to create a presigned URL for Notebook "
                    "Instance (" +
                    notebook->arn + ").");
  }
  // A URL is bound to the start of JupyterLab that it is for.
  if (!parts_.routes->find(notebook_name(notebook->key))) {
    fail_validation("The Jupyter server of Notebook Instance (" + notebook->arn +
                    ") is starting again. Try again in a few seconds.");
  }
  const std::chrono::seconds session(find_int(input, "SessionExpirationDurationInSeconds")
                                         .value_or(std::chrono::seconds(kLongestSession).count()));
  return {{"AuthorizedUrl",
           access.authorized_url(notebook_name(notebook->key), session, call.principal.arn)}};
}

}  // namespace clary::api::sagemaker
