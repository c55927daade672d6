// Reading what any XGBoost saved: JSON, UBJSON, the old binary format, pickled Boosters.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "algorithms/xgboost/ensemble.h"
#include "algorithms/xgboost/library.h"

namespace clary::algorithms::xgboost {

enum class ModelFormat { kJson, kUbjson, kBinary, kPickle };

// By its first bytes. Never throws: what is nothing else counts as the old binary format.
ModelFormat detect_format(std::string_view bytes);

// The model as the document that JSON and UBJSON hold. The old binary format and what pickles hold
// go through libxgboost (which is loaded for them alone). Throws ModelFormatError, PickleError,
// XgboostError.
json::value read_model(std::string_view bytes);

// A model that answers. threads: any.
class Model {
 public:
  explicit Model(std::string_view bytes);
  Model(Model&&) = default;

  std::size_t features() const { return features_; }
  std::size_t groups() const { return groups_; }
  std::size_t outputs() const { return outputs_; }
  const std::string& objective() const { return objective_; }
  bool is_native() const { return ensemble_ != nullptr; }

  // outputs() predictions a row into `out`. Rows of a dense table that are narrower than the model
  // are filled with missing values; columns beyond it are ignored. Throws XgboostError (not when
  // native).
  void predict(const Table& rows, std::vector<float>& out) const;

 private:
  struct Fallback;  // a libxgboost booster behind a mutex
  void predict_native(const Table& rows, std::vector<float>& out) const;

  std::unique_ptr<Ensemble> ensemble_;
  std::shared_ptr<Fallback> fallback_;
  std::size_t features_ = 0;
  std::size_t groups_ = 1;
  std::size_t outputs_ = 1;
  std::string objective_;
};

}  // namespace clary::algorithms::xgboost
