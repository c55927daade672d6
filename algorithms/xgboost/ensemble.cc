#include "algorithms/xgboost/ensemble.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "algorithms/xgboost/ubjson.h"

namespace clary::algorithms::xgboost {
namespace {

constexpr std::uint32_t kMissingGoesLeft = 1U << 31;
constexpr std::uint32_t kFeatureMask = kMissingGoesLeft - 1;
constexpr std::size_t kMaxFeatures = std::size_t{1} << 31;
constexpr std::size_t kMaxGroups = 1 << 20;

[[noreturn]] void malformed(const std::string& what) {
  throw ModelFormatError("the model is malformed: " + what);
}

const json::object& object_at(const json::object& object, std::string_view name) {
  const json::object* found = find_object(object, name);
  if (found == nullptr) malformed("no object '" + std::string(name) + "'");
  return *found;
}

const json::array& array_at(const json::object& object, std::string_view name) {
  const json::array* found = find_array(object, name);
  if (found == nullptr) malformed("no array '" + std::string(name) + "'");
  return *found;
}

double number(const json::value& value) {
  if (const double* real = value.if_double()) return *real;
  if (const std::int64_t* whole = value.if_int64()) return static_cast<double>(*whole);
  if (const std::uint64_t* whole = value.if_uint64()) return static_cast<double>(*whole);
  if (const bool* truth = value.if_bool()) return *truth ? 1 : 0;
  malformed("a number is missing");
}

std::int64_t whole(const json::value& value) {
  const double real = number(value);
  if (!(std::fabs(real) < 1e15)) malformed("a number is out of range");
  return static_cast<std::int64_t>(real);
}

// Parameters are numbers written as strings.
std::int64_t parameter(const json::object& object, std::string_view name, std::int64_t fallback) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return fallback;
  if (const auto* text = value->if_string()) return std::strtoll(text->c_str(), nullptr, 10);
  return whole(*value);
}

}  // namespace

struct Ensemble::TreeArrays {
  const json::array& left;
  const json::array& right;
  const json::array& feature;
  const json::array& condition;
  const json::array& missing_left;

  explicit TreeArrays(const json::object& tree)
      : left(array_at(tree, "left_children")),
        right(array_at(tree, "right_children")),
        feature(array_at(tree, "split_indices")),
        condition(array_at(tree, "split_conditions")),
        missing_left(array_at(tree, "default_left")) {
    const std::size_t size = left.size();
    if (size == 0 || right.size() != size || feature.size() != size || condition.size() != size ||
        missing_left.size() != size) {
      malformed("the arrays of a tree differ in length");
    }
  }
  std::size_t size() const { return left.size(); }
};

Ensemble::Ensemble(const json::object& model) {
  const json::object& learner = object_at(model, "learner");
  const json::object& parameters = object_at(learner, "learner_model_param");
  features_ = static_cast<std::size_t>(parameter(parameters, "num_feature", 0));
  const std::int64_t classes = parameter(parameters, "num_class", 0);
  const std::int64_t targets = parameter(parameters, "num_target", 1);
  groups_ = static_cast<std::size_t>(std::max<std::int64_t>({1, classes, targets}));
  if (features_ > kMaxFeatures || groups_ > kMaxGroups) malformed("num_feature or num_class");

  read_objective(learner);
  const json::array* version = find_array(model, "version");
  // From 1.0 to 1.2 binary:logitraw took its base score for a probability, else for a margin.
  const bool before_1_3 = version != nullptr && version->size() > 1 && whole((*version)[0]) == 1 &&
                          whole((*version)[1]) < 3;
  const bool logit =
      transform_ == Transform::kLogistic || (before_1_3 && objective_ == "binary:logitraw");
  read_base_score(parameters, logit);
  const json::object& booster = object_at(learner, "gradient_booster");
  const std::string name = string_or(booster, "name");
  if (name == "gblinear") {
    read_linear(booster);
    return;
  }
  dart_ = name == "dart";
  if (!dart_ && name != "gbtree") malformed("unknown booster '" + name + "'");
  read_trees(learner, dart_);
}

void Ensemble::read_objective(const json::object& learner) {
  objective_ = string_or(object_at(learner, "objective"), "name");
  if (objective_ == "reg:logistic" || objective_ == "binary:logistic") {
    transform_ = Transform::kLogistic;
  } else if (objective_ == "binary:hinge") {
    transform_ = Transform::kHinge;
  } else if (objective_ == "multi:softmax") {
    transform_ = Transform::kSoftmax;
  } else if (objective_ == "multi:softprob") {
    transform_ = Transform::kSoftprob;
  } else if (objective_ == "count:poisson" || objective_ == "reg:gamma" ||
             objective_ == "reg:tweedie" || objective_ == "survival:cox" ||
             objective_ == "survival:aft") {
    transform_ = Transform::kExponential;
  }
}

// The base score is kept as a prediction; trees add to its margin. XGBoost 3.1 writes one per
// output ("[1.5E0,2E0]"), those before a single number ("5E-1").
void Ensemble::read_base_score(const json::object& parameters, bool logit) {
  std::string text = string_or(parameters, "base_score", "0.5");
  std::vector<float> scores;
  const char* at = text.c_str();
  if (*at == '[') ++at;
  while (*at != 0 && *at != ']') {
    char* end = nullptr;
    scores.push_back(std::strtof(at, &end));
    if (end == at) malformed("base_score '" + text + "'");
    at = *end == ',' ? end + 1 : end;
  }
  if (scores.empty()) scores.push_back(0.5F);
  if (scores.size() == 1) scores.resize(groups_, scores.front());
  if (scores.size() != groups_) malformed("base_score '" + text + "'");
  for (const float score : scores) {
    float margin = score;
    if (logit) {
      margin = -std::log(1.0F / score - 1.0F);
    } else if (transform_ == Transform::kExponential) {
      margin = std::log(score);
    }
    base_margins_.push_back(margin);
  }
}

// A model that early stopping left with more rounds than its best one is used up to the best, as
// SageMaker's containers do.
std::size_t Ensemble::used_trees(const json::object& learner, const json::object& model,
                                 std::size_t count) const {
  const json::object* attributes = find_object(learner, "attributes");
  if (attributes == nullptr || !attributes->contains("best_iteration")) return count;
  const std::int64_t rounds = parameter(*attributes, "best_iteration", -1) + 1;
  const json::object* parameters = find_object(model, "gbtree_model_param");
  const std::int64_t parallel =
      parameters == nullptr
          ? 1
          : std::max<std::int64_t>(1, parameter(*parameters, "num_parallel_tree", 1));
  if (rounds <= 0 || rounds > static_cast<std::int64_t>(count) ||
      parallel > static_cast<std::int64_t>(count)) {
    return count;
  }
  const auto used = static_cast<std::size_t>(rounds * parallel) * groups_;
  return std::min(used, count);
}

void Ensemble::read_trees(const json::object& learner, bool dart) {
  const json::object& booster = object_at(learner, "gradient_booster");
  const json::object& model = object_at(dart ? object_at(booster, "gbtree") : booster, "model");
  const json::array& trees = array_at(model, "trees");
  const json::array& groups = array_at(model, "tree_info");
  const json::array* drops = dart ? &array_at(booster, "weight_drop") : nullptr;
  if (groups.size() != trees.size() || (drops != nullptr && drops->size() != trees.size())) {
    malformed("tree_info or weight_drop differs in length from trees");
  }
  const std::size_t used = used_trees(learner, model, trees.size());
  trees_.reserve(used);
  for (std::size_t i = 0; i < used; ++i) {
    const std::int64_t group = whole(groups[i]);
    if (group < 0 || group >= static_cast<std::int64_t>(groups_)) malformed("tree_info");
    if (!trees[i].is_object()) malformed("a tree is no object");
    read_tree(trees[i].get_object(), static_cast<std::uint32_t>(group),
              drops == nullptr ? 1.0F : static_cast<float>(number((*drops)[i])));
  }
}

// The sets of a tree's categorical splits; `set_of` names each node's set.
void Ensemble::read_categories(const json::object& tree, const TreeArrays& arrays,
                               std::vector<std::uint32_t>& set_of) {
  const json::array* nodes = find_array(tree, "categories_nodes");
  if (nodes == nullptr || nodes->empty()) return;
  const json::array& values = array_at(tree, "categories");
  const json::array& segments = array_at(tree, "categories_segments");
  const json::array& sizes = array_at(tree, "categories_sizes");
  if (segments.size() != nodes->size() || sizes.size() != nodes->size()) malformed("categories");
  for (std::size_t i = 0; i < nodes->size(); ++i) {
    const std::int64_t node = whole((*nodes)[i]);
    const std::int64_t begin = whole(segments[i]);
    const std::int64_t size = whole(sizes[i]);
    if (node < 0 || node >= static_cast<std::int64_t>(arrays.size()) || begin < 0 || size < 0 ||
        begin + size > static_cast<std::int64_t>(values.size())) {
      malformed("categories");
    }
    std::vector<std::uint64_t> bits;
    for (std::int64_t at = begin; at < begin + size; ++at) {
      const std::int64_t category = whole(values[static_cast<std::size_t>(at)]);
      if (category < 0 || category > (1 << 24)) malformed("a category");
      const auto word = static_cast<std::size_t>(category) / 64;
      if (bits.size() <= word) bits.resize(word + 1);
      bits[word] |= std::uint64_t{1} << (category % 64);
    }
    category_sets_.push_back(std::move(bits));
    set_of[static_cast<std::size_t>(node)] = static_cast<std::uint32_t>(category_sets_.size());
  }
}

void Ensemble::read_tree(const json::object& tree, std::uint32_t group, float weight) {
  const json::object* parameters = find_object(tree, "tree_param");
  if (parameters != nullptr && parameter(*parameters, "size_leaf_vector", 1) > 1) {
    throw NotCovered("trees with vector leaves");
  }
  const TreeArrays arrays(tree);
  std::vector<std::uint32_t> set_of(arrays.size(), 0);
  read_categories(tree, arrays, set_of);

  // Breadth first, so that siblings are neighbours. Every node is reached at most once: a broken
  // model cannot loop.
  const auto base = static_cast<std::uint32_t>(nodes_.size());
  std::vector<std::int64_t> order{0};
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto from = static_cast<std::size_t>(order[i]);
    const std::int64_t left = whole(arrays.left[from]);
    const std::int64_t right = whole(arrays.right[from]);
    Node node{static_cast<float>(number(arrays.condition[from])), 0, 0, 0};
    if (left >= 0) {
      const auto size = static_cast<std::int64_t>(arrays.size());
      if (left >= size || right < 0 || right >= size || order.size() + 2 > arrays.size()) {
        malformed("a child of a tree's node");
      }
      const std::int64_t feature = whole(arrays.feature[from]);
      if (feature < 0 || feature >= static_cast<std::int64_t>(features_)) malformed("a feature");
      node.feature = static_cast<std::uint32_t>(feature) |
                     (number(arrays.missing_left[from]) != 0 ? kMissingGoesLeft : 0);
      node.left = base + static_cast<std::uint32_t>(order.size());
      node.categories = set_of[from];
      order.push_back(left);
      order.push_back(right);
    }
    nodes_.push_back(node);
  }
  trees_.push_back({base, group, weight});
}

void Ensemble::read_linear(const json::object& booster) {
  const json::array& weights = array_at(object_at(booster, "model"), "weights");
  if (weights.size() != (features_ + 1) * groups_) malformed("the weights of a linear model");
  weights_.reserve(weights.size());
  for (const json::value& weight : weights) weights_.push_back(static_cast<float>(number(weight)));
}

bool Ensemble::goes_left(const Node& node, float value) const {
  if (node.categories == 0) return value < node.value;
  const std::vector<std::uint64_t>& bits = category_sets_[node.categories - 1];
  // What is no category of the set goes left, numbers that are no category too.
  if (!(value >= 0) || value >= static_cast<float>(bits.size() * 64)) return true;
  const auto category = static_cast<std::size_t>(value);
  return ((bits[category / 64] >> (category % 64)) & 1) == 0;
}

float Ensemble::leaf_value(const Tree& tree, const float* row) const {
  const Node* nodes = nodes_.data();
  const Node* node = nodes + tree.root;
  while (node->left != 0) {
    const float value = row[node->feature & kFeatureMask];
    const bool left =
        std::isnan(value) ? (node->feature & kMissingGoesLeft) != 0 : goes_left(*node, value);
    node = nodes + node->left + (left ? 0 : 1);
  }
  return node->value;
}

void Ensemble::predict(const float* row, float* out) const {
  std::copy(base_margins_.begin(), base_margins_.end(), out);
  if (!weights_.empty()) {
    for (std::size_t group = 0; group < groups_; ++group) {
      float sum = weights_[features_ * groups_ + group] + out[group];
      for (std::size_t i = 0; i < features_; ++i) {
        if (!std::isnan(row[i])) sum += row[i] * weights_[i * groups_ + group];
      }
      out[group] = sum;
    }
  } else if (dart_) {
    for (const Tree& tree : trees_) out[tree.group] += leaf_value(tree, row) * tree.weight;
  } else {
    for (const Tree& tree : trees_) out[tree.group] += leaf_value(tree, row);
  }
  transform(out);
}

void Ensemble::transform(float* margins) const {
  switch (transform_) {
    case Transform::kIdentity:
      return;
    case Transform::kLogistic:
      for (std::size_t i = 0; i < groups_; ++i) {
        // libxgboost's own guard against overflow of exp().
        margins[i] = 1.0F / (std::exp(std::min(-margins[i], 88.7F)) + 1.0F + 1e-16F);
      }
      return;
    case Transform::kExponential:
      for (std::size_t i = 0; i < groups_; ++i) margins[i] = std::exp(margins[i]);
      return;
    case Transform::kHinge:
      for (std::size_t i = 0; i < groups_; ++i) margins[i] = margins[i] > 0 ? 1.0F : 0.0F;
      return;
    case Transform::kSoftmax:
      margins[0] = static_cast<float>(std::max_element(margins, margins + groups_) - margins);
      return;
    case Transform::kSoftprob: {
      const float largest = *std::max_element(margins, margins + groups_);
      double sum = 0;
      for (std::size_t i = 0; i < groups_; ++i) {
        margins[i] = std::exp(margins[i] - largest);
        sum += static_cast<double>(margins[i]);
      }
      for (std::size_t i = 0; i < groups_; ++i) margins[i] /= static_cast<float>(sum);
      return;
    }
  }
}

}  // namespace clary::algorithms::xgboost
