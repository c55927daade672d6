#include "cli/tune_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/job_view.h"

namespace clary::cli {
namespace {

constexpr std::size_t kBarWidth = 30, kNarrowest = 40;

std::optional<Timestamp> time_at(const json::object& object, std::string_view member) {
  const auto seconds = find_double(object, member);
  return seconds ? std::optional(from_epoch_seconds(*seconds)) : std::nullopt;
}

Evaluation evaluation_of(const json::object& job) {
  Evaluation evaluation;
  evaluation.name = string_or(job, "TrainingJobName");
  evaluation.status = string_or(job, "TrainingJobStatus");
  evaluation.definition = string_or(job, "TrainingJobDefinitionName");
  evaluation.ended = time_at(job, "TrainingEndTime");
  if (const json::object* tuned = find_object(job, "TunedHyperParameters")) {
    for (const auto& [name, value] : *tuned) evaluation.tuned[name] = value.as_string();
  }
  if (const json::object* metric =
          find_object(job, "FinalHyperParameterTuningJobObjectiveMetric")) {
    evaluation.objective = find_double(*metric, "Value");
  }
  return evaluation;
}

std::string bar(double share, std::size_t width) {
  const auto full =
      static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(width) + 0.5);
  return std::string(full, '#') + std::string(width - full, '.');
}

// The course of the best value as a line of digits 0 (its first value) to 9 (its last).
std::string course(const std::vector<double>& best, std::size_t width) {
  if (best.empty()) return "";
  const double from = best.front(), to = best.back();
  std::string line;
  const std::size_t points = std::min(width, best.size());
  for (std::size_t i = 0; i < points; ++i) {
    const double value = best[points == 1 ? 0 : i * (best.size() - 1) / (points - 1)];
    const double share = to == from ? 1 : (value - from) / (to - from);
    line += static_cast<char>('0' + std::clamp(static_cast<int>(share * 9 + 0.5), 0, 9));
  }
  return line;
}

std::string cut(std::string line, const Terminal& terminal) {
  if (terminal.width > 0 && line.size() > terminal.width) line.resize(terminal.width);
  return line;
}

}  // namespace

const Evaluation* TuneView::best() const {
  const Evaluation* found = nullptr;
  for (const Evaluation& evaluation : evaluations) {
    if (!evaluation.objective) continue;
    const bool better = found == nullptr || (maximize ? *evaluation.objective > *found->objective
                                                      : *evaluation.objective < *found->objective);
    if (better) found = &evaluation;
  }
  return found;
}

std::size_t TuneView::count(std::string_view wanted_status) const {
  return static_cast<std::size_t>(
      std::ranges::count(evaluations, wanted_status, &Evaluation::status));
}

std::vector<double> TuneView::best_so_far() const {
  std::vector<const Evaluation*> valued;
  for (const Evaluation& evaluation : evaluations) {
    if (evaluation.objective) valued.push_back(&evaluation);
  }
  std::ranges::sort(valued, {}, [](const Evaluation* e) { return std::pair(e->ended, e->name); });
  std::vector<double> best;
  for (const Evaluation* evaluation : valued) {
    const double value = *evaluation->objective;
    best.push_back(best.empty()
                       ? value
                       : (maximize ? std::max(best.back(), value) : std::min(best.back(), value)));
  }
  return best;
}

TuneView tune_view(const json::object& description, const json::array& jobs,
                   const std::map<std::string, double>& importance) {
  TuneView view;
  view.name = string_or(description, "HyperParameterTuningJobName");
  view.status = string_or(description, "HyperParameterTuningJobStatus");
  view.failure = string_or(description, "FailureReason");
  view.created = time_at(description, "CreationTime").value_or(Timestamp{});
  view.ended = time_at(description, "HyperParameterTuningEndTime");
  const json::object& config = description.at("HyperParameterTuningJobConfig").as_object();
  view.strategy = string_or(config, "Strategy");
  if (const json::object* limits = find_object(config, "ResourceLimits")) {
    view.wanted = find_int(*limits, "MaxNumberOfTrainingJobs").value_or(0);
  }
  const json::object* objective = find_object(config, "HyperParameterTuningJobObjective");
  if (const json::array* several = find_array(description, "TrainingJobDefinitions")) {
    objective = find_object(several->at(0).as_object(), "TuningObjective");
  }
  if (objective != nullptr) {
    view.metric = string_or(*objective, "MetricName");
    view.maximize = string_or(*objective, "Type") == "Maximize";
  }
  for (const json::value& job : jobs) view.evaluations.push_back(evaluation_of(job.as_object()));
  std::ranges::sort(view.evaluations, {}, &Evaluation::name);
  view.importance.assign(importance.begin(), importance.end());
  std::ranges::sort(view.importance, [](const auto& a, const auto& b) {
    return std::tie(b.second, a.first) < std::tie(a.second, b.first);
  });
  return view;
}

std::string chosen_text(const Evaluation& evaluation) {
  std::string text;
  for (const auto& [name, value] : evaluation.tuned) {
    text += (text.empty() ? "" : " ") + name + "=" + value;
  }
  return printable(text);
}

std::string number_text(double value) {
  return fmt::format("{:.6g}", value);
}

std::vector<std::string> drawn(const TuneView& view, const Terminal& terminal, Timestamp now) {
  const std::size_t done = view.count("Completed") + view.count("Failed") + view.count("Stopped");
  const std::size_t all =
      std::max(done, view.wanted > 0 ? static_cast<std::size_t>(view.wanted) : done);
  const std::size_t width = terminal.width == 0
                                ? kBarWidth
                                : std::min(kBarWidth, std::max(terminal.width, kNarrowest) - 30);
  std::vector<std::string> lines;
  const auto add = [&](Tone tone, std::string line) {
    lines.push_back(toned(terminal, tone, cut(std::move(line), terminal)));
  };
  add(tone_of(view.status),
      fmt::format("{}  {}  {}  {} {}  {}", printable(view.name), view.status, view.strategy,
                  view.maximize ? "maximize" : "minimize", printable(view.metric),
                  duration_text(view.ended.value_or(now) - view.created)));
  const double share = all == 0 ? 0 : static_cast<double>(done) / static_cast<double>(all);
  std::string progress = fmt::format("[{}] {} of {}", bar(share, width), done,
                                     view.wanted > 0 ? std::to_string(view.wanted) : "?");
  progress += fmt::format(", {} running", view.evaluations.size() - done);
  if (view.count("Stopped") > 0) progress += fmt::format(", {} stopped", view.count("Stopped"));
  if (view.count("Failed") > 0) progress += fmt::format(", {} failed", view.count("Failed"));
  add(Tone::kPlain, progress);
  if (const Evaluation* best = view.best()) {
    add(Tone::kGood, fmt::format("best {}  {}  {}", number_text(*best->objective),
                                 printable(best->name), chosen_text(*best)));
    const auto course_of = view.best_so_far();
    add(Tone::kFaint,
        fmt::format("from {}  {}", number_text(course_of.front()), course(course_of, width)));
  }
  std::size_t longest = 0;
  for (const auto& [name, part] : view.importance) longest = std::max(longest, name.size());
  if (!view.importance.empty()) add(Tone::kPlain, "importance");
  for (const auto& [name, part] : view.importance) {
    add(Tone::kPlain, fmt::format("  {:<{}}  {} {:3.0f} %", printable(name), longest,
                                  bar(part, width), part * 100));
  }
  if (!view.failure.empty()) add(Tone::kBad, printable(view.failure));
  return lines;
}

}  // namespace clary::cli
