#include "base/job_spec.h"

#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace clary {
namespace {

template <class Enum>
using Names = std::array<std::pair<Enum, std::string_view>, 3>;

constexpr std::array<std::pair<InputSpec::Source, std::string_view>, 4> kSources{
    {{InputSpec::Source::kPrefix, "prefix"},
     {InputSpec::Source::kManifest, "manifest"},
     {InputSpec::Source::kObject, "object"},
     {InputSpec::Source::kAugmentedManifest, "augmented-manifest"}}};
constexpr Names<Launch> kLaunches{{{Launch::kNativeAlgorithm, "native"},
                                   {Launch::kEnvironment, "environment"},
                                   {Launch::kImage, "image"}}};
constexpr std::array<std::pair<OutputSpec::Form, std::string_view>, 2> kForms{
    {{OutputSpec::Form::kTarGz, "tar.gz"}, {OutputSpec::Form::kFiles, "files"}}};
constexpr Names<JobSpec::Mode> kModes{{{JobSpec::Mode::kRunToEnd, "run"},
                                       {JobSpec::Mode::kServe, "serve"},
                                       {JobSpec::Mode::kTransform, "transform"}}};
constexpr std::array<std::pair<TransformSpec::Split, std::string_view>, 4> kSplits{
    {{TransformSpec::Split::kNone, "none"},
     {TransformSpec::Split::kLine, "line"},
     {TransformSpec::Split::kRecordIo, "recordio"},
     {TransformSpec::Split::kTfRecord, "tfrecord"}}};
constexpr Names<TransformSpec::Strategy> kStrategies{
    {{TransformSpec::Strategy::kUnset, "unset"},
     {TransformSpec::Strategy::kSingleRecord, "single"},
     {TransformSpec::Strategy::kMultiRecord, "multi"}}};

template <class Table, class Enum>
std::string_view name_of(const Table& table, Enum value) {
  for (const auto& [candidate, name] : table) {
    if (candidate == value) return name;
  }
  return {};
}

[[noreturn]] void damaged(std::string_view member) {
  throw std::invalid_argument("job spec: \"" + std::string(member) + "\" is damaged");
}

template <class Table>
auto value_of(const Table& table, const json::object& object, std::string_view member) {
  const std::string text = string_or(object, member);
  for (const auto& [value, name] : table) {
    if (name == text) return value;
  }
  damaged(member);
}

json::object text_map(const std::map<std::string, std::string>& map) {
  json::object object;
  for (const auto& [key, value] : map) object[key] = value;
  return object;
}

std::map<std::string, std::string> text_map(const json::object& object, std::string_view member) {
  std::map<std::string, std::string> map;
  const json::object* members = find_object(object, member);
  if (members == nullptr) return map;
  for (const auto& [key, value] : *members) {
    if (!value.is_string()) damaged(member);
    map.emplace(key, value.get_string());
  }
  return map;
}

json::object to_json(const OutputSpec& output) {
  return {{"local_path", output.local_path},
          {"s3_uri", output.s3_uri},
          {"form", name_of(kForms, output.form)},
          {"only_if_not_empty", output.only_if_not_empty},
          {"kms_key", output.kms_key},
          {"continuous", output.continuous},
          {"only_on_success", output.only_on_success}};
}

OutputSpec output_from_json(const json::object& object) {
  OutputSpec output;
  output.local_path = string_or(object, "local_path");
  output.s3_uri = string_or(object, "s3_uri");
  output.form = value_of(kForms, object, "form");
  output.only_if_not_empty = find_bool(object, "only_if_not_empty").value_or(false);
  output.kms_key = string_or(object, "kms_key");
  output.continuous = find_bool(object, "continuous").value_or(false);
  output.only_on_success = find_bool(object, "only_on_success").value_or(false);
  return output;
}

template <class Item, class Convert>
json::array array_of(const std::vector<Item>& items, Convert convert) {
  json::array array;
  for (const Item& item : items) array.emplace_back(convert(item));
  return array;
}

template <class Convert>
auto vector_of(const json::object& object, std::string_view member, Convert convert) {
  std::vector<decltype(convert(std::declval<const json::object&>()))> items;
  const json::array* array = find_array(object, member);
  if (array == nullptr) return items;
  for (const json::value& value : *array) {
    if (!value.is_object()) damaged(member);
    items.push_back(convert(value.get_object()));
  }
  return items;
}

json::array words(const std::vector<std::string>& list) {
  return array_of(list, [](const std::string& word) { return word; });
}

std::vector<std::string> words(const json::object& object, std::string_view member) {
  std::vector<std::string> list;
  const json::array* array = find_array(object, member);
  if (array == nullptr) return list;
  for (const json::value& word : *array) {
    if (!word.is_string()) damaged(member);
    list.emplace_back(word.get_string());
  }
  return list;
}

json::object to_json(const MountSpec& mount) {
  return {{"host", mount.host}, {"path", mount.path}};
}

MountSpec mount_from_json(const json::object& object) {
  return {.host = string_or(object, "host"), .path = string_or(object, "path")};
}

json::object to_json(const PythonSpec& python) {
  return {{"name", python.name},
          {"interpreter", python.interpreter},
          {"framework", python.framework},
          {"version", python.version},
          {"base", python.base},
          {"sites", words(python.sites)},
          {"folders", words(python.folders)},
          {"variables", text_map(python.variables)}};
}

PythonSpec python_from_json(const json::object& object) {
  return {.name = string_or(object, "name"),
          .interpreter = string_or(object, "interpreter"),
          .framework = string_or(object, "framework"),
          .version = string_or(object, "version"),
          .base = string_or(object, "base"),
          .sites = words(object, "sites"),
          .folders = words(object, "folders"),
          .variables = text_map(object, "variables")};
}

json::object to_json(const InputSpec& input) {
  json::object object{{"name", input.name},
                      {"local_path", input.local_path},
                      {"s3_uri", input.s3_uri},
                      {"source", name_of(kSources, input.source)},
                      {"sharded", input.sharded},
                      {"gzip", input.gzip},
                      {"extract_tar", input.extract_tar},
                      {"optional", input.optional},
                      {"share_index", input.share.index},
                      {"share_count", input.share.count}};
  if (input.pipe) {
    object["pipe"] = true;
    object["record_io"] = input.record_io;
    if (input.shuffle_seed) object["shuffle_seed"] = *input.shuffle_seed;
    object["attributes"] = words(input.attributes);
  }
  return object;
}

InputSpec input_from_json(const json::object& object) {
  InputSpec input;
  input.name = string_or(object, "name");
  input.local_path = string_or(object, "local_path");
  input.s3_uri = string_or(object, "s3_uri");
  input.source = value_of(kSources, object, "source");
  input.sharded = find_bool(object, "sharded").value_or(false);
  input.gzip = find_bool(object, "gzip").value_or(false);
  input.extract_tar = find_bool(object, "extract_tar").value_or(false);
  input.optional = find_bool(object, "optional").value_or(false);
  input.share = {static_cast<int>(find_int(object, "share_index").value_or(0)),
                 static_cast<int>(find_int(object, "share_count").value_or(0))};
  input.pipe = find_bool(object, "pipe").value_or(false);
  input.record_io = find_bool(object, "record_io").value_or(false);
  if (const json::value* seed = object.if_contains("shuffle_seed"); seed && seed->is_number()) {
    input.shuffle_seed = seed->to_number<std::uint64_t>();
  }
  input.attributes = words(object, "attributes");
  return input;
}

json::object to_json(const TransformSpec& transform) {
  json::object object{{"input", to_json(transform.input)},
                      {"split", name_of(kSplits, transform.split)},
                      {"content_type", transform.content_type},
                      {"accept", transform.accept},
                      {"output_uri", transform.output_uri},
                      {"kms_key", transform.kms_key},
                      {"assemble_lines", transform.assemble_lines},
                      {"strategy", name_of(kStrategies, transform.strategy)},
                      {"max_concurrent", transform.max_concurrent},
                      {"timeout", transform.timeout.count()},
                      {"retries", transform.retries},
                      {"input_filter", transform.input_filter},
                      {"output_filter", transform.output_filter},
                      {"join_input", transform.join_input}};
  if (transform.max_payload_mb) object["max_payload_mb"] = *transform.max_payload_mb;
  if (const auto& capture = transform.capture) {
    object["capture"] = {{"uri", capture->uri},
                         {"kms_key", capture->kms_key},
                         {"inference_id", capture->inference_id}};
  }
  return object;
}

TransformSpec transform_from_json(const json::object& object) {
  TransformSpec transform;
  const json::object* input = find_object(object, "input");
  if (input == nullptr) damaged("transform");
  transform.input = input_from_json(*input);
  transform.split = value_of(kSplits, object, "split");
  transform.content_type = string_or(object, "content_type");
  transform.accept = string_or(object, "accept");
  transform.output_uri = string_or(object, "output_uri");
  transform.kms_key = string_or(object, "kms_key");
  transform.assemble_lines = find_bool(object, "assemble_lines").value_or(false);
  transform.strategy = value_of(kStrategies, object, "strategy");
  transform.max_payload_mb = find_int(object, "max_payload_mb");
  transform.max_concurrent = find_int(object, "max_concurrent").value_or(0);
  transform.timeout = std::chrono::seconds(find_int(object, "timeout").value_or(600));
  transform.retries = static_cast<int>(find_int(object, "retries").value_or(3));
  transform.input_filter = string_or(object, "input_filter", "$");
  transform.output_filter = string_or(object, "output_filter", "$");
  transform.join_input = find_bool(object, "join_input").value_or(false);
  if (const json::object* capture = find_object(object, "capture")) {
    transform.capture = {.uri = string_or(*capture, "uri"),
                         .kms_key = string_or(*capture, "kms_key"),
                         .inference_id = find_bool(*capture, "inference_id").value_or(false)};
  }
  return transform;
}

json::object to_json(const Limits& limits) {
  return {{"memory_bytes", limits.memory_bytes},     {"cpus", limits.cpus},
          {"volume_bytes", limits.volume_bytes},     {"max_runtime", limits.max_runtime.count()},
          {"term_grace", limits.term_grace.count()}, {"gpus", limits.gpus}};
}

Limits limits_from_json(const json::object& spec) {
  const json::object* object = find_object(spec, "limits");
  if (object == nullptr) damaged("limits");
  Limits limits;
  limits.memory_bytes = static_cast<std::uint64_t>(find_int(*object, "memory_bytes").value_or(0));
  limits.cpus = find_double(*object, "cpus").value_or(0);
  limits.volume_bytes = static_cast<std::uint64_t>(find_int(*object, "volume_bytes").value_or(0));
  limits.max_runtime = std::chrono::seconds(find_int(*object, "max_runtime").value_or(86400));
  limits.term_grace = std::chrono::seconds(find_int(*object, "term_grace").value_or(120));
  limits.gpus = static_cast<unsigned>(find_int(*object, "gpus").value_or(0));
  return limits;
}

}  // namespace

json::object to_json(const JobSpec& spec) {
  json::object config_files;
  for (const auto& [name, value] : spec.config_files) config_files[name] = value;
  json::object object{
      {"id", spec.id},
      {"kind", spec.kind},
      {"account", spec.account},
      {"region", spec.region},
      {"name", spec.name},
      {"arn", spec.arn},
      {"mode", name_of(kModes, spec.mode)},
      {"launch", name_of(kLaunches, spec.launch)},
      {"image", spec.image},
      {"command", words(spec.command)},
      {"entrypoint", words(spec.entrypoint)},
      {"python", to_json(spec.python)},
      {"environment", text_map(spec.environment)},
      {"config_files", std::move(config_files)},
      {"inputs", array_of(spec.inputs, [](const InputSpec& input) { return to_json(input); })},
      {"volume_key", spec.volume_key},
      {"outputs", array_of(spec.outputs, [](const OutputSpec& output) { return to_json(output); })},
      {"metrics", array_of(spec.metrics,
                           [](const MetricPattern& metric) {
                             return json::object{{"name", metric.name}, {"regex", metric.regex}};
                           })},
      {"limits", to_json(spec.limits)},
      {"network", spec.network},
      {"instance_index", spec.instance_index},
      {"instance_count", spec.instance_count},
      {"log_group", spec.log_group},
      {"log_stream", spec.log_stream},
      {"log_parts", words(spec.log_parts)},
      {"metric_namespace", spec.metric_namespace},
      {"metric_dimensions", text_map(spec.metric_dimensions)},
      {"gang", spec.gang},
      {"peers", array_of(spec.peers,
                         [](const Peer& peer) {
                           return json::object{{"host", peer.host}, {"address", peer.address}};
                         })},
      {"exit_message", spec.exit_message},
      {"user", spec.user},
      {"priority", spec.priority},
      {"spot", spec.spot},
      {"instance_type", spec.instance_type},
      {"private_traffic", spec.private_traffic},
      {"keeps_place", spec.keeps_place},
      {"takes_place_of", spec.takes_place_of},
      {"mounts", array_of(spec.mounts, [](const MountSpec& mount) { return to_json(mount); })},
      {"health_path", spec.health_path},
      {"unhealthy_pings", spec.unhealthy_pings},
      {"start_attempts", spec.start_attempts},
  };
  if (spec.transform) object["transform"] = to_json(*spec.transform);
  return object;
}

JobSpec job_spec_from_json(const json::object& object) {
  JobSpec spec;
  spec.id = string_or(object, "id");
  if (spec.id.empty()) damaged("id");
  spec.kind = string_or(object, "kind");
  spec.account = string_or(object, "account");
  spec.region = string_or(object, "region");
  spec.name = string_or(object, "name");
  spec.arn = string_or(object, "arn");
  spec.mode = value_of(kModes, object, "mode");
  spec.launch = value_of(kLaunches, object, "launch");
  spec.image = string_or(object, "image");
  spec.command = words(object, "command");
  spec.entrypoint = words(object, "entrypoint");
  if (const json::object* python = find_object(object, "python")) {
    spec.python = python_from_json(*python);
  }
  spec.environment = text_map(object, "environment");
  if (const json::object* files = find_object(object, "config_files")) {
    for (const auto& [name, value] : *files) spec.config_files.emplace(name, value);
  }
  spec.inputs = vector_of(object, "inputs", input_from_json);
  spec.outputs = vector_of(object, "outputs", output_from_json);
  spec.volume_key = string_or(object, "volume_key");
  spec.metrics = vector_of(object, "metrics", [](const json::object& metric) {
    return MetricPattern{string_or(metric, "name"), string_or(metric, "regex")};
  });
  spec.limits = limits_from_json(object);
  spec.network = find_bool(object, "network").value_or(false);
  spec.instance_index = static_cast<int>(find_int(object, "instance_index").value_or(0));
  spec.instance_count = static_cast<int>(find_int(object, "instance_count").value_or(1));
  spec.log_group = string_or(object, "log_group");
  spec.log_stream = string_or(object, "log_stream");
  spec.log_parts = words(object, "log_parts");
  spec.metric_namespace = string_or(object, "metric_namespace");
  spec.metric_dimensions = text_map(object, "metric_dimensions");
  spec.gang = string_or(object, "gang");
  spec.peers = vector_of(object, "peers", [](const json::object& peer) {
    return Peer{string_or(peer, "host"), string_or(peer, "address")};
  });
  if (const json::object* transform = find_object(object, "transform")) {
    spec.transform = transform_from_json(*transform);
  }
  spec.exit_message = find_bool(object, "exit_message").value_or(false);
  spec.user = string_or(object, "user");
  spec.priority = static_cast<int>(find_int(object, "priority").value_or(0));
  spec.spot = find_bool(object, "spot").value_or(false);
  spec.instance_type = string_or(object, "instance_type");
  spec.keeps_place = find_bool(object, "keeps_place").value_or(false);
  spec.takes_place_of = string_or(object, "takes_place_of");
  spec.private_traffic = find_bool(object, "private_traffic").value_or(false);
  spec.mounts = vector_of(object, "mounts", mount_from_json);
  if (const auto path = find_string(object, "health_path")) spec.health_path = *path;
  spec.unhealthy_pings =
      static_cast<int>(find_int(object, "unhealthy_pings").value_or(spec.unhealthy_pings));
  spec.start_attempts =
      static_cast<int>(find_int(object, "start_attempts").value_or(spec.start_attempts));
  return spec;
}

std::string host_of_instance(int index) {
  return "algo-" + std::to_string(index + 1);
}

}  // namespace clary
