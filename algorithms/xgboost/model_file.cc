#include "algorithms/xgboost/model_file.h"

#include <cstring>
#include <mutex>

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

// The old binary format can only be read by libxgboost, which then writes UBJSON.
json::value through_library(std::string_view bytes) {
  Booster booster;
  booster.set("nthread", "1");
  if (bytes.starts_with(kConfigOffset)) {
    booster.unserialize(bytes);
  } else {
    booster.load(bytes);
  }
  return parse_ubjson(booster.save_ubjson());
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

struct Model::Fallback {
  std::mutex mutex;
  Booster booster;
};

Model::Model(std::string_view bytes) {
  const json::value document = read_model(bytes);
  try {
    ensemble_ = std::make_unique<Ensemble>(document.get_object());
  } catch (const NotCovered&) {
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
