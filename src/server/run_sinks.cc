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

// The stream of a line; the mark of a part that has one of its own goes off the line.
std::string stream_of(const engine::JobSpec& spec, std::string& line) {
  for (const std::string& part : spec.log_parts) {
    const std::string mark = "[" + part + "] ";
    if (!line.starts_with(mark)) continue;
    line.erase(0, mark.size());
    return spec.log_stream.substr(0, spec.log_stream.rfind('/') + 1) + part;
  }
  return spec.log_stream;
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
                std::map<std::string, std::vector<store::LogEvent>> streams;
                for (store::LogEvent& event : events) {
                  const std::string stream = stream_of(spec, event.message);
                  streams[stream].push_back(std::move(event));
                }
                for (const auto& [stream, lines] : streams) {
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
