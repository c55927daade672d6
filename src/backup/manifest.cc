#include "backup/manifest.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "audit/record.h"
#include "backup/folder_files.h"
#include "base/json.h"
#include "base/whole_file.h"

namespace clary::backup {
namespace {

constexpr std::string_view kSeal = "\n// sha256 ";

std::string whole(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error(file.string() + " cannot be read: no whole snapshot is there");
  return {std::istreambuf_iterator<char>(in), {}};
}

[[noreturn]] void damaged(const std::filesystem::path& file, const std::string& how) {
  throw std::runtime_error(file.string() + " is damaged: " + how);
}

// Paths of a manifest stay inside of its folder.
bool safe(const std::filesystem::path& path) {
  return path.is_relative() && !path.empty() &&
         std::ranges::none_of(path, [](const auto& part) { return part == ".." || part == "/"; });
}

}  // namespace

void write_manifest(const std::filesystem::path& folder, const Manifest& manifest) {
  json::object files;
  for (const auto& [name, hashed] : manifest.files) {
    files[name] = json::object{{"size", hashed.size}, {"sha256", hashed.sha256}};
  }
  std::string text =
      json::serialize(json::object{{"format", manifest.format},
                                   {"program", manifest.program},
                                   {"created", iso8601_ms(manifest.created)},
                                   {"created_ms", manifest.created.time_since_epoch().count()},
                                   {"root_key_fingerprint", manifest.root_key_fingerprint},
                                   {"has_root_key", manifest.has_root_key},
                                   {"files", std::move(files)}});
  const std::string hash = audit::sha256_hex(text);
  text += kSeal;
  text += hash + "\n";
  write_whole_file(folder / "manifest.json", text, 0600);
}

Manifest read_manifest(const std::filesystem::path& folder) {
  const auto file = folder / "manifest.json";
  const std::string text = whole(file);
  const std::size_t seal = text.rfind(kSeal);
  if (seal == std::string::npos) damaged(file, "its end is missing");
  const std::string body = text.substr(0, seal);
  if (text.substr(seal + kSeal.size()) != audit::sha256_hex(body) + "\n") {
    damaged(file, "its hash is another");
  }
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  if (error || !value.is_object()) damaged(file, "it is no JSON");
  const json::object& object = value.get_object();
  Manifest manifest;
  manifest.format = static_cast<int>(find_int(object, "format").value_or(0));
  if (manifest.format > kFormat) {
    throw std::runtime_error(file.string() + " has format " + std::to_string(manifest.format) +
                             ", this program knows " + std::to_string(kFormat) +
                             ": restore it with the version that wrote it or a later one (" +
                             string_or(object, "program") + ")");
  }
  manifest.program = string_or(object, "program");
  manifest.created =
      Timestamp(std::chrono::milliseconds(find_int(object, "created_ms").value_or(0)));
  manifest.root_key_fingerprint = string_or(object, "root_key_fingerprint");
  manifest.has_root_key = find_bool(object, "has_root_key").value_or(false);
  const json::object* files = find_object(object, "files");
  if (files == nullptr) damaged(file, "it names no files");
  for (const auto& [name, entry] : *files) {
    if (!entry.is_object() || !safe(std::string(name))) damaged(file, "it names odd files");
    manifest.files[name] = {
        .size = static_cast<std::uint64_t>(find_int(entry.get_object(), "size").value_or(0)),
        .sha256 = string_or(entry.get_object(), "sha256")};
  }
  return manifest;
}

Hashed write_data_files(const std::filesystem::path& folder, const DataFiles& files) {
  std::string text;
  for (const auto& [name, hashed] : files) {
    text += hashed.sha256 + " " + std::to_string(hashed.size) + " " + name + "\n";
  }
  write_whole_file(folder / "files.txt", text, 0600);
  return {.size = text.size(), .sha256 = audit::sha256_hex(text)};
}

DataFiles read_data_files(const std::filesystem::path& folder) {
  const auto file = folder / "files.txt";
  const std::string text = whole(file);
  DataFiles files;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::size_t first = line.find(' '), second = line.rfind(' ');
    if (first != 64 || second <= first) damaged(file, "a line is no entry");
    Hashed hashed{.size = 0, .sha256 = std::string(line.substr(0, first))};
    const char* end = line.data() + second;
    const auto read = std::from_chars(line.data() + first + 1, end, hashed.size);
    const std::string_view name = line.substr(second + 1);
    if (read.ec != std::errc() || read.ptr != end || !is_data_name(name)) {
      damaged(file, "a line is no entry");
    }
    files.emplace(name, std::move(hashed));
  }
  return files;
}

std::vector<std::filesystem::path> snapshots(const std::filesystem::path& backup) {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(backup / "snapshots", error)) {
    if (entry.is_directory() && entry.path().extension() != ".partial") {
      found.push_back(entry.path());
    }
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace clary::backup
