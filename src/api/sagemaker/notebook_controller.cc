#include "api/sagemaker/notebook_controller.h"

#include "api/sagemaker/notebook_document.h"
#include "base/log.h"
#include "base/random.h"
#include "keys/aead.h"
#include "wire/api_error.h"

namespace clary::api::sagemaker {
namespace {

using engine::RunOutcome;
using std::chrono::milliseconds;

constexpr milliseconds kLookAgain{1000};
constexpr std::chrono::hours kSessionLifetime{24 * 365};
constexpr std::size_t kTokenBytes = 32;
constexpr std::size_t kRunIdBytes = 8;
constexpr std::size_t kLongestReason = 1024;
// So many runs lost in a row are enough. One that ran for kWell was well: it counts as the first.
constexpr std::int64_t kMostLosses = 3;
constexpr std::chrono::minutes kWell{5};

bool serves(const engine::Run& run) {
  return !run.outcome && run.phase() == engine::RunPhase::kServing && !run.serving_socket.empty();
}

bool was_well(const store::Document& notebook, Timestamp now) {
  const auto began = find_double(notebook.internal, kNotebookBegan);
  return began && now - from_epoch_seconds(*began) > kWell;
}

// How often JupyterLab was started since it served last.
std::int64_t starts_since_serving(const engine::Run& run) {
  std::int64_t starts = 0;
  for (auto change = run.phases.rbegin(); change != run.phases.rend(); ++change) {
    if (change->phase == engine::RunPhase::kServing) break;
    if (change->phase == engine::RunPhase::kStarting) ++starts;
  }
  return starts;
}

std::optional<engine::Run> run_of(const store::Document& notebook, Workloads& workloads) {
  const std::string id = string_or(notebook.internal, kNotebookRun);
  return id.empty() ? std::nullopt : workloads.find(id);
}

// What was said of the start, without what the reason of a training job has around it.
std::string own_words(std::string reason) {
  constexpr std::string_view kBefore = "AlgorithmError: ", kAfter = ", exit code: 1";
  if (reason.starts_with(kBefore)) reason.erase(0, kBefore.size());
  if (reason.ends_with(kAfter)) reason.resize(reason.size() - kAfter.size());
  return reason;
}

// A key in the clear, wiped when it is no longer needed.
struct PlainKey {
  explicit PlainKey(std::string text) : bytes(std::move(text)) {}
  ~PlainKey() { keys::wipe(bytes); }
  PlainKey(const PlainKey&) = delete;
  PlainKey& operator=(const PlainKey&) = delete;
  std::string bytes;
};

}  // namespace

std::string_view NotebookController::kind() const {
  return kNotebookKind;
}

std::vector<store::DocumentKey> NotebookController::pending() {
  std::vector<store::DocumentKey> keys;
  for (const store::Document& notebook : parts_.documents.with_status(
           kind(), {"Pending", "InService", "Stopping", "Failed", "Deleting"})) {
    keys.push_back(notebook.key);
  }
  return keys;
}

std::optional<milliseconds> NotebookController::reconcile(const store::DocumentKey& key) {
  std::optional<store::Document> notebook = parts_.documents.find(key);
  if (!notebook || notebook->status != "InService") parts_.routes.withdraw(notebook_name(key));
  if (!notebook) return std::nullopt;
  if (!retire(*notebook)) return kLookAgain;  // the end of a run wakes, too
  notebook = parts_.documents.find(key);
  if (!notebook) return std::nullopt;
  if (notebook->status == "Pending") return bring_up(*notebook);
  if (notebook->status == "InService") return keep_up(*notebook);
  if (notebook->status == "Stopping") return close(*notebook, "Stopped");
  if (notebook->status == "Failed") return close(*notebook, "Failed");
  if (notebook->status == "Deleting") return remove(*notebook);
  return std::nullopt;
}

// Whether no run is left that is no longer wanted.
bool NotebookController::retire(const store::Document& notebook) {
  const std::string id = string_or(notebook.internal, kNotebookRetired);
  if (id.empty()) return true;
  const std::optional<engine::Run> run = parts_.workloads.find(id);
  if (run && !run->outcome) {
    if (!run->stop_requested) parts_.workloads.request_stop(id);
    return false;
  }
  if (run) parts_.workloads.forget(id);
  parts_.documents.update(notebook.key, [&](store::Document& stored) {
    return stored.internal.erase(kNotebookRetired) > 0;
  });
  return true;
}

NotebookController::Delay NotebookController::bring_up(const store::Document& notebook) {
  const std::optional<engine::Run> run = run_of(notebook, parts_.workloads);
  if (!run) {
    // Opened anew, with its key and its size as they are now, unless the server was killed.
    if (!notebook.internal.contains(kNotebookRun)) {
      parts_.storage.close(string_or(notebook.internal, kNotebookVolume));
    }
    try {
      begin(notebook);
    } catch (const StorageError&) {
      throw;  // not the notebook's fault: tried again
    } catch (const std::runtime_error& error) {
      return fail_with(notebook, error.what());
    }
    return std::nullopt;
  }
  if (run->outcome) return lost(notebook, *run->outcome);
  if (!serves(*run)) return std::nullopt;
  publish(notebook, *run);
  parts_.documents.update(notebook.key, [](store::Document& stored) {
    if (stored.status != "Pending") return false;
    stored.status = "InService";
    stored.body["NotebookInstanceStatus"] = stored.status;
    stored.internal[kNotebookCreated] = true;
    return true;
  });
  return std::nullopt;
}

void NotebookController::begin(const store::Document& found) {
  const auto way = parts_.environments.find(kNotebookImage, ImageUse::kServe);
  if (!way) {
    const std::string remedy = parts_.environments.remedy(kNotebookImage);
    throw std::runtime_error(remedy.empty() ? "There is no environment for notebooks on this "
                                              "server. Make it with `clary env-create notebook`."
                                            : remedy);
  }
  const auto notebook = parts_.documents.update(found.key, [&](store::Document& stored) {
    if (stored.internal.contains(kNotebookRun)) return false;  // the server was killed after this
    stored.internal[kNotebookRun] =
        std::string(kNotebookKind) + "-" + stored.key.name + "-" + random_hex(kRunIdBytes);
    stored.internal[kNotebookToken] = random_hex(kTokenBytes);
    return true;
  });
  if (!notebook) return;
  const std::string role = string_or(notebook->body, "RoleArn");
  if (!parts_.roles.usable(role, notebook->key.account)) {
    throw std::runtime_error(role_refused(role));
  }
  NotebookStart start;
  start.run = string_or(notebook->internal, kNotebookRun);
  start.token = string_or(notebook->internal, kNotebookToken);
  start.base_path = parts_.access.base_path(notebook_name(notebook->key));
  start.folder = open_volume(*notebook);
  const engine::JobSpec spec = notebook_spec(*notebook, start, parts_.documents, *way);
  const auto access = parts_.roles.open(role, notebook->key.account, kSessionLifetime);
  if (!access) throw std::runtime_error(role_refused(role));
  parts_.documents.update(notebook->key, [&](store::Document& stored) {
    stored.internal[kNotebookBegan] = epoch_seconds(parts_.clock.now());
    return true;
  });
  parts_.workloads.submit(spec, *access);
}

std::string NotebookController::volume_key(const store::Document& notebook) {
  const std::string role = string_or(notebook.body, "RoleArn");
  const std::string kms_key = string_or(notebook.internal, kNotebookKmsKey);
  try {
    if (const json::object* sealed = find_object(notebook.internal, kNotebookKey)) {
      return parts_.keys.open(notebook.key, notebook.arn, role, volume_key_from_json(*sealed));
    }
    VolumeKeys::Made made = parts_.keys.make(notebook.key, notebook.arn, role, kms_key);
    // Stored before there is a volume: none is ever made with a key that nobody knows.
    parts_.documents.update(notebook.key, [&](store::Document& stored) {
      stored.internal[kNotebookKey] = to_json(made.key);
      return true;
    });
    return std::move(made.plain);
  } catch (const wire::ApiError& error) {
    throw std::runtime_error("The KMS key " + kms_key +
                             " of the storage volume cannot be used: " + error.what());
  }
}

std::string NotebookController::open_volume(const store::Document& notebook) {
  const std::string volume = string_or(notebook.internal, kNotebookVolume);
  const bool was_made = find_bool(notebook.internal, kNotebookCreated).value_or(false);
  if (was_made && !parts_.storage.exists(volume)) {
    // An empty one in its place would look as if the files had been deleted.
    throw std::runtime_error("The storage volume " + volume +
                             " is not there any more. Restore it from a backup, or delete the "
                             "notebook instance.");
  }
  const PlainKey key(volume_key(notebook));
  const auto bytes =
      static_cast<std::uint64_t>(find_int(notebook.body, "VolumeSizeInGB").value_or(5)) << 30;
  try {
    return parts_.storage.open(volume, bytes, key.bytes);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(std::string("The storage volume cannot be opened: ") + error.what());
  }
}

NotebookController::Delay NotebookController::keep_up(const store::Document& notebook) {
  const std::optional<engine::Run> run = run_of(notebook, parts_.workloads);
  if (!run || run->outcome) {
    parts_.routes.withdraw(notebook_name(notebook.key));
    return lost(notebook, run ? *run->outcome
                              : RunOutcome{.kind = RunOutcome::Kind::kAgentLost,
                                           .reason = "The run of the notebook is gone."});
  }
  if (serves(*run)) {
    publish(notebook, *run);
  } else {
    parts_.routes.withdraw(notebook_name(notebook.key));  // JupyterLab is starting anew
    if (starts_since_serving(*run) >= kMostLosses) {
      return fail_with(notebook, "JupyterLab did not come up again. " + run->phases.back().message);
    }
  }
  return std::nullopt;
}

// A workload that cannot start is the user's to repair. What ended for another reason starts anew.
NotebookController::Delay NotebookController::lost(const store::Document& notebook,
                                                   const RunOutcome& outcome) {
  const bool never_started =
      notebook.status == "Pending" &&
      (outcome.kind == RunOutcome::Kind::kFailed || outcome.kind == RunOutcome::Kind::kTimedOut);
  if (never_started) return fail_with(notebook, own_words(outcome.reason));
  const std::int64_t before = was_well(notebook, parts_.clock.now())
                                  ? 0
                                  : find_int(notebook.internal, kNotebookLosses).value_or(0);
  if (before + 1 >= kMostLosses) {
    return fail_with(notebook, "The notebook instance was lost " + std::to_string(kMostLosses) +
                                   " times in a row. " + outcome.reason);
  }
  spdlog::warn("notebook instance {}: its run was lost and is started anew: {}", notebook.key.name,
               outcome.reason);
  parts_.documents.update(notebook.key, [&](store::Document& stored) {
    if (stored.status != notebook.status) return false;
    stored.status = "Pending";
    stored.body["NotebookInstanceStatus"] = stored.status;
    stored.internal[kNotebookLosses] = before + 1;
    retire_notebook_run(stored);
    return true;
  });
  return milliseconds(0);
}

NotebookController::Delay NotebookController::fail_with(const store::Document& notebook,
                                                        const std::string& reason) {
  spdlog::warn("notebook instance {}: {}", notebook.key.name, reason);
  parts_.documents.update(notebook.key, [&](store::Document& stored) {
    if (stored.status != notebook.status) return false;
    stored.status = "Failed";
    stored.body["NotebookInstanceStatus"] = stored.status;
    stored.body["FailureReason"] = reason.substr(0, kLongestReason);
    retire_notebook_run(stored);
    return true;
  });
  return milliseconds(0);
}

void NotebookController::publish(const store::Document& notebook, const engine::Run& run) {
  parts_.routes.publish(
      notebook_name(notebook.key),
      {.unix_path = run.serving_socket, .token = string_or(notebook.internal, kNotebookToken)});
}

// No run is left on the volume.
NotebookController::Delay NotebookController::close(const store::Document& notebook,
                                                    std::string_view status) {
  parts_.storage.close(string_or(notebook.internal, kNotebookVolume));
  if (notebook.status == status) return std::nullopt;
  parts_.documents.update(notebook.key, [&](store::Document& stored) {
    if (stored.status != notebook.status) return false;
    stored.status = status;
    stored.body["NotebookInstanceStatus"] = stored.status;
    return true;
  });
  return std::nullopt;
}

NotebookController::Delay NotebookController::remove(const store::Document& notebook) {
  const std::string volume = string_or(notebook.internal, kNotebookVolume);
  parts_.storage.close(volume);
  parts_.storage.remove(volume);
  parts_.documents.remove(notebook.key);
  return std::nullopt;
}

}  // namespace clary::api::sagemaker
