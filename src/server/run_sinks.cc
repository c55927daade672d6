#include "server/run_sinks.h"

namespace clary::server {
namespace {

// What a job measures of itself has its own dimensions; what its instance uses, the instance's.
store::MetricId metric_id(const engine::JobSpec& spec, const engine::FinalMetric& metric) {
  store::MetricId id{.account = spec.account,
                     .region = spec.region,
                     .metric_namespace = spec.metric_namespace,
                     .name = metric.name,
                     .dimensions = spec.metric_dimensions};
  if (metric.resource && spec.mode != engine::JobSpec::Mode::kServe) {
    id.dimensions = {{"Host", spec.name + "/" + host_of_instance(spec.instance_index)}};
  }
  return id;
}

// The lines by stream, in their order.
std::map<std::string, std::vector<store::LogEvent>> by_stream(const engine::JobSpec& spec,
                                                              std::vector<store::LogEvent> events) {
  std::map<std::string, std::vector<store::LogEvent>> streams;
  const std::string beside = spec.log_stream.substr(0, spec.log_stream.rfind('/') + 1);
  for (store::LogEvent& event : events) {
    const std::string* stream = &spec.log_stream;
    std::string of_part;
    for (const std::string& part : spec.log_parts) {
      const std::string mark = "[" + part + "] ";
      if (!event.message.starts_with(mark)) continue;
      event.message.erase(0, mark.size());
      of_part = beside + part;
      stream = &of_part;
      break;
    }
    streams[*stream].push_back(std::move(event));
  }
  return streams;
}

}  // namespace

engine::RunSinks run_sinks(store::LogEvents& logs, store::MetricPoints& metrics,
                           keys::Sealer& sealer) {
  return {.logs =
              [&logs](store::Connection& connection, const engine::JobSpec& spec,
                      std::vector<store::LogEvent> events) {
                const store::LogScope group{
                    .account = spec.account, .region = spec.region, .group = spec.log_group};
                if (spec.log_parts.empty()) {
                  return logs.append_within(connection, group, spec.log_stream, events);
                }
                for (const auto& [stream, lines] : by_stream(spec, std::move(events))) {
                  logs.append_within(connection, group, stream, lines);
                }
              },
          .metrics =
              [&metrics](store::Connection& connection, const engine::JobSpec& spec,
                         const std::vector<engine::FinalMetric>& values) {
                std::map<store::MetricId, std::vector<store::MetricPoint>> all;
                for (const engine::FinalMetric& value : values) {
                  store::MetricPoint point{.time = value.time,
                                           .sum = value.value,
                                           .minimum = value.value,
                                           .maximum = value.value};
                  if (!value.unit.empty()) point.unit = value.unit;
                  all[metric_id(spec, value)].push_back(std::move(point));
                }
                for (const auto& [id, points] : all) {
                  metrics.append_within(connection, id, points);
                }
              },
          .seal = [&sealer](std::string_view text,
                            std::string_view id) { return sealer.seal("runs", text, id); },
          .open = [&sealer](std::string_view sealed,
                            std::string_view id) { return sealer.open("runs", sealed, id); }};
}

}  // namespace clary::server
