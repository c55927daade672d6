#include "agent/input_objects.h"

#include <filesystem>
#include <string_view>

#include "base/json.h"
#include "base/text.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kManifestBytes = 256 << 20;

std::string read_manifest(S3Client& client, const InputSpec& input) {
  std::string text;
  client.get(parse_s3_uri(input.s3_uri), [&](std::string_view bytes) {
    if (text.size() + bytes.size() > kManifestBytes) {
      throw InputError("the manifest " + input.s3_uri +
                       " is too large; split it into several inputs of at most 256 MB");
    }
    text.append(bytes);
  });
  return text;
}

InputError bad_manifest(const InputSpec& input, const std::string& why) {
  return InputError(
      "the manifest " + input.s3_uri + " of channel \"" + input.name + "\" " + why +
      R"(; it is to look like [{"prefix": "s3://bucket/path/"}, "a.csv", "b/c.csv"])");
}

std::vector<InputObject> of_prefix(S3Client& client, const InputSpec& input) {
  const S3Location where = parse_s3_uri(input.s3_uri);
  std::vector<InputObject> objects;
  for (const S3Object& object : client.list(where.bucket, where.key)) {
    const std::string path = path_below(where.key, object.key);
    if (path.empty()) continue;
    objects.push_back({{where.bucket, object.key}, object.etag, path, object.size});
  }
  if (objects.empty() && !input.optional) {
    throw InputError("no S3 objects were found under \"" + input.s3_uri +
                     "\", the data of channel \"" + input.name +
                     "\"; check the bucket, the prefix, and that the job's role may list it");
  }
  return objects;
}

ManifestPiece piece_of(const json::value& value, const std::string& name) {
  const json::string* text = value.if_string();
  if (name.ends_with("-ref")) {
    if (text == nullptr) throw std::invalid_argument("is no string");
    return {parse_s3_uri(std::string(*text)), ""};
  }
  return {std::nullopt, text != nullptr ? std::string(*text) : json::serialize(value)};
}

}  // namespace

std::string path_below(const std::string& prefix, const std::string& key) {
  std::string rest = key;
  if (key == prefix) {
    rest = key.substr(key.rfind('/') + 1);
  } else if (key.starts_with(prefix)) {
    const bool whole = prefix.empty() || prefix.ends_with('/') || key[prefix.size()] == '/';
    rest = key.substr(whole ? prefix.size() : prefix.rfind('/') + 1);
  }
  if (rest.empty() || rest.ends_with('/')) return "";
  fs::path path;
  for (const fs::path& part : fs::path(rest)) {
    if (part == "..")
      throw InputError("the object key \"" + key + "\" leads out of its folder; rename the object");
    if (part == "/" || part == "." || part.empty()) continue;
    path /= part;
  }
  return path.string();
}

std::vector<InputObject> input_objects(S3Client& client, const InputSpec& input) {
  if (input.source == InputSpec::Source::kManifest) {
    return objects_of_manifest(read_manifest(client, input), input);
  }
  if (input.source == InputSpec::Source::kPrefix) return of_prefix(client, input);
  const S3Location where = parse_s3_uri(input.s3_uri);
  return {{where, "", path_below(where.key, where.key), 0}};
}

std::vector<ManifestLine> manifest_lines(S3Client& client, const InputSpec& input) {
  return lines_of_manifest(read_manifest(client, input), input);
}

// [{"prefix": "s3://bucket/path/"}, "a.csv", "b/c.csv"]: CreateTrainingJob's S3DataSource describes
// it under S3Uri.
std::vector<InputObject> objects_of_manifest(std::string_view text, const InputSpec& input) {
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  const json::array* entries = error ? nullptr : value.if_array();
  if (entries == nullptr || entries->empty()) throw bad_manifest(input, "is not a JSON array");
  const json::object* first = entries->front().if_object();
  const std::string prefix = first == nullptr ? "" : string_or(*first, "prefix");
  if (prefix.empty()) {
    throw bad_manifest(input, "does not begin with {\"prefix\": \"s3://...\"}");
  }
  const S3Location base = parse_s3_uri(prefix);
  std::vector<InputObject> objects;
  for (std::size_t i = 1; i < entries->size(); ++i) {
    const json::string* key = (*entries)[i].if_string();
    if (key == nullptr) {
      throw bad_manifest(input, "has an element " + std::to_string(i) + " that is no string");
    }
    const std::string relative(*key);
    const std::string path = path_below("", relative);
    if (path.empty()) throw bad_manifest(input, "names the folder \"" + relative + "\"");
    objects.push_back({{base.bucket, base.key + relative}, "", path, 0});
  }
  if (objects.empty()) throw bad_manifest(input, "names no objects");
  return objects;
}

// The developer guide, "Augmented Manifest Files for Training Jobs": a JSON object a line; what is
// not among the attributes is ignored.
std::vector<ManifestLine> lines_of_manifest(std::string_view text, const InputSpec& input) {
  std::vector<ManifestLine> lines;
  std::size_t number = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = trim(rest.substr(0, rest.find('\n')));
    rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
    ++number;
    if (line.empty()) continue;
    const std::string place = "line " + std::to_string(number);
    boost::system::error_code error;
    const json::value value = json::parse(line, error);
    const json::object* object = error ? nullptr : value.if_object();
    if (object == nullptr) throw bad_manifest(input, "has no JSON object in " + place);
    ManifestLine& pieces = lines.emplace_back();
    for (const std::string& name : input.attributes) {
      const json::value* const found = object->if_contains(name);
      if (found == nullptr) {
        throw bad_manifest(input, "has no attribute \"" + name + "\" in " + place);
      }
      try {
        pieces.push_back(piece_of(*found, name));
      } catch (const std::invalid_argument& bad) {
        throw bad_manifest(input, "has a bad \"" + name + "\" in " + place + ": " + bad.what());
      }
    }
  }
  if (lines.empty()) throw bad_manifest(input, "has no lines");
  return lines;
}

}  // namespace clary::agent
