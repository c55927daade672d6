#include "algorithms/container/contract.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <system_error>

#include "algorithms/container/failure.h"
#include "base/json.h"

namespace clary::algorithms {
namespace {

namespace fs = std::filesystem;

json::object read_object(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return {};
  json::value value = json::parse(read_whole_file(path), error);
  if (error || !value.is_object()) {
    throw ClientError(path.filename().string() + " is not a JSON object");
  }
  return std::move(value.as_object());
}

// SageMaker's maps are of strings; people who write the file by hand use numbers as well.
std::string as_text(const json::value& value) {
  if (const auto* text = value.if_string()) return std::string(*text);
  return json::serialize(value);
}

void collect(const fs::path& folder, std::vector<fs::path>& files) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.') || name.starts_with('_')) continue;
    if (entry.is_directory()) {
      collect(entry.path(), files);
    } else if (entry.is_regular_file()) {
      files.push_back(entry.path());
    }
  }
}

}  // namespace

std::string environment_or(const char* name, std::string_view fallback) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != 0 ? std::string(value) : std::string(fallback);
}

ContainerPaths ContainerPaths::from_environment() {
  return {environment_or("CLARY_ML_ROOT", "/opt/ml")};
}

std::string read_whole_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw AlgorithmError("cannot read " + path.string());
  std::string content(static_cast<std::size_t>(file.tellg()), '\0');
  file.seekg(0);
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (!file) throw AlgorithmError("cannot read " + path.string());
  return content;
}

void write_file_atomically(const fs::path& path, std::string_view content) {
  fs::path temporary = path;
  temporary += ".sagemaker-ignore";
  {
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
    file.flush();
    if (!file) throw AlgorithmError("cannot write " + path.string());
  }
  fs::rename(temporary, path);
}

TrainingConfig read_training_config(const ContainerPaths& paths) {
  TrainingConfig config;
  for (const auto& [name, value] : read_object(paths.config("hyperparameters.json"))) {
    config.hyperparameters.emplace(name, as_text(value));
  }
  for (const auto& [name, value] : read_object(paths.config("inputdataconfig.json"))) {
    ChannelConfig channel;
    if (const auto* object = value.if_object()) {
      channel.content_type = string_or(*object, "ContentType");
      channel.input_mode = string_or(*object, "TrainingInputMode", "File");
    }
    config.channels.emplace(name, std::move(channel));
  }
  const json::object resources = read_object(paths.config("resourceconfig.json"));
  if (const auto* hosts = find_array(resources, "hosts")) {
    for (const auto& host : *hosts) config.hosts.push_back(as_text(host));
  }
  config.current_host = string_or(resources, "current_host", "algo-1");
  if (config.hosts.empty()) config.hosts.push_back(config.current_host);

  // The file is authoritative; the folder alone is enough as well.
  const json::object checkpoints = read_object(paths.config("checkpointconfig.json"));
  std::string local = string_or(checkpoints, "LocalPath");
  std::error_code ignored;
  // Below /opt/ml the path follows the root, so that a moved root moves it too.
  constexpr std::string_view kDefaultRoot = "/opt/ml/";
  if (local.starts_with(kDefaultRoot)) {
    config.checkpoints = paths.root / local.substr(kDefaultRoot.size());
  } else if (!local.empty()) {
    config.checkpoints = local;
  } else if (fs::is_directory(paths.root / "checkpoints", ignored)) {
    config.checkpoints = paths.root / "checkpoints";
  }
  return config;
}

void report_failure(const ContainerPaths& paths, std::string_view kind, std::string_view reason) {
  std::string text(kind);
  text.append(": ").append(reason);
  std::fprintf(stderr, "%s\n", text.c_str());
  std::error_code ignored;
  fs::create_directories(paths.failure().parent_path(), ignored);
  std::ofstream file(paths.failure(), std::ios::trunc);
  file << text;
}

std::vector<fs::path> channel_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  if (fs::is_directory(folder, error)) collect(folder, files);
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace clary::algorithms
