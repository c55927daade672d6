#include "algorithms/xgboost/model_file.h"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "algorithms/container/hyperparameters.h"
#include "algorithms/xgboost/pickle.h"
#include "algorithms/xgboost/ubjson.h"

namespace clary::algorithms::xgboost {
namespace {

constexpr std::string_view kConfigOffset = "CONFIG-offset:";

json::value parse_json(std::string_view bytes) {
  boost::system::error_code error;
  json::value value = json::parse(bytes, error);
  if (error) throw ModelFormatError("JSON: " + error.message());
  return value;
}

bool is_document(ModelFormat format) {
  return format == ModelFormat::kJson || format == ModelFormat::kUbjson;
}

json::value parse_document(std::string_view bytes, ModelFormat format) {
  return format == ModelFormat::kJson ? parse_json(bytes) : parse_ubjson(bytes);
}

// The version in the parameters that begin the old binary format: after base score, features,
// classes and two flags. Zero before 1.0.
json::array binary_version(std::string_view bytes) {
  if (bytes.starts_with("binf")) bytes.remove_prefix(4);
  std::uint32_t version[2] = {0, 0};
  if (bytes.size() >= 28) std::memcpy(version, bytes.data() + 20, sizeof version);
  return {version[0], version[1], 0};
}

// Reading a model from before 1.0, libxgboost 3.0 exponentiates the base score of binary:hinge,
// which never was a margin; the file's own first number is right.
void restore_base_score(std::string_view bytes, json::object& document) {
  if (bytes.starts_with("binf")) bytes.remove_prefix(4);
  const json::value& objective = document["learner"].at("objective").at("name");
  const bool old = document["version"].at(0).to_number<int>() == 0;
  if (!old || objective != "binary:hinge" || bytes.size() < sizeof(float)) return;
  float score = 0;
  std::memcpy(&score, bytes.data(), sizeof score);
  document["learner"].at("learner_model_param").as_object()["base_score"] = std::to_string(score);
}

// The old binary format can only be read by libxgboost, which then writes UBJSON.
json::value through_library(std::string_view bytes) {
  Booster booster;
  booster.set("nthread", "1");
  // A serialised Booster: that mark, the length of the model, the model, its configuration.
  std::string_view model = bytes;
  if (bytes.starts_with(kConfigOffset)) {
    booster.unserialize(bytes);
    model.remove_prefix(std::min(bytes.size(), kConfigOffset.size() + sizeof(std::int64_t)));
  } else {
    booster.load(bytes);
  }
  json::value document = parse_ubjson(booster.save_ubjson());
  json::object& object = document.as_object();
  object["version"] = binary_version(model);
  restore_base_score(model, object);
  return document;
}

}  // namespace

ModelFormat detect_format(std::string_view bytes) {
  if (bytes.starts_with('\x80')) return ModelFormat::kPickle;
  if (!bytes.starts_with('{')) return ModelFormat::kBinary;
  const auto next = bytes.find_first_not_of(" \t\r\n", 1);
  const bool json = next != bytes.npos && (bytes[next] == '"' || bytes[next] == '}');
  return json ? ModelFormat::kJson : ModelFormat::kUbjson;
}

json::value read_model(std::string_view bytes) {
  std::string held;
  if (detect_format(bytes) == ModelFormat::kPickle) {
    held = booster_in_pickle(bytes);
    bytes = held;
  }
  const ModelFormat format = detect_format(bytes);
  if (!is_document(format)) return through_library(bytes);
  json::value value = parse_document(bytes, format);
  if (!value.is_object()) throw ModelFormatError("the model is no JSON object");
  // A serialised Booster: model and configuration side by side.
  if (json::object* inner = value.get_object().contains("Model")
                                ? value.get_object()["Model"].if_object()
                                : nullptr) {
    json::object model = std::move(*inner);
    return model;
  }
  return value;
}

namespace {

// libxgboost before 3.1 reads 3.1's vector base score ("[5E-1]") as 0 without a word: one number is
// written as one, and several are refused.
void flatten_base_score(json::object& model) {
  json::value& score = model["learner"].at("learner_model_param").at("base_score");
  std::string text(score.as_string());
  if (!text.starts_with('[')) return;
  text = text.substr(1, text.find(']') - 1);
  const std::vector<std::string> scores = split_words(text);
  const bool alike = std::ranges::all_of(scores, [&](const auto& s) { return s == scores[0]; });
  if (!alike) throw ModelFormatError("a base score for each target and vector leaves together");
  score = scores[0];
}

}  // namespace

struct Model::Fallback {
  std::mutex mutex;
  Booster booster;
};

Model::Model(std::string_view bytes) {
  json::value document = read_model(bytes);
  try {
    ensemble_ = std::make_unique<Ensemble>(document.get_object());
  } catch (const NotCovered&) {
    flatten_base_score(document.as_object());
    fallback_ = std::make_shared<Fallback>();
    fallback_->booster.load(json::serialize(document));
    fallback_->booster.set("nthread", "1");
    const json::value config = parse_json(fallback_->booster.config());
    objective_ = json::value_to<std::string>(config.at_pointer("/learner/objective/name"));
    features_ = fallback_->booster.features();
    return;
  }
  features_ = ensemble_->features();
  groups_ = ensemble_->groups();
  outputs_ = ensemble_->outputs();
  objective_ = ensemble_->objective();
}

void Model::predict(const Table& rows, std::vector<float>& out) const {
  if (ensemble_ != nullptr) {
    predict_native(rows, out);
    return;
  }
  const std::lock_guard lock(fallback_->mutex);
  const DMatrix matrix(rows, 1);
  out = fallback_->booster.predict(matrix, Output::kTransformed).values;
}

void Model::predict_native(const Table& rows, std::vector<float>& out) const {
  // groups() values are written for a row before they shrink to outputs().
  out.resize(rows.rows * outputs_ + groups_);
  std::vector<float> scratch;
  const bool direct = !rows.sparse && rows.columns >= features_;
  if (!direct) scratch.assign(features_, kMissing);
  for (std::size_t i = 0; i < rows.rows; ++i) {
    const float* row = scratch.data();
    if (direct) {
      row = rows.dense.data() + i * rows.columns;
    } else if (!rows.sparse) {
      std::memcpy(scratch.data(), rows.dense.data() + i * rows.columns,
                  rows.columns * sizeof(float));
    } else {
      for (auto at = rows.row_starts[i]; at < rows.row_starts[i + 1]; ++at) {
        if (rows.column_of[at] < features_) scratch[rows.column_of[at]] = rows.values[at];
      }
    }
    ensemble_->predict(row, out.data() + i * outputs_);
    if (!rows.sparse) continue;
    for (auto at = rows.row_starts[i]; at < rows.row_starts[i + 1]; ++at) {
      if (rows.column_of[at] < features_) scratch[rows.column_of[at]] = kMissing;
    }
  }
  out.resize(rows.rows * outputs_);
}

}  // namespace clary::algorithms::xgboost
