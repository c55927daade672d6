// The search as a program that is asked and told, for bench/tuning/run.py. One JSON object a line:
//   {"space": [...], "seed": 1, "method": "bayesian"}  begins a search, answers {}
//   {"ask": N}              answers {"point": {...}, "seconds": S}, which is pending from then on,
//                           unless "forget" stands beside it
//   {"load": [{"point": {...}, "value": V}, ...]} makes known what nobody asked for; answers {}
//   {"min_resource": A, "max_resource": B, "jobs": [{"values": [...], "running": true}, ...]}
//                           answers {"stop": [...]}, what Hyperband decides; needs no search
//   {"tell": N, "value": V} V null: the evaluation failed; answers {}
#include <chrono>
#include <iostream>
#include <map>
#include <string>

#include "base/json.h"
#include "domain/tuning/bayesian.h"
#include "domain/tuning/hyperband.h"
#include "domain/tuning/random_search.h"

namespace clary::tuning {
namespace {

Parameter parameter_of(const json::object& declared) {
  std::string name(declared.at("name").as_string());
  const auto& type = declared.at("type").as_string();
  if (type == "Categorical") {
    Categorical range;
    for (const auto& value : declared.at("values").as_array()) {
      range.values.emplace_back(value.as_string());
    }
    return {std::move(name), std::move(range)};
  }
  const auto scaling = *scaling_from_text(declared.at("scaling").as_string());
  if (type == "Integer") {
    return {std::move(name), Integer{declared.at("min").to_number<std::int64_t>(),
                                     declared.at("max").to_number<std::int64_t>(), scaling}};
  }
  return {std::move(name), Continuous{declared.at("min").to_number<double>(),
                                      declared.at("max").to_number<double>(), scaling}};
}

struct Search {
  Space space;
  std::uint64_t seed;
  std::string method;
  History history;
  std::map<std::uint64_t, Point> pending;

  Point next(std::uint64_t index) {
    history.pending.clear();
    for (const auto& [number, point] : pending) history.pending.push_back(point);
    return method == "random" ? random_point(space, seed, index)
                              : suggest(space, history, seed, index);
  }

  json::object ask(std::uint64_t index, bool keep) {
    const auto began = std::chrono::steady_clock::now();
    Point point = next(index);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    json::object values;
    for (std::size_t i = 0; i < space.size(); ++i) {
      std::visit([&](const auto& value) { values[space.parameters()[i].name] = value; }, point[i]);
    }
    if (keep) pending.emplace(index, std::move(point));
    return {{"point", values}, {"seconds", took.count()}};
  }

  json::object load(const json::array& rows) {
    for (const auto& row : rows) {
      Point point;
      for (const Parameter& parameter : space.parameters()) {
        const auto& value = row.at("point").at(parameter.name);
        if (value.is_string()) {
          point.emplace_back(std::string(value.as_string()));
        } else if (std::holds_alternative<Integer>(parameter.range)) {
          point.emplace_back(value.to_number<std::int64_t>());
        } else {
          point.emplace_back(value.to_number<double>());
        }
      }
      history.observations.push_back({std::move(point), row.at("value").to_number<double>()});
    }
    return {};
  }

  json::object tell(std::uint64_t index, const json::value& value) {
    const auto found = pending.find(index);
    Observation seen{found->second};
    if (value.is_null()) {
      seen.outcome = Outcome::kFailed;
    } else {
      seen.objective = value.to_number<double>();
    }
    history.observations.push_back(std::move(seen));
    pending.erase(found);
    return {};
  }
};

Search made(const json::object& line) {
  std::vector<Parameter> parameters;
  for (const auto& declared : line.at("space").as_array()) {
    parameters.push_back(parameter_of(declared.as_object()));
  }
  return {*Space::make(std::move(parameters)),
          line.at("seed").to_number<std::uint64_t>(),
          std::string(line.at("method").as_string()),
          {},
          {}};
}

json::object halved(const json::object& line) {
  std::vector<Curve> jobs;
  for (const auto& job : line.at("jobs").as_array()) {
    Curve curve{{}, job.at("running").as_bool()};
    for (const auto& value : job.at("values").as_array()) {
      curve.values.push_back(value.to_number<double>());
    }
    jobs.push_back(std::move(curve));
  }
  const HyperbandSettings settings{line.at("min_resource").to_number<std::uint64_t>(),
                                   line.at("max_resource").to_number<std::uint64_t>()};
  json::array stop;
  for (const bool now : jobs_to_stop(settings, jobs)) stop.emplace_back(now);
  return {{"stop", stop}};
}

void run() {
  std::optional<Search> search;
  for (std::string text; std::getline(std::cin, text);) {
    const json::value parsed = json::parse(text);
    const json::object& line = parsed.as_object();
    json::object answer;
    if (line.contains("space")) {
      search.emplace(made(line));
    } else if (line.contains("ask")) {
      answer = search->ask(line.at("ask").to_number<std::uint64_t>(), !line.contains("forget"));
    } else if (line.contains("load")) {
      answer = search->load(line.at("load").as_array());
    } else if (line.contains("jobs")) {
      answer = halved(line);
    } else {
      answer = search->tell(line.at("tell").to_number<std::uint64_t>(), line.at("value"));
    }
    std::cout << json::serialize(answer) << std::endl;
  }
}

}  // namespace
}  // namespace clary::tuning

int main() {
  clary::tuning::run();
}
