#include "domain/tuning/encoder.h"

#include <algorithm>
#include <numbers>

namespace clary::tuning {

using Eigen::Index;

Encoder::Encoder(const Space& space, std::size_t tasks) : space_(&space), tasks_(tasks) {
  const auto add = [&](std::uint64_t features, bool warped) {
    for (std::uint64_t f = 0; f < features; ++f) {
      layout_.scale_of.push_back(layout_.scales);
      layout_.warp_of.push_back(warped ? layout_.warps : -1);
    }
    layout_.scales += 1;
    layout_.warps += warped ? 1 : 0;
  };
  for (std::size_t i = 0; i < space.size(); ++i) {
    first_.push_back(layout_.features());
    // A warping needs some values to be seen at; with a few, the length scale says all.
    const std::uint64_t values = space.values_of(i);
    if (space.categorical(i)) {
      add(values, false);
    } else {
      add(1, values == 0 || values > 4);
    }
  }
  first_.push_back(layout_.features());
  if (tasks > 1) {
    layout_.task_scale = layout_.scales;
    add(tasks, false);
  }
}

void Encoder::encode(const std::vector<double>& unit, std::size_t task,
                     Eigen::Ref<Eigen::RowVectorXd> row) const {
  constexpr double kApart = 1 / std::numbers::sqrt2;
  row.setZero();
  for (std::size_t i = 0; i < space_->size(); ++i) {
    if (space_->categorical(i)) {
      const Index count = first_[i + 1] - first_[i];
      const auto which = static_cast<Index>(unit[i] * static_cast<double>(count));
      row[first_[i] + std::clamp<Index>(which, 0, count - 1)] = kApart;
    } else {
      row[first_[i]] = unit[i];
    }
  }
  if (tasks_ > 1) row[first_.back() + static_cast<Index>(task)] = kApart;
}

Eigen::MatrixXd Encoder::encode(const std::vector<std::vector<double>>& units,
                                std::size_t task) const {
  Eigen::MatrixXd points(static_cast<Index>(units.size()), layout_.features());
  Eigen::RowVectorXd row(layout_.features());
  for (std::size_t i = 0; i < units.size(); ++i) {
    encode(units[i], task, row);
    points.row(static_cast<Index>(i)) = row;
  }
  return points;
}

}  // namespace clary::tuning
