#include "engine/environment_table.h"

#include <algorithm>
#include <regex>

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

namespace clary::engine {
namespace {

// Packages without versions: what an operator builds today is today's, and the log of each job
// names what it ran with. tensorflow-cpu runs anywhere; PyPI's torch for Linux brings CUDA's
// libraries, 4 GB that only a machine with an accelerator uses, but PyPI has no other. Of sagemaker
// 3 with the newest boto3 pip looks for quarters of an hour at versions that fit together.
constexpr std::string_view kBuiltIn = R"toml(
[[environment]]
name = "sklearn"
framework = "sklearn"
repositories = ["sagemaker-scikit-learn"]
imports = ["sklearn"]
packages = ["scikit-learn", "pandas", "joblib"]

[[environment]]
name = "xgboost"
framework = "xgboost"
repositories = ["sagemaker-xgboost", "xgboost"]
imports = ["xgboost"]
packages = ["xgboost-cpu", "scikit-learn", "pandas"]

[[environment]]
name = "huggingface"
framework = "huggingface"
repositories = ["huggingface-pytorch-(training|inference)(-.*)?"]
imports = ["torch", "transformers"]
packages = ["torch", "transformers", "datasets", "accelerate"]

[[environment]]
name = "pytorch"
framework = "pytorch"
repositories = ["pytorch-(training|inference)(-.*)?", "sagemaker-pytorch"]
imports = ["torch"]
packages = ["torch", "numpy"]

[[environment]]
name = "tensorflow"
framework = "tensorflow"
repositories = ["tensorflow-(training|inference)(-.*)?", "huggingface-tensorflow-(training|inference)",
                "sagemaker-tensorflow(-.*)?"]
imports = ["tensorflow"]
packages = ["tensorflow-cpu"]

[[environment]]
name = "mxnet"
framework = "mxnet"
repositories = ["mxnet-(training|inference)", "sagemaker-mxnet"]
imports = ["mxnet"]
packages = ["mxnet", "numpy<1.24"]

[[environment]]
name = "spark"
framework = "spark"
repositories = ["sagemaker-spark-processing"]
imports = ["pyspark"]
packages = ["pyspark>=3.5,<4", "pandas<3", "pyarrow"]
jars = ["org.apache.hadoop:hadoop-aws:{hadoop}", "com.amazonaws:aws-java-sdk-s3:1.12.797",
        "com.amazonaws:aws-java-sdk-dynamodb:1.12.797"]

[[environment]]
name = "notebook"
repositories = ["sagemaker-notebook"]
imports = ["jupyterlab", "ipykernel"]
packages = ["jupyterlab", "ipykernel", "boto3", "sagemaker<3", "pandas", "matplotlib", "scikit-learn"]

[[environment]]
name = "python"
repositories = ["sagemaker-base-python.*"]
imports = ["pip"]
packages = []
)toml";

constexpr std::string_view kNameLetters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

[[noreturn]] void refuse(const std::string& source, const std::string& what) {
  throw EnvironmentTableError(source + ": " + what);
}

void read_text(const toml::node& node, const std::string& where, std::string& into) {
  const auto text = node.value<std::string>();
  if (!text) refuse(where, "takes a text");
  into = *text;
}

void read_list(const toml::node& node, const std::string& where, std::vector<std::string>& into) {
  const toml::array* list = node.as_array();
  if (list == nullptr) refuse(where, "takes a list of texts");
  into.clear();
  for (const toml::node& item : *list) read_text(item, where, into.emplace_back());
}

void read_map(const toml::node& node, const std::string& where,
              std::map<std::string, std::string>& into) {
  const toml::table* table = node.as_table();
  if (table == nullptr) refuse(where, "takes a table of texts");
  into.clear();
  for (const auto& [key, value] : *table) read_text(value, where, into[std::string(key.str())]);
}

void check_pattern(const std::string& where, const std::string& pattern) {
  try {
    const std::regex compiled(pattern);
  } catch (const std::regex_error&) {
    refuse(where, "'" + pattern + "' is no regular expression");
  }
}

void check(const std::string& source, const EnvironmentEntry& entry) {
  const std::string where = source + ": environment " + entry.name;
  if (entry.repositories.empty()) refuse(where, "names no repositories");
  for (const std::string& pattern : entry.repositories) check_pattern(where, pattern);
  check_pattern(where, entry.tags);
  for (const std::string* path : {&entry.interpreter, &entry.python}) {
    if (!path->empty() && !path->starts_with('/')) {
      refuse(where, "'" + *path + "' is no absolute path");
    }
  }
  // They go to pip as arguments: an option among them could write anywhere.
  for (const auto* list : {&entry.packages, &entry.jars}) {
    for (const std::string& package : *list) {
      if (package.starts_with('-')) refuse(where, "'" + package + "' is no package");
    }
  }
}

void read_member(std::string_view key, const toml::node& node, const std::string& where,
                 EnvironmentEntry& entry) {
  if (key == "name" || key == "framework" || key == "tags" || key == "interpreter" ||
      key == "python") {
    std::string& into = key == "name"          ? entry.name
                        : key == "framework"   ? entry.framework
                        : key == "tags"        ? entry.tags
                        : key == "interpreter" ? entry.interpreter
                                               : entry.python;
    return read_text(node, where, into);
  }
  if (key == "repositories") return read_list(node, where, entry.repositories);
  if (key == "imports") return read_list(node, where, entry.imports);
  if (key == "packages") return read_list(node, where, entry.packages);
  if (key == "jars") return read_list(node, where, entry.jars);
  if (key == "variables") return read_map(node, where, entry.variables);
  refuse(where, "is no member of an environment");
}

std::string name_of(const toml::table& table, const std::string& source) {
  const std::string name = table["name"].value_or(std::string());
  if (name.empty() || name.find_first_not_of(kNameLetters) != std::string::npos) {
    refuse(source, "an environment needs a name of letters, digits, - and _");
  }
  return name;
}

// Entries of `text` before those that are there, or into them.
void apply(const toml::table& document, const std::string& source,
           std::vector<EnvironmentEntry>& entries) {
  std::vector<EnvironmentEntry> fresh;
  for (const auto& [key, node] : document) {
    const toml::array* list = node.as_array();
    if (key.str() != "environment" || list == nullptr) {
      refuse(source, "'" + std::string(key.str()) + "' is unknown; it takes [[environment]]");
    }
    for (const toml::node& item : *list) {
      const toml::table* table = item.as_table();
      if (table == nullptr) refuse(source, "takes [[environment]]");
      const std::string name = name_of(*table, source);
      const auto known = std::ranges::find(entries, name, &EnvironmentEntry::name);
      EnvironmentEntry& entry = known != entries.end() ? *known : fresh.emplace_back();
      for (const auto& [member, value] : *table) {
        read_member(member.str(), value, source + ": " + name + "." + std::string(member.str()),
                    entry);
      }
      check(source, entry);
    }
  }
  entries.insert(entries.begin(), fresh.begin(), fresh.end());
}

bool matches(std::string_view text, const std::string& pattern) {
  return std::regex_match(text.begin(), text.end(), std::regex(pattern));
}

}  // namespace

bool EnvironmentEntry::stands_in_for(std::string_view repository, std::string_view tag) const {
  const auto is = [&](const std::string& pattern) { return matches(repository, pattern); };
  return std::ranges::any_of(repositories, is) && matches(tag, tags);
}

std::vector<EnvironmentEntry> load_environment_table(const std::filesystem::path& file) {
  std::vector<EnvironmentEntry> entries;
  apply(toml::parse(kBuiltIn), "the built-in environments", entries);
  std::error_code error;
  if (file.empty() || !std::filesystem::exists(file, error)) return entries;
  try {
    apply(toml::parse_file(file.string()), file.string(), entries);
  } catch (const toml::parse_error& bad) {
    refuse(file.string() + " line " + std::to_string(bad.source().begin.line),
           std::string(bad.description()));
  }
  return entries;
}

}  // namespace clary::engine
