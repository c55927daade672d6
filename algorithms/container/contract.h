// The container contract of SageMaker as an algorithm sees it: folders, configuration files, the
// failure file. Source: the developer guide's "How Amazon SageMaker Provides Training Information"
// and "How SageMaker processes training output".
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace clary::algorithms {

// Everything below one root: /opt/ml, or what CLARY_ML_ROOT says (tests, machines without mounts).
struct ContainerPaths {
  std::filesystem::path root;

  static ContainerPaths from_environment();

  std::filesystem::path config(std::string_view name) const { return root / "input/config" / name; }
  std::filesystem::path channel(std::string_view name) const { return root / "input/data" / name; }
  std::filesystem::path model() const { return root / "model"; }
  std::filesystem::path output_data() const { return root / "output/data"; }
  std::filesystem::path failure() const { return root / "output/failure"; }
};

struct ChannelConfig {
  std::string content_type;  // empty: not given
  std::string input_mode = "File";
};

// What the three files of input/config say, and the checkpoint folder.
struct TrainingConfig {
  std::map<std::string, std::string> hyperparameters;
  std::map<std::string, ChannelConfig> channels;
  std::vector<std::string> hosts;
  std::string current_host;
  std::filesystem::path checkpoints;  // empty: none
};

// Missing files count as empty ones. Throws ClientError when a file is no JSON object or a
// hyperparameter is no string.
TrainingConfig read_training_config(const ContainerPaths& paths);

// Writes output/failure and stderr, both "`kind`: `reason`"; never throws.
void report_failure(const ContainerPaths& paths, std::string_view kind, std::string_view reason);

// The files of a channel, sorted by path: folders at any depth, without hidden ones and those that
// begin with '_' (_SUCCESS), which data tools leave behind. Empty when the folder is absent.
std::vector<std::filesystem::path> channel_files(const std::filesystem::path& folder);

// Writes a file so that readers see the old or the new content, never a part.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

std::string read_whole_file(const std::filesystem::path& path);

// The environment variable, or the fallback when it is not set or empty.
std::string environment_or(const char* name, std::string_view fallback);

}  // namespace clary::algorithms
