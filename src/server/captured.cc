#include "server/captured.h"

#include <algorithm>

#include "audit/event_text.h"
#include "base/text.h"
#include "wire/utf8.h"

namespace clary::server {
namespace {

using audit::append_json_string;

void member(std::string& line, std::string_view name, std::string_view value) {
  line.append(1, '"').append(name).append("\":");
  append_json_string(line, value);
}

void append_data(std::string& line, const engine::CapturePlan& plan, std::string_view mode,
                 std::string_view content_type, std::string_view data) {
  line += '{';
  if (!content_type.empty()) {
    member(line, "observedContentType", content_type);
    line += ',';
  }
  member(line, "mode", mode);
  const std::string_view encoding = capture_encoding(plan, content_type, data);
  line += ',';
  member(line, "data", encoding == "BASE64" ? std::string_view(base64(data)) : data);
  line += ',';
  member(line, "encoding", encoding);
  line += '}';
}

bool is_one_of(const std::vector<std::string>& types, std::string_view content_type) {
  const std::string type = to_lower(trim(content_type.substr(0, content_type.find(';'))));
  return std::ranges::find(types, type) != types.end();
}

}  // namespace

std::string_view capture_encoding(const engine::CapturePlan& plan, std::string_view content_type,
                                  std::string_view data) {
  const bool csv = is_one_of(plan.csv_types, content_type);
  if (!csv && !is_one_of(plan.json_types, content_type)) return "BASE64";
  if (!wire::valid_utf8(data)) return "BASE64";
  return csv ? "CSV" : "JSON";
}

std::string capture_line(const engine::CapturePlan& plan, const CapturedInvocation& invocation) {
  std::string line = R"({"captureData":{)";
  if (plan.input) {
    line += R"("endpointInput":)";
    append_data(line, plan, "INPUT", invocation.input_type, invocation.input);
  }
  if (plan.output) {
    line += plan.input ? R"(,"endpointOutput":)" : R"("endpointOutput":)";
    append_data(line, plan, "OUTPUT", invocation.output_type, invocation.output);
  }
  line += R"(},"eventMetadata":{)";
  member(line, "eventId", invocation.event_id);
  if (!invocation.inference_id.empty()) {
    line += ',';
    member(line, "inferenceId", invocation.inference_id);
  }
  if (!invocation.custom_attributes.empty()) {
    line += R"(,"customAttributes":[)";
    append_json_string(line, invocation.custom_attributes);
    line += ']';
  }
  line += ',';
  member(line, "inferenceTime", iso8601(invocation.time));
  line += "},\"eventVersion\":\"0\"}\n";
  return line;
}

std::string capture_key(const engine::CapturePlan& plan, Timestamp first, std::string_view uuid) {
  const std::string at = iso8601_ms(first);  // 2026-11-22T20:28:40.123Z
  const auto part = [&](std::size_t from, std::size_t size) { return at.substr(from, size); };
  const std::string prefix = plan.prefix.empty() ? "" : plan.prefix + "/";
  return prefix + plan.endpoint + "/" + plan.variant + "/" + part(0, 4) + "/" + part(5, 2) + "/" +
         part(8, 2) + "/" + part(11, 2) + "/" + part(14, 2) + "-" + part(17, 2) + "-" +
         part(20, 3) + "-" + std::string(uuid) + ".jsonl";
}

}  // namespace clary::server
